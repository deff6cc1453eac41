// SegmentQuery against a search row by row, over random tables, conditions and windows.

#include "core/segment_query.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reference/random_table.hpp"

namespace namedex::core {
namespace {

using namespace reference;
using Rules = RuleFolder::Rules;

std::string Describe(const std::vector<NaiveCondition>& conjunction) {
    std::string text;
    for (const NaiveCondition& condition : conjunction) {
        text += " column " + std::to_string(condition.column) + " kind " +
                std::to_string(static_cast<int>(condition.kind)) + ':';
        for (const NaivePattern& pattern : condition.patterns) {
            text +=
                " op " + std::to_string(static_cast<int>(pattern.op)) + " {" + pattern.text + '}';
        }
    }
    return text;
}

std::vector<RowOrdinal> Evaluate(SegmentQuery& query, std::uint32_t lo, std::uint32_t hi) {
    RowSet rows(std::pmr::get_default_resource());
    query.Evaluate(lo, hi, rows);
    std::vector<RowOrdinal> found;
    rows.ForEach([&](RowOrdinal row) { found.push_back(row); });
    EXPECT_EQ(rows.Count(), found.size());
    return found;
}

// The TIDs of `rows` as the map gives them by bitmap, heap block by heap block.
std::vector<Tid> TidsOf(SegmentReader& segment, const std::vector<RowOrdinal>& rows) {
    RowBitmap bits;
    bits.Reset(0, segment.row_count());
    for (const RowOrdinal row : rows) {
        bits.Set(row);
    }
    std::vector<Tid> tids;
    segment.tids().ForEachSet(
        bits, [&](std::uint32_t block, const std::uint16_t* offsets, std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) {
                tids.push_back({block, offsets[i]});
            }
        });
    return tids;
}

struct Tally {
    std::uint64_t queries = 0;
    std::uint64_t with_hits = 0;
};

void CheckQuery(Random& random, const NaiveTable& table, const Folder& folder,
                SegmentReader& segment, const std::vector<NaiveCondition>& conjunction,
                Tally& tally) {
    SCOPED_TRACE(Describe(conjunction));
    const std::vector<Condition> conditions = CompileAll(conjunction, folder.encoding);
    const std::vector<const Folder*> folders(table.columns.size(), &folder);
    SegmentQuery query(segment, conditions, folders, std::pmr::get_default_resource(), nullptr);
    const std::vector<RowOrdinal> wanted = NaiveSearch(table, conjunction, folder.encoding);
    ++tally.queries;
    tally.with_hits += wanted.empty() ? 0 : 1;
    const std::uint32_t rows = table.row_count();
    ASSERT_EQ(Evaluate(query, 0, rows), wanted);
    ASSERT_GE(query.estimate(), wanted.size());
    for (int i = 0; i < 4; ++i) {
        const std::uint32_t lo = random.Below(rows + 1);
        const std::uint32_t hi = i == 0   ? rows + 5
                                 : i == 1 ? lo + random.Below(40)
                                          : random.Below(rows + 1);
        SCOPED_TRACE("window " + std::to_string(lo) + ".." + std::to_string(hi));
        ASSERT_EQ(Evaluate(query, lo, hi), Within(wanted, lo, hi));
    }
    std::vector<Tid> tids;
    for (const RowOrdinal row : wanted) {
        tids.push_back(table.tids[row]);
    }
    ASSERT_TRUE(TidsOf(segment, wanted) == tids);
}

void CheckTable(Random& random, const TableShape& shape, const Folder& folder,
                const SegmentOptions& options, int queries, Tally& tally) {
    const NaiveTable table = RandomTable(random, shape, folder);
    MemoryPages pages;
    BuildSegment(table, folder, options, pages);
    {
        SegmentReader segment(pages, pages.page_count(), std::pmr::get_default_resource());
        for (int i = 0; i < queries; ++i) {
            ASSERT_NO_FATAL_FAILURE(CheckQuery(random, table, folder, segment,
                                               RandomConjunction(random, table, folder), tally));
        }
        segment.Release();
        EXPECT_EQ(pages.pinned(), 0);
    }
    EXPECT_EQ(pages.pinned(), 0);
}

SegmentOptions RandomOptions(Random& random) {
    SegmentOptions options;
    options.grams = random.Percent(70);
    options.gram_memory = random.Percent(50) ? options.gram_memory : 1 + random.Below(150000);
    return options;
}

void CheckSmallTables(Rules rules, std::uint64_t seed) {
    const RuleFolder folder(rules);
    Random random(seed);
    Tally tally;
    for (int round = 0; round < 30; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        TableShape shape;
        shape.rows =
            random.Percent(5) ? random.Below(3) : random.Below(random.Percent(70) ? 400 : 3000);
        shape.columns = 1 + random.Below(3);
        shape.vocabulary = 1 + random.Below(random.Percent(70) ? 60 : 3000);
        shape.distinct_values = 1 + random.Below(random.Percent(50) ? 100 : 3000);
        ASSERT_NO_FATAL_FAILURE(
            CheckTable(random, shape, folder, RandomOptions(random), 15, tally));
    }
    EXPECT_GT(tally.with_hits * 2, tally.queries);
}

TEST(SegmentQuery, RandomTables) {
    CheckSmallTables(Rules::kPlain, 1);
}
TEST(SegmentQuery, RandomTablesWithContextRules) {
    CheckSmallTables(Rules::kContext, 2);
}
TEST(SegmentQuery, RandomTablesWithTurkishRules) {
    CheckSmallTables(Rules::kTurkish, 3);
}

// The lists here are long enough for bitmaps, and for a condition to be verified rather than read.
TEST(SegmentQuery, LargeTable) {
    const RuleFolder folder(Rules::kContext);
    Random random(4);
    TableShape shape;
    shape.rows = 200000;
    shape.columns = 2;
    shape.vocabulary = 3000;
    shape.distinct_values = 3000;
    Tally tally;
    ASSERT_NO_FATAL_FAILURE(CheckTable(random, shape, folder, {}, 18, tally));
    EXPECT_GT(tally.with_hits * 5, tally.queries);
}

// Conditions of many patterns. Few words, so that they are frequent and members share them; many
// words; and values that must be kept whole.
void CheckArrays(Rules rules, std::uint64_t seed) {
    static constexpr Operator kOperators[] = {Operator::kLike, Operator::kILike, Operator::kEqual,
                                              Operator::kPrefix,
                                              Operator::kEqualIgnoringTrailingSpaces};
    const RuleFolder folder(rules);
    Random random(seed);
    Tally tally;
    for (int round = 0; round < 12; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        TableShape shape;
        shape.rows = random.Percent(50) ? 1 + random.Below(1000) : 20000;
        shape.columns = 1 + random.Below(2);
        shape.vocabulary = random.Percent(50) ? 5 : 400;
        shape.distinct_values = 300;
        const NaiveTable table = RandomTable(random, shape, folder);
        const auto has_words = [](const NaiveColumn& column) {
            return std::any_of(column.values.begin(), column.values.end(),
                               [](const NaiveValue& v) { return v.original.size() >= 2; });
        };
        if (!std::all_of(table.columns.begin(), table.columns.end(), has_words)) {
            continue;
        }
        MemoryPages pages;
        BuildSegment(table, folder, RandomOptions(random), pages);
        SegmentReader segment(pages, pages.page_count(), std::pmr::get_default_resource());
        for (const Operator op : kOperators) {
            std::vector<NaiveCondition> conjunction;
            conjunction.push_back(RandomArray(random, table, folder, op, 1 + random.Below(120)));
            if (random.Percent(30)) {
                conjunction.push_back(RandomArray(random, table, folder, op, 40));
            } else if (random.Percent(30)) {
                conjunction.push_back(RandomCondition(random, table, folder));
            }
            ASSERT_NO_FATAL_FAILURE(
                CheckQuery(random, table, folder, segment, conjunction, tally));
        }
        segment.Release();
        EXPECT_EQ(pages.pinned(), 0);
    }
    EXPECT_GT(tally.queries, 20u);
    EXPECT_GT(tally.with_hits * 2, tally.queries);
}

TEST(SegmentQuery, Arrays) {
    CheckArrays(Rules::kPlain, 11);
}
TEST(SegmentQuery, ArraysWithContextRules) {
    CheckArrays(Rules::kContext, 12);
}
TEST(SegmentQuery, ArraysWithTurkishRules) {
    CheckArrays(Rules::kTurkish, 13);
}

// Each pattern finds a few rows, all together more than are gathered before they are verified;
// every second value has a pattern's words in the wrong order.
TEST(SegmentQuery, ManyPatternsEachWithFewRows) {
    const RuleFolder folder(Rules::kPlain);
    NaiveTable table;
    NaiveColumn column;
    NaiveCondition condition;
    for (std::uint32_t i = 0; i < 600; ++i) {
        const std::string n = std::to_string(1000 + i);
        for (const std::string& text : {"w" + n + " x" + n, "x" + n + " w" + n}) {
            column.values.push_back({false, text, text});
        }
        condition.patterns.push_back({Operator::kLike, "%w" + n + "%x" + n + "%"});
    }
    for (std::uint32_t row = 0; row < 600 * 60; ++row) {
        column.rows.push_back(row % 1200);
        table.tids.push_back({row / 50, static_cast<std::uint16_t>(row % 50 + 1)});
    }
    table.columns.push_back(std::move(column));
    MemoryPages pages;
    BuildSegment(table, folder, {}, pages);
    SegmentReader segment(pages, pages.page_count(), std::pmr::get_default_resource());
    const auto wanted = NaiveSearch(table, {condition}, folder.encoding);
    ASSERT_EQ(wanted.size(), 600u * 30);
    const std::vector<Condition> conditions = CompileAll({condition}, folder.encoding);
    const std::vector<const Folder*> folders = {&folder};
    SegmentQuery query(segment, conditions, folders, std::pmr::get_default_resource(), nullptr);
    EXPECT_EQ(Evaluate(query, 0, table.row_count()), wanted);
    EXPECT_EQ(Evaluate(query, 1234, 20000), Within(wanted, 1234, 20000));
}

// A table in which the number of a word's rows is known: from one inline to nearly all.
class KnownFrequencies : public testing::Test {
  protected:
    static constexpr std::uint32_t kRows = 200000;
    struct Word {
        const char* text;
        std::uint32_t every;  // in every so many-th row
    };
    static constexpr Word kWords[] = {{"always", 1},    {"often", 2},    {"some", 37},
                                      {"seldom", 2999}, {"rare", 60000}, {"once", kRows}};

