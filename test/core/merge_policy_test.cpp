#include "core/merge_policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace namedex::core {
namespace {

using Positions = std::vector<std::size_t>;

std::vector<SegmentSize> Of(std::initializer_list<std::uint64_t> rows) {
    std::vector<SegmentSize> segments;
    for (const std::uint64_t n : rows) {
        segments.push_back({n, 0});
    }
    return segments;
}

TEST(MergePolicy, LeavesFewSegmentsAlone) {
    EXPECT_EQ(ChooseMerge({}), Positions{});
    EXPECT_EQ(ChooseMerge(Of({10})), Positions{});
    EXPECT_EQ(ChooseMerge(Of({10, 20, 30})), Positions{});
    EXPECT_EQ(ChooseMerge(Of({10, 20, 30, 100000, 200000, 230000})), Positions{});
}

TEST(MergePolicy, MergesAFullTierWithAllThatIsSmaller) {
    EXPECT_EQ(ChooseMerge(Of({40, 30, 20, 10, 100000})), (Positions{3, 2, 1, 0}));
    EXPECT_EQ(ChooseMerge(Of({100000, 5, 200000, 150000, 120000, 9000000})),
              (Positions{1, 0, 4, 3, 2}));
}

TEST(MergePolicy, LeavesAFullTierThatIsMuchOfTheIndex) {
    EXPECT_EQ(ChooseMerge(Of({40, 30, 20, 10})), Positions{});
    EXPECT_EQ(ChooseMerge(Of({40000, 30000, 20000, 10000, 290000})), Positions{});
    EXPECT_EQ(ChooseMerge(Of({40000, 30000, 20000, 10000, 300000})).size(), std::size_t{4});
    // unless there are too many
    EXPECT_EQ(ChooseMerge(Of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})).size(), std::size_t{11});
}

TEST(MergePolicy, SegmentsWithoutLiveRowsGoFirst) {
    EXPECT_EQ(ChooseMerge({{100, 100}, {50, 0}}), Positions{0});
    EXPECT_EQ(ChooseMerge({{1, 0}, {2, 0}, {3, 0}, {4, 0}, {9, 9}}), Positions{4});
}

TEST(MergePolicy, WritesASegmentWithManyDeadRowsAnew) {
    EXPECT_EQ(ChooseMerge({{1000, 249}, {5000, 0}}), Positions{});
    EXPECT_EQ(ChooseMerge({{1000, 250}, {5000, 0}}), Positions{0});
    // 1 may stand for a number that is not known yet
    EXPECT_EQ(ChooseMerge({{4, 1}}), Positions{});
}

TEST(MergePolicy, NeverMoreThanKMostSegmentsStay) {
    const std::vector<SegmentSize> segments = Of({1, 2, 3, 70000, 80000, 90000, 300000, 400000,
                                                  500000, 2000000, 9000000});
    ASSERT_GT(segments.size(), kMostSegments);
    EXPECT_EQ(ChooseMerge(segments), (Positions{0, 1, 2}));
}

// Flushes of random sizes: few segments at any time, each row rewritten a logarithmic number of
// times, and merging comes to an end.
TEST(MergePolicy, SteadyLoad) {
    std::mt19937_64 random(7);
    for (const std::uint64_t flush : {2000, 60000, 130000, 225000}) {
        std::vector<SegmentSize> segments;
        std::uint64_t written = 0;
        std::uint64_t inserted = 0;
        for (int n = 0; n < 3000; ++n) {
            const std::uint64_t rows = flush / 2 + random() % flush;
            inserted += rows;
            segments.push_back({rows, 0});
            ASSERT_LE(segments.size(), kMostSegments + 1);
            int merges = 0;
            for (Positions chosen = ChooseMerge(segments); !chosen.empty();
                 chosen = ChooseMerge(segments)) {
                ASSERT_LT(++merges, 20);
                std::sort(chosen.rbegin(), chosen.rend());
                SegmentSize merged{0, 0};
                for (const std::size_t i : chosen) {
                    merged.rows += segments[i].rows - segments[i].dead;
                    segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(i));
                }
                written += merged.rows;
                segments.push_back(merged);
            }
        }
        EXPECT_LT(static_cast<double>(written) / static_cast<double>(inserted), 12.0) << flush;
    }
}

}  // namespace
}  // namespace namedex::core
