// What SetSearch spends. What it finds is compared with the naive twin in segment_query_test.cpp.

#include "core/set_search.hpp"

#include <string>

#include <gtest/gtest.h>

#include "reference/random_table.hpp"

namespace namedex::core {
namespace {

using namespace reference;

constexpr std::uint32_t kRows = 3000;
constexpr std::uint32_t kMembers = 500;

// Row i is "f<i mod 50> m<i>".
NaiveTable TwoWords() {
    NaiveTable table;
    NaiveColumn column;
    for (std::uint32_t row = 0; row < kRows; ++row) {
        const std::string text = "f" + std::to_string(row % 50) + " m" + std::to_string(row);
        column.values.push_back({false, text, text});
        column.rows.push_back(row);
        table.tids.push_back({row / 50, static_cast<std::uint16_t>(row % 50 + 1)});
    }
    table.columns.push_back(std::move(column));
    return table;
}

// Searches for "<first><n> m%" for each n.
void Search(const std::string& first, std::uint64_t& compared, std::uint64_t& candidates) {
    const RuleFolder folder(RuleFolder::Rules::kPlain);
    MemoryPages pages;
    BuildSegment(TwoWords(), folder, {}, pages);
    SegmentReader segment(pages, pages.page_count(), std::pmr::get_default_resource());
    for (const Operator op : {Operator::kLike, Operator::kILike}) {
        PatternSet set(op);
        for (std::uint32_t n = 0; n < kMembers; ++n) {
            ASSERT_TRUE(set.Add(first + std::to_string(n) + " m%", folder.encoding));
        }
        set.Finish();
        SetSearch search(set, segment.column(0), folder, kRows, std::pmr::get_default_resource(),
                         nullptr);
        TermRows exact(kRows, std::pmr::get_default_resource());
        SetSearch::Result result(kRows, std::pmr::get_default_resource());
        search.Find(exact, result);
        EXPECT_EQ(exact.total(), 0u);
        compared = search.compared();
        candidates = result.candidates.total();
        for (const std::vector<TermRows>& terms : result.intersections) {
            candidates += terms[0].total();
        }
    }
}

TEST(SetSearch, HoldsAWordAgainstASharedOneOnce) {
    std::uint64_t compared = 0;
    std::uint64_t candidates = 0;
    // Their first words are not there.
    Search("g", compared, candidates);
    EXPECT_EQ(compared, kRows);
    EXPECT_EQ(candidates, 0u);
    // 50 of them are there, and the candidates are those words' rows.
    Search("f", compared, candidates);
    EXPECT_LE(compared, 2 * (kRows + 50));
    EXPECT_EQ(candidates, kRows);
}

}  // namespace
}  // namespace namedex::core
