// FoundTerms: what it gives out is what a search anew finds, and a term that is asked for again is
// not searched for again.

#include "core/found_terms.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/segment_query.hpp"
#include "reference/random_table.hpp"

namespace namedex::core {
namespace {

using namespace reference;

constexpr std::uint32_t kRows = 2000;

// Row i is "f<i mod 50>x m<i>", every third in capitals.
NaiveTable TwoWords() {
    NaiveTable table;
    NaiveColumn column;
    for (std::uint32_t row = 0; row < kRows; ++row) {
        const std::string folded = "f" + std::to_string(row % 50) + "x m" + std::to_string(row);
        const std::string capitals = "F" + std::to_string(row % 50) + "X M" + std::to_string(row);
        column.values.push_back({false, row % 3 == 0 ? capitals : folded, folded});
        column.rows.push_back(row);
        table.tids.push_back({row / 50, static_cast<std::uint16_t>(row % 50 + 1)});
    }
    table.columns.push_back(std::move(column));
    return table;
}

class FoundTermsTest : public testing::Test {
  protected:
    void Build() {
        BuildSegment(TwoWords(), folder_, {}, pages_);
        segment_.emplace(pages_, pages_.page_count(), std::pmr::get_default_resource());
    }
    ColumnReader& column() { return segment_->column(0); }

    // Every term of a pattern's alternatives.
    std::vector<LikePattern::Term> TermsOf(Operator op, const std::string& pattern) const {
        std::vector<LikePattern::Term> terms;
        const LikePattern compiled = LikePattern::Compile(op, pattern, folder_.encoding);
        for (const LikePattern::Alternative& alternative : compiled.alternatives()) {
            terms.insert(terms.end(), alternative.terms.begin(), alternative.terms.end());
        }
        return terms;
    }

    std::vector<RowOrdinal> RowsOf(const TermRows& rows) {
        RowSet set(std::pmr::get_default_resource());
        rows.Evaluate(column().postings(), 0, segment_->row_count(), set, nullptr);
        std::vector<RowOrdinal> found;
        set.ForEach([&](RowOrdinal row) { found.push_back(row); });
        return found;
    }

    std::uint64_t blocks_read() { return column().lexicon().blocks_read(); }

