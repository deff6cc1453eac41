// ReadAhead: runs are found among others, asked for once, and never beyond the end.

#include "core/read_ahead.hpp"

#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace namedex::core {
namespace {

TEST(ReadAhead, AsksForWhatFollowsARun) {
    ReadAhead ahead;
    EXPECT_EQ(ahead.Advance(10, 1000, 16).end, 0u);
    EXPECT_EQ(ahead.Advance(11, 1000, 16).end, 0u);
    const ReadAhead::Range first = ahead.Advance(12, 1000, 16);
    EXPECT_EQ(first.begin, 13u);
    EXPECT_EQ(first.end, 29u);
    // nothing before half of it is read
    for (std::uint32_t page = 13; page < 20; ++page) {
        EXPECT_EQ(ahead.Advance(page, 1000, 16).end, 0u) << page;
    }
    const ReadAhead::Range second = ahead.Advance(20, 1000, 16);
    EXPECT_EQ(second.begin, 29u);
    EXPECT_EQ(second.end, 37u);
}

TEST(ReadAhead, SeveralRunsSideBySideAndNoneForJumps) {
    ReadAhead ahead;
    std::mt19937 random(1);
    std::set<std::uint32_t> asked[3];
    for (std::uint32_t step = 0; step < 500; ++step) {
        for (std::uint32_t run = 0; run < 3; ++run) {
            const ReadAhead::Range range = ahead.Advance(run * 1000 + step, 4000, 32);
            for (std::uint32_t page = range.begin; page < range.end; ++page) {
                EXPECT_GT(page, run * 1000 + step);
                EXPECT_LE(page, run * 1000 + step + 32);
                EXPECT_TRUE(asked[run].insert(page).second) << "asked twice for " << page;
            }
        }
        // far apart: no run
        EXPECT_EQ(ahead.Advance(3000 + random() % 500 * 2, 4000, 32).end, 0u);
    }
    for (const std::set<std::uint32_t>& pages : asked) {
        EXPECT_GE(pages.size(), 496u);
    }
}

TEST(ReadAhead, EndsWithTheSegmentAndWithoutADistance) {
    ReadAhead ahead;
    std::uint32_t last = 0;
    for (std::uint32_t page = 0; page < 100; ++page) {
        const ReadAhead::Range range = ahead.Advance(page, 100, 64);
        EXPECT_LE(range.end, 100u);
        last = std::max(last, range.end);
    }
    EXPECT_EQ(last, 100u);
    for (std::uint32_t page = 0; page < 100; ++page) {
        EXPECT_EQ(ahead.Advance(200 + page, 1000, 0).end, 0u);
    }
}

}  // namespace
}  // namespace namedex::core