    void SetUp() override {
        NaiveColumn column;
        std::map<std::string, std::uint32_t> known;
        for (std::uint32_t row = 0; row < kRows; ++row) {
            std::string text = row % 7 < 4 ? "a" : "b";
            for (const Word& word : kWords) {
                if (row % word.every == word.every / 3) {
                    text += ' ';
                    text += word.text;
                }
            }
            const auto [it, added] = known.emplace(text, column.values.size());
            if (added) {
                column.values.push_back({false, text, text});
            }
            column.rows.push_back(it->second);
            table_.tids.push_back({row / 50, static_cast<std::uint16_t>(row % 50 + 1)});
        }
        table_.columns.push_back(std::move(column));
        stats_ = BuildSegment(table_, folder_, {}, pages_);
        segment_ = std::make_unique<SegmentReader>(pages_, pages_.page_count(),
                                                   std::pmr::get_default_resource());
    }

    static NaiveCondition Contains(const std::string& text, Operator op = Operator::kLike) {
        NaiveCondition condition;
        condition.patterns.push_back({op, text});
        return condition;
    }

    RuleFolder folder_{Rules::kPlain};
    NaiveTable table_;
    MemoryPages pages_;
    SegmentStats stats_;
    std::unique_ptr<SegmentReader> segment_;
};

TEST_F(KnownFrequencies, StorageSpansInlineToManyPages) {
    std::map<std::string, std::pair<bool, std::uint32_t>> stored;  // all inline, occurrences
    segment_->column(0).lexicon().Find({}, [&](const WordHit& hit) {
        bool all_inline = true;
        for (int c = 0; c < kWordClasses; ++c) {
            all_inline = all_inline && hit.entry.lists[c].count == 0;
        }
        stored[std::string(hit.folded)] = {all_inline,
                                           static_cast<std::uint32_t>(hit.entry.Total())};
    });
    ASSERT_EQ(stored.size(), std::size(kWords) + 2);
    for (const Word& word : kWords) {
        const auto& [all_inline, count] = stored[word.text];
        EXPECT_EQ(count, kRows / word.every + (kRows % word.every > word.every / 3 ? 1 : 0));
        EXPECT_EQ(all_inline, word.every >= 60000) << word.text;
    }
    EXPECT_GT(stats_.header.columns[0][ColumnSection::kPostings].page_count, 1u);
}

TEST_F(KnownFrequencies, AllPairs) {
    Random random(5);
    Tally tally;
    for (const Word& a : kWords) {
        for (const std::string& text : {std::string("a%") + a.text, std::string("b %") + a.text}) {
            ASSERT_NO_FATAL_FAILURE(
                CheckQuery(random, table_, folder_, *segment_, {Contains(text)}, tally));
        }
        for (const Word& b : kWords) {
            const std::string both = std::string("%") + a.text + '%' + b.text + '%';
            ASSERT_NO_FATAL_FAILURE(
                CheckQuery(random, table_, folder_, *segment_, {Contains(both)}, tally));
            // The order of two conditions is the query's to choose.
            if (a.every < b.every) {
                ASSERT_NO_FATAL_FAILURE(
                    CheckQuery(random, table_, folder_, *segment_,
                               {Contains(std::string("%") + a.text + '%', Operator::kILike),
                                Contains(std::string("%") + b.text)},
                               tally));
            }
        }
    }
    EXPECT_GT(tally.with_hits, std::size(kWords));
    segment_->Release();
    EXPECT_EQ(pages_.pinned(), 0);
}

// So many rare words, each with its rows in the lexicon itself, that their rows are gathered as
// bits.
TEST(SegmentQuery, ManyRareWords) {
    const RuleFolder folder(Rules::kPlain);
    NaiveTable table;
    NaiveColumn column;
    for (std::uint32_t row = 0; row < 20000; ++row) {
        const std::string text =
            (row % 3 == 0 ? "Ex" : "x") + std::to_string(row) + (row % 5 == 0 ? " y" : "");
        NaiveValue value{false, text, ""};
        folder.Fold(text, value.folded);
        column.values.push_back(value);
        column.rows.push_back(row);
        table.tids.push_back({row / 9, static_cast<std::uint16_t>(row % 9 + 1)});
    }
    table.columns.push_back(std::move(column));
    MemoryPages pages;
    BuildSegment(table, folder, {}, pages);
    SegmentReader segment(pages, pages.page_count(), std::pmr::get_default_resource());
    Random random(9);
    Tally tally;
    for (const char* text : {"%x%", "x%", "%1%", "%x1%y", "e%1_"}) {
        for (const Operator op : {Operator::kLike, Operator::kILike}) {
            NaiveCondition condition;
            condition.patterns.push_back({op, text});
            ASSERT_NO_FATAL_FAILURE(CheckQuery(random, table, folder, segment, {condition}, tally));
        }
    }
    EXPECT_GT(tally.with_hits, 8u);
}

void AddValue(NaiveColumn& column, std::uint32_t row, const std::string& text,
              const Folder& folder) {
    NaiveValue value{false, text, ""};
    folder.Fold(text, value.folded);
    column.values.push_back(value);
    column.rows.push_back(row);
}

NaiveCondition Pattern(std::uint32_t column, Operator op, const char* text) {
    NaiveCondition made;
    made.column = column;
    made.patterns.push_back({op, text});
    return made;
}

// Searches for a pattern in each of two columns, all of whose values have words.
void CheckBoth(const NaiveTable& table, const Folder& folder, const char* first,
               const char* second) {
    MemoryPages pages;
    BuildSegment(table, folder, {}, pages);
    SegmentReader segment(pages, pages.page_count(), std::pmr::get_default_resource());
    ASSERT_EQ(segment.column(0).header().opaque_count, 0u);
    ASSERT_EQ(segment.column(1).header().opaque_count, 0u);
    Random random(11);
    Tally tally;
    CheckQuery(random, table, folder, segment,
               {Pattern(0, Operator::kILike, first), Pattern(1, Operator::kILike, second)}, tally);
    EXPECT_EQ(tally.with_hits, 1u);
}

// 200 words that no other row has, and one more.
std::string ManyWords(std::uint32_t row, char last) {
    std::string text;
    for (std::uint32_t word = 0; word < 200; ++word) {
        text += 'w' + std::to_string(row * 200 + word) + ' ';
    }
    return text + last;
}

// Where a rare condition, or a rare word beside others, leaves few rows, a lexicon is not searched
// for what the most of its words may have.
TEST(SegmentQuery, FewRowsAreVerifiedRatherThanLexiconsSearched) {
    const RuleFolder folder(Rules::kContext);
    NaiveTable table;
    table.columns.resize(3);
    const auto add = [&](std::uint32_t row, NaiveColumn& column, const std::string& text) {
        AddValue(column, row, text, folder);
    };
    for (std::uint32_t row = 0; row < 20000; ++row) {
        const std::string word =
            "X" + std::to_string(row * 7919 % 100000) + (row % 3 == 0 ? "a" : "e");
        const bool rare = row % 1000 == 0;
        // With a sigma before an apostrophe the value has no words.
        add(row, table.columns[0],
            (row % 2000 == 0 ? "\xCE\xA3'" : "") + word + (rare ? " Rare" : " common"));
        add(row, table.columns[1], rare ? "Rare" : "common");
        add(row, table.columns[2], (rare ? "Rare " : "common ") + word);
        table.tids.push_back({row / 9, static_cast<std::uint16_t>(row % 9 + 1)});
    }
    MemoryPages pages;
    SegmentOptions options;
    BuildSegment(table, folder, options, pages);
    SegmentReader segment(pages, pages.page_count(), std::pmr::get_default_resource());
    const std::uint32_t blocks = segment.column(0).header().block_count;
    ASSERT_GT(blocks, 100u);
    ASSERT_EQ(segment.column(0).header().opaque_count, 10u);
    Random random(10);
    const auto blocks_read = [&](const std::vector<NaiveCondition>& conjunction) {
        Tally tally;
        CheckQuery(random, table, folder, segment, conjunction, tally);
        EXPECT_EQ(tally.with_hits, 1u);
        const std::vector<Condition> conditions = CompileAll(conjunction, folder.encoding);
        const std::vector<const Folder*> folders(3, &folder);
        return SegmentQuery(segment, conditions, folders, std::pmr::get_default_resource(), nullptr)
            .blocks_read();
    };
    for (const Operator op : {Operator::kLike, Operator::kILike}) {
        const bool fold = op == Operator::kILike;
        const NaiveCondition e = Pattern(0, op, "%e %");
        const NaiveCondition rare = Pattern(1, op, fold ? "%rare" : "%Rare");
        const NaiveCondition common = Pattern(1, op, "%common");
        EXPECT_LT(blocks_read({e, rare}), blocks / 4);
        EXPECT_LT(blocks_read({rare, e}), blocks / 4);
        EXPECT_GE(blocks_read({common, e}), blocks);
        EXPECT_LT(blocks_read({Pattern(0, op, fold ? "%e rare%" : "%e Rare%")}), blocks / 4);
        EXPECT_LT(blocks_read({Pattern(0, op, fold ? "%1%e%rare" : "%1%e%Rare")}), blocks / 4);
        // Both terms together would decide; the one that is searched for does not.
        EXPECT_LT(blocks_read({Pattern(2, op, fold ? "rare%e" : "Rare%e")}), blocks / 4);
        EXPECT_GE(blocks_read({Pattern(0, op, "%e common")}), blocks);
        EXPECT_GE(blocks_read({e}), blocks);
    }
}

// Where there are fewer rows than words in them, one condition is searched for all the same.
TEST(SegmentQuery, FewRowsOfManyWords) {
    const RuleFolder folder(Rules::kPlain);
    NaiveTable table;
    table.columns.resize(2);
    for (std::uint32_t row = 0; row < 40; ++row) {
        for (std::uint32_t i = 0; i < 2; ++i) {
            AddValue(table.columns[i], row, ManyWords(row, row % 3 == i ? 'e' : 'a'), folder);
        }
        table.tids.push_back({row, 1});
    }
    CheckBoth(table, folder, "%e", "%a");
}

// What is not searched for is verified last, also if fewer rows than any others have a value.
TEST(SegmentQuery, FewValuesOfManyWords) {
    const RuleFolder folder(Rules::kPlain);
    NaiveTable table;
    table.columns.resize(2);
    for (std::uint32_t row = 0; row < 100; ++row) {
        AddValue(table.columns[0], row, row < 30 ? "Rare" : "common", folder);
        if (row % 5 == 0) {
            AddValue(table.columns[1], row, ManyWords(row, row % 2 == 0 ? 'e' : 'a'), folder);
        } else {
            NaiveValue null;
            null.is_null = true;
            table.columns[1].values.push_back(null);
            table.columns[1].rows.push_back(row);
        }
        table.tids.push_back({row, 1});
    }
    CheckBoth(table, folder, "rare%", "%e");
}

// Grams only save work.
TEST(SegmentQuery, GramsChangeNoAnswer) {
    const RuleFolder folder(Rules::kPlain);
    Random random(6);
    TableShape shape;
    shape.rows = 6000;
    shape.vocabulary = 12000;
    shape.distinct_values = 6000;
    const NaiveTable table = RandomTable(random, shape, folder);
    SegmentOptions options[3];
    options[1].gram_memory = 80000;
    options[2].grams = false;
    MemoryPages pages[3];
    std::unique_ptr<SegmentReader> segments[3];
    for (int i = 0; i < 3; ++i) {
        BuildSegment(table, folder, options[i], pages[i]);
        segments[i] = std::make_unique<SegmentReader>(pages[i], pages[i].page_count(),
                                                      std::pmr::get_default_resource());
    }
    const auto gram_pages = [&](int i) {
        return segments[i]->header().columns[0][ColumnSection::kGrams].page_count;
    };
    EXPECT_GT(gram_pages(0), gram_pages(1));
    EXPECT_GT(gram_pages(1), 0u);
    EXPECT_EQ(gram_pages(2), 0u);
    const std::vector<const Folder*> folders = {&folder};
    std::uint64_t hits = 0;
    for (int n = 0; n < 30; ++n) {
        const auto conjunction = RandomConjunction(random, table, folder);
        SCOPED_TRACE(Describe(conjunction));
        const auto conditions = CompileAll(conjunction, folder.encoding);
        const auto wanted = NaiveSearch(table, conjunction, folder.encoding);
        hits += wanted.size();
        for (const auto& segment : segments) {
            SegmentQuery query(*segment, conditions, folders, std::pmr::get_default_resource(),
                               nullptr);
            ASSERT_EQ(Evaluate(query, 0, table.row_count()), wanted);
        }
    }
    EXPECT_GT(hits, 1000u);
}

long polls_left = 0;
void CountDown() {
    if (--polls_left < 0) {
        Throw(ErrorCode::kCanceled, "canceled");
    }
}

// A search that is cut off at any moment leaves nothing pinned and the segment as it was.
TEST(SegmentQuery, CanceledAnywhere) {
    const RuleFolder folder(Rules::kContext);
    Random random(7);
    TableShape shape;
    shape.rows = 9000;
    shape.vocabulary = 9000;
    shape.distinct_values = 3000;
    const NaiveTable table = RandomTable(random, shape, folder);
    MemoryPages pages;
    BuildSegment(table, folder, {}, pages);
    SegmentReader segment(pages, pages.page_count(), std::pmr::get_default_resource());
    NaiveCondition few;
    few.patterns.push_back({Operator::kLike, "%a%e%"});
    few.patterns.push_back({Operator::kILike, "%n _%"});
    NaiveCondition many;
    many.as_set = true;
    for (const NaiveValue& value : table.columns[0].values) {
        if (value.original.size() > 2) {
            many.patterns.push_back({Operator::kEqual, value.original});
        }
    }
    const std::vector<const Folder*> folders = {&folder};
    for (const NaiveCondition& condition : {few, many}) {
        const std::vector<Condition> conditions = CompileAll({condition}, folder.encoding);
        const auto wanted = NaiveSearch(table, {condition}, folder.encoding);
        int canceled = 0;
        for (long limit = 0;; limit += 1 + limit / 8) {
            polls_left = limit;
            try {
                SegmentQuery query(segment, conditions, folders, std::pmr::get_default_resource(),
                                   CountDown);
                const auto found = Evaluate(query, 0, table.row_count());
                EXPECT_EQ(found, wanted);
                break;
            } catch (const Error& error) {
                ASSERT_EQ(error.code(), ErrorCode::kCanceled);
                ++canceled;
            }
            segment.Release();
            ASSERT_EQ(pages.pinned(), 0);
        }
        EXPECT_GT(canceled, 5);
        EXPECT_FALSE(wanted.empty());
    }
}

TEST(SegmentQuery, NoRows) {
    const RuleFolder folder(Rules::kPlain);
    NaiveTable table;
    table.columns.resize(1);
    MemoryPages pages;
    BuildSegment(table, folder, {}, pages);
    SegmentReader segment(pages, pages.page_count(), std::pmr::get_default_resource());
    Random random(8);
    Tally tally;
    for (int i = 0; i < 50; ++i) {
        ASSERT_NO_FATAL_FAILURE(CheckQuery(random, table, folder, segment,
                                           RandomConjunction(random, table, folder), tally));
    }
    EXPECT_EQ(tally.with_hits, 0u);
}

}  // namespace
}  // namespace namedex::core