    const RuleFolder folder_{RuleFolder::Rules::kPlain};
    MemoryPages pages_;
    std::optional<SegmentReader> segment_;
};

TEST_F(FoundTermsTest, GivesWhatASearchAnewFinds) {
    Build();
    Random random(1);
    struct Asked {
        Operator op;
        LikePattern::Term term;
    };
    std::vector<Asked> asked;
    // Alike but for the operator, the literal, its place, its classes, or the pattern of a word.
    for (const Operator op : {Operator::kLike, Operator::kILike}) {
        for (const char* pattern :
             {"%1%", "%2%", "1%", "f1%", "f1%x", "%1x", "m1%", "%m1%", "%x m1%", "%1x m%", "f1x",
              "f_x%", "f__x%", "f_x%m%", "f1_%", "%f_x%", "%f__x%", "f%1%x%", "f_1%", "m_1", "%m_1", "%m_2", "%1_%"}) {
            for (const LikePattern::Term& term : TermsOf(op, pattern)) {
                asked.push_back({op, term});
            }
        }
    }
    std::uint64_t again = 0;
    for (int round = 0; round < 3000; ++round) {
        const Asked& a = asked[random.Below(static_cast<std::uint32_t>(asked.size()))];
        const std::uint64_t spared_before = column().found_terms().blocks_spared();
        const std::shared_ptr<const TermRows> rows =
            column().found_terms().Find(folder_, a.op, a.term);
        again += column().found_terms().blocks_spared() > spared_before ? 1 : 0;
        TermRows anew(kRows, std::pmr::get_default_resource());
        anew.Find(column().lexicon(), folder_, a.op, a.term);
        ASSERT_EQ(rows->total(), anew.total());
        ASSERT_EQ(rows->words_found(), anew.words_found());
        ASSERT_EQ(rows->lists_found(), anew.lists_found());
        ASSERT_EQ(RowsOf(*rows), RowsOf(anew));
    }
    EXPECT_GT(again, 500u);
}

TEST_F(FoundTermsTest, DoesNotSearchAgainButCountsIt) {
    Build();
    FoundTerms& found = column().found_terms();
    const LikePattern::Term term = TermsOf(Operator::kILike, "%3x%")[0];
    const std::uint64_t before = blocks_read();
    const std::shared_ptr<const TermRows> rows = found.Find(folder_, Operator::kILike, term);
    const std::uint64_t read = blocks_read() - before;
    ASSERT_GT(read, 0u);
    EXPECT_EQ(found.blocks_spared(), 0u);
    EXPECT_EQ(found.Find(folder_, Operator::kILike, term), rows);
    EXPECT_EQ(blocks_read() - before, read);
    EXPECT_EQ(found.blocks_spared(), read);
    EXPECT_GT(found.words_spared(), 0u);
}

TEST_F(FoundTermsTest, KeepsTheLastFew) {
    Build();
    FoundTerms& found = column().found_terms();
    const auto find = [&](std::size_t n) {
        const LikePattern::Term term = TermsOf(Operator::kILike, "%" + std::to_string(n) + "x%")[0];
        const std::uint64_t before = found.blocks_spared();
        found.Find(folder_, Operator::kILike, term);
        return found.blocks_spared() > before;
    };
    for (std::size_t n = 0; n <= FoundTerms::kMaxKept; ++n) {
        EXPECT_FALSE(find(10 + n));
    }
    for (std::size_t n = 1; n <= FoundTerms::kMaxKept; ++n) {
        EXPECT_TRUE(find(10 + n)) << n;
    }
    EXPECT_FALSE(find(10));
}

TEST_F(FoundTermsTest, KeepsSoManyBytes) {
    // The ordinal of a word of one row takes 4 bytes.
    constexpr std::size_t kMaxBytes = 4000;
    Build();
    FoundTerms found(column().lexicon(), kRows, std::pmr::get_default_resource(), kMaxBytes);
    const auto find = [&](const std::string& pattern) {
        return found.Find(folder_, Operator::kILike, TermsOf(Operator::kILike, pattern)[0]);
    };
    const std::shared_ptr<const TermRows> small = find("%m77%");
    const std::shared_ptr<const TermRows> large = find("%m%");
    EXPECT_EQ(large->total(), kRows);
    ASSERT_GT(large->memory_bytes(), kMaxBytes);
    EXPECT_NE(find("%m%"), large);
    EXPECT_EQ(find("%m77%"), small);
    // So many hundreds as fit.
    std::vector<std::string> patterns;
    for (char digit = '1'; digit <= '9'; ++digit) {
        patterns.push_back(std::string("%m1") + digit + '%');
        find(patterns.back());
    }
    std::size_t kept = 0;
    std::size_t bytes = 0;
    for (auto pattern = patterns.rbegin(); pattern != patterns.rend(); ++pattern) {
        const std::uint64_t before = found.blocks_spared();
        const std::size_t size = find(*pattern)->memory_bytes();
        if (found.blocks_spared() == before) {
            break;
        }
        ++kept;
        bytes += size;
    }
    EXPECT_GT(kept, 1u);
    EXPECT_LT(kept, patterns.size());
    EXPECT_LE(bytes, kMaxBytes);
}

// Whether something was searched for before must not show in a plan's cost, nor in its rows.
TEST_F(FoundTermsTest, AQuerySaysTheSameTheSecondTime) {
    Build();
    const std::vector<const Folder*> folders{&folder_};
    for (const char* pattern : {"%3x%", "f1%", "%x m1%", "f_x%", "f1x m%7"}) {
        std::vector<Condition> conditions(1);
        conditions[0].patterns.push_back(
            LikePattern::Compile(Operator::kILike, pattern, folder_.encoding));
        const SegmentQuery first(*segment_, conditions, folders,
                                 std::pmr::get_default_resource(), nullptr);
        const SegmentQuery second(*segment_, conditions, folders,
                                  std::pmr::get_default_resource(), nullptr);
        EXPECT_EQ(first.blocks_read(), second.blocks_read()) << pattern;
        EXPECT_EQ(first.words_read(), second.words_read()) << pattern;
        EXPECT_EQ(first.words_found(), second.words_found()) << pattern;
        EXPECT_EQ(first.lists_found(), second.lists_found()) << pattern;
        EXPECT_EQ(first.estimate(), second.estimate()) << pattern;
        EXPECT_EQ(first.cost(), second.cost()) << pattern;
    }
}

// Rows that were given out outlive what gave them.
TEST_F(FoundTermsTest, GivenRowsOutliveTheirKeeper) {
    Build();
    const LikePattern::Term term = TermsOf(Operator::kILike, "%3x%")[0];
    const std::shared_ptr<const TermRows> rows =
        column().found_terms().Find(folder_, Operator::kILike, term);
    const std::vector<RowOrdinal> wanted = RowsOf(*rows);
    EXPECT_EQ(column().found_terms().Find(folder_, Operator::kILike, term), rows);
    column().Trim();
    EXPECT_NE(column().found_terms().Find(folder_, Operator::kILike, term), rows);
    EXPECT_EQ(RowsOf(*rows), wanted);
}

}  // namespace
}  // namespace namedex::core
