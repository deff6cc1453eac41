// PendingIndex and PendingQuery against a search row by row, over random tables, conditions, row
// counts and windows, while the index grows.

#include "core/pending_index.hpp"
#include "core/pending_query.hpp"

#include <algorithm>
#include <memory>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "reference/random_table.hpp"

namespace namedex::core {
namespace {

using namespace reference;
using Rules = RuleFolder::Rules;

// Counts what is taken, and refuses when told to. Nothing may come from anywhere else.
class CountingResource : public std::pmr::memory_resource {
  public:
    std::size_t bytes = 0;
    std::size_t blocks = 0;
    std::uint64_t refuse_after = UINT64_MAX;  // so many allocations

  private:
    void* do_allocate(std::size_t size, std::size_t alignment) override {
        if (refuse_after-- == 0) {
            throw std::bad_alloc();
        }
        void* block = std::pmr::new_delete_resource()->allocate(size, alignment);
        bytes += size;
        ++blocks;
        return block;
    }
    void do_deallocate(void* block, std::size_t size, std::size_t alignment) override {
        bytes -= size;
        --blocks;
        std::pmr::new_delete_resource()->deallocate(block, size, alignment);
    }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }
};

class PendingTest : public testing::Test {
  protected:
    void SetUp() override { std::pmr::set_default_resource(std::pmr::null_memory_resource()); }
    void TearDown() override {
        std::pmr::set_default_resource(nullptr);
        EXPECT_EQ(memory_.blocks, 0u);
    }

    CountingResource memory_;
};

// Fills an index with the rows of a table, some at a time.
class Filler {
  public:
    Filler(const NaiveTable& table, const Folder& folder, PendingIndex& index)
        : table_(table), splitter_(folder), index_(index) {}

    void AddUpTo(std::uint32_t rows) {
        for (std::uint32_t row = index_.row_count(); row < rows; ++row) {
            index_.AddRow(table_.tids[row]);
            for (std::uint32_t c = 0; c < table_.columns.size(); ++c) {
                const NaiveValue& value = table_.Value(c, row);
                if (value.is_null) {
                    index_.column(c).AddNull();
                    continue;
                }
                splitter_.Split(value.original, split_);
                if (split_.opaque) {
                    index_.column(c).AddOpaque(value.original, split_.folded_value);
                } else {
                    index_.column(c).AddRegular(split_.words, split_.shape);
                }
            }
            for (std::uint32_t i = 0; i < table_.includes.size(); ++i) {
                AddTo(index_.include(i), table_.includes[i].rows[row]);
            }
        }
    }

  private:
    const NaiveTable& table_;
    Splitter splitter_;
    SplitValue split_;
    PendingIndex& index_;
};

std::string Describe(const std::vector<NaiveCondition>& conjunction) {
    std::string text;
    for (const NaiveCondition& condition : conjunction) {
        text += " column " + std::to_string(condition.column) + " kind " +
                std::to_string(static_cast<int>(condition.kind)) +
                (condition.as_set ? " set:" : ":");
        for (const NaivePattern& pattern : condition.patterns) {
            text +=
                " op " + std::to_string(static_cast<int>(pattern.op)) + " {" + pattern.text + '}';
        }
    }
    return text;
}

// What the conditions accept of each row by itself; a value is asked about once.
std::vector<RowOrdinal> AcceptedRows(const NaiveTable& table,
                                     const std::vector<Condition>& conditions) {
    std::vector<bool> holds(table.row_count(), true);
    for (const Condition& condition : conditions) {
        const NaiveColumn& column = table.columns[condition.column];
        std::vector<bool> verdict;
        for (const NaiveValue& value : column.values) {
            verdict.push_back(condition.Accepts(value.is_null, value.original, value.folded));
        }
        for (std::uint32_t row = 0; row < table.row_count(); ++row) {
            holds[row] = holds[row] && verdict[column.rows[row]];
        }
    }
    std::vector<RowOrdinal> rows;
    for (std::uint32_t row = 0; row < table.row_count(); ++row) {
        if (holds[row]) {
            rows.push_back(row);
        }
    }
    return rows;
}

struct Tally {
    std::uint64_t queries = 0;
    std::uint64_t with_hits = 0;
};

// A query, the conditions it is of, and what it should find.
struct Asked {
    std::vector<NaiveCondition> naive;
    std::vector<Condition> conditions;
    std::vector<RowOrdinal> wanted;  // below row_count
    std::uint32_t row_count;
    std::unique_ptr<PendingQuery> query;
};

class PendingRandom : public PendingTest {
  protected:
    std::vector<RowOrdinal> Evaluate(PendingQuery& query, std::uint32_t lo, std::uint32_t hi) {
        std::pmr::vector<RowOrdinal> rows({7}, &memory_);  // what is there stays
        query.Evaluate(lo, hi, rows);
        EXPECT_EQ(rows.at(0), 7u);
        return {rows.begin() + 1, rows.end()};
    }

    void Check(Random& random, Asked& asked) {
        SCOPED_TRACE(Describe(asked.naive) + " of " + std::to_string(asked.row_count) + " rows");
        const std::uint32_t rows = asked.row_count;
        ASSERT_EQ(Evaluate(*asked.query, 0, rows), asked.wanted);
        ASSERT_GE(asked.query->estimate(), asked.wanted.size());
        ASSERT_LE(asked.query->estimate(), rows);
        for (int i = 0; i < 4; ++i) {
            const std::uint32_t lo = random.Below(rows + 1);
            const std::uint32_t hi = i == 0   ? rows + 5
                                     : i == 1 ? lo + random.Below(40)
                                              : random.Below(rows + 1);
            SCOPED_TRACE("window " + std::to_string(lo) + ".." + std::to_string(hi));
            ASSERT_EQ(Evaluate(*asked.query, lo, hi), Within(asked.wanted, lo, hi));
        }
    }

    // Asks about some of the rows that are there.
    void Ask(Random& random, const NaiveTable& table, const Folder& folder,
             const PendingIndex& index, std::vector<NaiveCondition> naive,
             std::vector<Asked>& all) {
        Asked& asked = all.emplace_back();
        asked.naive = std::move(naive);
        asked.conditions = CompileAll(asked.naive, folder.encoding);
        asked.row_count =
            random.Percent(50) ? index.row_count() : random.Below(index.row_count() + 1);
        const std::vector<RowOrdinal> accepted = AcceptedRows(table, asked.conditions);
        ASSERT_EQ(accepted, NaiveSearch(table, asked.naive, folder.encoding))
            << Describe(asked.naive);
        asked.wanted = Within(accepted, 0, asked.row_count);
    }

    // The table's rows go into the index in a few steps, and after each of them queries are made;
    // those of before are asked again.
    template <typename MakeConjunction>
    void CheckTable(Random& random, const TableShape& shape, const NaiveTable& table,
                    const Folder& folder, int queries, Tally& tally, MakeConjunction make) {
        PendingIndex index(shape.columns, table.include_types(), &memory_);
        Filler filler(table, folder, index);
        std::vector<Asked> asked;
        asked.reserve(static_cast<std::size_t>(queries));
        const std::uint32_t steps = 1 + random.Below(3);
        for (std::uint32_t step = 1; step <= steps; ++step) {
            filler.AddUpTo(step == steps ? shape.rows : random.Below(shape.rows + 1));
            for (Asked& a : asked) {
                ASSERT_NO_FATAL_FAILURE(Check(random, a));
            }
            while (asked.size() < static_cast<std::size_t>(queries) * step / steps) {
                ASSERT_NO_FATAL_FAILURE(Ask(random, table, folder, index, make(), asked));
                Asked& a = asked.back();
                a.query = std::make_unique<PendingQuery>(index, a.conditions, a.row_count, &memory_,
                                                         nullptr);
                ASSERT_NO_FATAL_FAILURE(Check(random, a));
                ++tally.queries;
                tally.with_hits += a.wanted.empty() ? 0 : 1;
            }
        }
        CheckContents(table, index);
    }

    void CheckContents(const NaiveTable& table, const PendingIndex& index) {
        ASSERT_EQ(index.row_count(), table.row_count());
        std::pmr::string scratch(&memory_);
        for (std::uint32_t row = 0; row < table.row_count(); ++row) {
            ASSERT_TRUE(index.tid(row) == table.tids[row]);
            for (std::uint32_t c = 0; c < table.columns.size(); ++c) {
                const NaiveValue& value = table.Value(c, row);
                ASSERT_EQ(index.column(c).IsNull(row), value.is_null);
                if (!value.is_null) {
                    ASSERT_EQ(index.column(c).Value(row, TextForm::kOriginal, scratch),
                              value.original);
                    ASSERT_EQ(index.column(c).Value(row, TextForm::kFolded, scratch), value.folded);
                }
            }
            for (std::uint32_t i = 0; i < table.includes.size(); ++i) {
                ASSERT_TRUE(index.include(i).Value(row) == table.includes[i].rows[row]);
            }
        }
    }

    // TIDs in no order.
    static NaiveTable Shuffled(Random& random, NaiveTable table) {
        for (std::size_t i = table.tids.size(); i > 1; --i) {
            std::swap(table.tids[i - 1], table.tids[random.Below(i)]);
        }
        return table;
    }

    // As RandomConjunction's, and tests of values that are not single words.
    static std::vector<NaiveCondition> Conjunction(Random& random, const NaiveTable& table,
                                                   const Folder& folder) {
        static const SumTest kTest(3);
        std::vector<NaiveCondition> conjunction = RandomConjunction(random, table, folder);
        if (random.Percent(8)) {
            NaiveCondition condition;
            condition.column = random.Below(table.columns.size());
            condition.kind = Condition::Kind::kValueTest;
            condition.test = &kTest;
            conjunction.push_back(condition);
        }
        return conjunction;
    }

    void CheckSmallTables(Rules rules, std::uint64_t seed) {
        const RuleFolder folder(rules);
        Random random(seed);
        Tally tally;
        for (int round = 0; round < 60; ++round) {
            SCOPED_TRACE("round " + std::to_string(round));
            TableShape shape;
            shape.rows =
                random.Percent(5) ? random.Below(3) : random.Below(random.Percent(70) ? 400 : 3000);
            shape.columns = 1 + random.Below(3);
            shape.vocabulary = 1 + random.Below(random.Percent(70) ? 60 : 3000);
            shape.distinct_values = 1 + random.Below(random.Percent(50) ? 100 : 3000);
            shape.includes = static_cast<std::uint32_t>(round) % 4;
            const NaiveTable table = Shuffled(random, RandomTable(random, shape, folder));
            ASSERT_NO_FATAL_FAILURE(CheckTable(random, shape, table, folder, 25, tally,
                                               [&] { return Conjunction(random, table, folder); }));
        }
        EXPECT_GT(tally.with_hits * 2, tally.queries);
    }

    // Few words, so that they are frequent and members share them; many words; opaque values.
    void CheckArrays(Rules rules, std::uint64_t seed) {
        static constexpr Operator kOperators[] = {Operator::kLike, Operator::kILike,
                                                  Operator::kEqual, Operator::kPrefix,
                                                  Operator::kEqualIgnoringTrailingSpaces};
        const RuleFolder folder(rules);
        Random random(seed);
        Tally tally;
        for (int round = 0; round < 40; ++round) {
            SCOPED_TRACE("round " + std::to_string(round));
            TableShape shape;
            shape.rows = random.Percent(80) ? 1 + random.Below(1000) : 20000;
            shape.columns = 1 + random.Below(2);
            shape.vocabulary = random.Percent(50) ? 5 : 400;
            shape.distinct_values = 300;
            const NaiveTable table = Shuffled(random, RandomTable(random, shape, folder));
            const auto has_words = [](const NaiveColumn& column) {
                return std::any_of(column.values.begin(), column.values.end(),
                                   [](const NaiveValue& v) { return v.original.size() >= 2; });
            };
            if (!std::all_of(table.columns.begin(), table.columns.end(), has_words)) {
                continue;
            }
            ASSERT_NO_FATAL_FAILURE(CheckTable(random, shape, table, folder, 10, tally, [&] {
                const Operator op = random.Of(kOperators);
                std::vector<NaiveCondition> conjunction;
                conjunction.push_back(
                    RandomArray(random, table, folder, op, 1 + random.Below(120)));
                if (random.Percent(20)) {
                    conjunction[0].patterns.push_back({op, ""});
                }
                if (random.Percent(30)) {
                    conjunction.push_back(RandomArray(random, table, folder, op, 40));
                } else if (random.Percent(30)) {
                    conjunction.push_back(RandomCondition(random, table, folder));
                }
                return conjunction;
            }));
        }
        EXPECT_GT(tally.queries, 100u);
        EXPECT_GT(tally.with_hits * 2, tally.queries);
    }
};

TEST_F(PendingRandom, Tables) {
    CheckSmallTables(Rules::kPlain, 1);
}
TEST_F(PendingRandom, TablesWithContextRules) {
    CheckSmallTables(Rules::kContext, 2);
}
TEST_F(PendingRandom, TablesWithTurkishRules) {
    CheckSmallTables(Rules::kTurkish, 3);
}
TEST_F(PendingRandom, Arrays) {
    CheckArrays(Rules::kPlain, 11);
}
TEST_F(PendingRandom, ArraysWithContextRules) {
    CheckArrays(Rules::kContext, 12);
}
TEST_F(PendingRandom, ArraysWithTurkishRules) {
    CheckArrays(Rules::kTurkish, 13);
}

// The postings here fill many chunks, and conditions are verified rather than read.
TEST_F(PendingRandom, LargeTables) {
    const RuleFolder folder(Rules::kContext);
    Random random(4);
    Tally tally;
    for (int round = 0; round < 3; ++round) {
        TableShape shape;
        shape.rows = 100000;
        shape.columns = 2;
        shape.vocabulary = round == 0 ? 3 : 3000;
        shape.distinct_values = 3000;
        const NaiveTable table = Shuffled(random, RandomTable(random, shape, folder));
        ASSERT_NO_FATAL_FAILURE(CheckTable(random, shape, table, folder, 25, tally,
                                           [&] { return Conjunction(random, table, folder); }));
    }
    EXPECT_GT(tally.with_hits * 3, tally.queries);
}

// An encoding in which the bytes of a literal may stand where no character begins.
TEST_F(PendingRandom, CharactersOfTwoBytes) {
    class EucFolder : public Folder {
      public:
        EucFolder() {
            encoding = Euc();
            ascii_bytewise = true;
            ascii_fold = AsciiLowerTable();
        }
        void Fold(std::string_view in, std::string& out) const override {
            out.assign(in);
            for (std::size_t i = 0; i < out.size(); i += out[i] < 0 ? 2 : 1) {
                if (out[i] >= 'A' && out[i] <= 'Z') {
                    out[i] = static_cast<char>(out[i] + ('a' - 'A'));
                }
            }
        }
    };
    static constexpr std::string_view kCharacters[] = {
        "a", "B", "b", " ", "\xA1\xA2", "\xA2\xA1", "\xA1\xA1", "\xA2\xA2"};
    const EucFolder folder;
    Random random(5);
    Tally tally;
    const auto text = [&](std::uint32_t characters) {
        std::string made;
        for (std::uint32_t n = 0; n < characters; ++n) {
            made += random.Of(kCharacters);
        }
        return made;
    };
    for (int round = 0; round < 20; ++round) {
        TableShape shape;
        shape.rows = 300;
        NaiveTable table;
        NaiveColumn column;
        for (std::uint32_t row = 0; row < shape.rows; ++row) {
            NaiveValue value;
            value.original = text(random.Below(9));
            folder.Fold(value.original, value.folded);
            column.values.push_back(value);
            column.rows.push_back(row);
            table.tids.push_back({row, 1});
        }
        table.columns.push_back(std::move(column));
        ASSERT_NO_FATAL_FAILURE(CheckTable(random, shape, table, folder, 30, tally, [&] {
            const Operator op = random.Percent(50) ? Operator::kILike : Operator::kLike;
            NaivePattern pattern{op, ""};
            std::string raw = random.Percent(70) ? "%" : "";
            raw += text(1 + random.Below(3));
            raw += random.Percent(20) ? "_" : "";
            raw += random.Percent(70) ? "%" : "";
            pattern.text = raw;
            if (op == Operator::kILike) {
                folder.Fold(raw, pattern.text);
            }
            NaiveCondition condition;
            condition.patterns.push_back(pattern);
            return std::vector<NaiveCondition>{condition};
        }));
    }
    EXPECT_GT(tally.with_hits * 2, tally.queries);
}

// ---- known answers ----------------------------------------------------------------------------

class PendingKnown : public PendingTest {
  protected:
    NaiveTable TableOf(const std::vector<std::string>& values) {
        NaiveTable table;
        NaiveColumn column;
        for (const std::string& text : values) {
            NaiveValue value{false, text, ""};
            folder_.Fold(text, value.folded);
            column.rows.push_back(static_cast<std::uint32_t>(column.values.size()));
            column.values.push_back(value);
            table.tids.push_back({static_cast<std::uint32_t>(table.tids.size() / 50),
                                  static_cast<std::uint16_t>(table.tids.size() % 50 + 1)});
        }
        table.columns.push_back(std::move(column));
        return table;
    }
    std::vector<RowOrdinal> Search(const PendingIndex& index, Operator op,
                                   const std::vector<std::string>& patterns, bool as_set = false,
                                   void (*poll)() = nullptr) {
        NaiveCondition naive;
        naive.as_set = as_set;
        for (const std::string& text : patterns) {
            naive.patterns.push_back({op, text});
        }
        const std::vector<Condition> conditions = CompileAll({naive}, folder_.encoding);
        PendingQuery query(index, conditions, index.row_count(), &memory_, poll);
        std::pmr::vector<RowOrdinal> rows(&memory_);
        query.Evaluate(0, index.row_count(), rows);
        estimate_ = query.estimate();
        return {rows.begin(), rows.end()};
    }

    RuleFolder folder_{Rules::kPlain};
    std::uint64_t estimate_ = 0;
};

using Rows = std::vector<RowOrdinal>;

TEST_F(PendingKnown, Example) {
    PendingIndex index(1, &memory_);
    Filler(TableOf({"Anna Smith", "anna smith", "Smith", "", " smith", "O'Neil, Ann", "smith"}),
           folder_, index)
        .AddUpTo(7);
    EXPECT_EQ(Search(index, Operator::kILike, {"%smith"}), (Rows{0, 1, 2, 4, 6}));
    EXPECT_EQ(Search(index, Operator::kILike, {"smith%"}), (Rows{2, 6}));
    EXPECT_EQ(Search(index, Operator::kLike, {"%Smith%"}), (Rows{0, 2}));
    EXPECT_EQ(Search(index, Operator::kLike, {"%nn%"}), (Rows{0, 1, 5}));
    EXPECT_EQ(Search(index, Operator::kEqual, {"smith"}), (Rows{6}));
    EXPECT_EQ(estimate_, 3u);  // in whatever class
    EXPECT_EQ(Search(index, Operator::kEqual, {""}), (Rows{3}));
    EXPECT_EQ(Search(index, Operator::kEqual, {"", " smith", "smith"}, true), (Rows{3, 4, 6}));
    EXPECT_EQ(Search(index, Operator::kPrefix, {"O'N"}), (Rows{5}));
    EXPECT_EQ(Search(index, Operator::kILike, {"%zz%"}), Rows{});
    EXPECT_EQ(estimate_, 0u);
}

// One text serves both forms until a word comes that is not its own fold.
TEST_F(PendingKnown, CapitalsComeLate) {
    std::vector<std::string> values;
    for (int i = 0; i < 2000; ++i) {
        values.push_back("w" + std::to_string(i) + " end");
    }
    values.push_back("W7 End");
    const NaiveTable table = TableOf(values);
    PendingIndex index(1, &memory_);
    Filler filler(table, folder_, index);
    filler.AddUpTo(2000);
    EXPECT_EQ(Search(index, Operator::kLike, {"%w7 end%"}), (Rows{7}));
    filler.AddUpTo(2001);
    EXPECT_EQ(Search(index, Operator::kLike, {"%w7 end%"}), (Rows{7}));
    EXPECT_EQ(Search(index, Operator::kLike, {"W7%"}), (Rows{2000}));
    EXPECT_EQ(Search(index, Operator::kEqual, {"w1999 end"}), (Rows{1999}));
    EXPECT_EQ(Search(index, Operator::kILike, {"w7 %"}), (Rows{7, 2000}));
    EXPECT_EQ(Search(index, Operator::kLike, {"%d"}).size(), 2001u);
}

// A word is its original and its folded form, whatever folded it.
TEST_F(PendingKnown, OneOriginalWithTwoFolds) {
    PendingIndex index(1, &memory_);
    for (const char* fold : {"i", "j", "i"}) {
        index.AddRow({0, 1});
        index.column(0).AddRegular({{"I", fold, WordClass::kOnly}}, "\x80");
    }
    EXPECT_EQ(Search(index, Operator::kILike, {"i"}), (Rows{0, 2}));
    EXPECT_EQ(Search(index, Operator::kILike, {"j"}), (Rows{1}));
    EXPECT_EQ(Search(index, Operator::kEqual, {"I"}), (Rows{0, 1, 2}));
    EXPECT_EQ(Search(index, Operator::kEqual, {"I", "x"}, true), (Rows{0, 1, 2}));
}

// The members of a set that share a first word, and rows that do: each is taken once.
TEST_F(PendingKnown, SetsTakeLinearTime) {
    std::vector<std::string> values;
    std::vector<std::string> members;
    for (int i = 0; i < 20000; ++i) {
        values.push_back("john x" + std::to_string(i));
        members.push_back("john x" + std::to_string(2 * i));
        members.push_back("john#" + std::to_string(2 * i));
    }
    PendingIndex index(1, &memory_);
    Filler(TableOf(values), folder_, index).AddUpTo(20000);
    EXPECT_EQ(Search(index, Operator::kEqual, members, true).size(), 10000u);
    EXPECT_EQ(Search(index, Operator::kILike, members, true).size(), 10000u);
}

// ---- memory, and what goes wrong --------------------------------------------------------------

// Numbers, and texts of which some are long.
void AddIncludes(NaiveTable& table) {
    NaiveInclude numbers{{IncludeKind::kNumber, 8}, {}};
    NaiveInclude texts{{IncludeKind::kText, 0}, {}};
    for (std::uint32_t row = 0; row < table.row_count(); ++row) {
        numbers.rows.emplace_back(NumberBytes(row, 8));
        texts.rows.emplace_back(std::string(row % 500 == 77 ? 5000 : row % 30, 'x'));
    }
    table.includes.push_back(std::move(numbers));
    table.includes.push_back(std::move(texts));
}

TEST_F(PendingKnown, MemoryIsCounted) {
    Random random(21);
    TableShape shape;
    shape.rows = 30000;
    shape.columns = 3;
    shape.vocabulary = 20000;
    shape.distinct_values = 20000;
    const RuleFolder folder(Rules::kContext);
    NaiveTable table = RandomTable(random, shape, folder);
    AddIncludes(table);
    PendingIndex index(shape.columns, table.include_types(), &memory_);
    EXPECT_LE(memory_.bytes, 6144u);  // nothing for columns without rows
    Filler filler(table, folder, index);
    for (std::uint32_t rows = 0; rows <= shape.rows; rows += 3000) {
        filler.AddUpTo(rows);
        EXPECT_GE(index.memory_bytes() + 1024, memory_.bytes);
        EXPECT_LE(index.memory_bytes(), memory_.bytes + 2048);
    }
}

int polls;
int polls_left;

void CountPolls() {
    ++polls;
    if (polls_left-- == 0) {
        throw std::runtime_error("stop");
    }
}

TEST_F(PendingKnown, LongWorkPolls) {
    polls_left = -1;
    std::vector<std::string> values;
    for (int i = 0; i < 20000; ++i) {
        values.push_back("W" + std::to_string(i) + (i % 2 == 0 ? " e" : ""));
    }
    PendingIndex index(1, &memory_, CountPolls);
    polls = 0;
    Filler(TableOf(values), folder_, index).AddUpTo(20000);
    EXPECT_GT(polls, 10);
    const auto polls_of = [&](Operator op, const std::vector<std::string>& patterns, bool as_set) {
        polls = 0;
        Search(index, op, patterns, as_set, CountPolls);
        return polls;
    };
    EXPECT_GT(polls_of(Operator::kLike, {"%W%"}, false), 30);  // words, twice
    EXPECT_GT(polls_of(Operator::kEqual, {" "}, false), 15);   // row by row
    EXPECT_GT(polls_of(Operator::kILike, {"w%"}, true), 15);   // a set's words
    EXPECT_GT(polls_of(Operator::kEqual, values, true), 15);   // a set's members
    EXPECT_GT(polls_of(Operator::kLike, {"W%e"}, false), 15);  // an intersection
}

// Whatever allocation fails and whichever poll throws, nothing is lost.
TEST_F(PendingKnown, ExceptionsLeakNothing) {
    Random random(22);
    TableShape shape;
    shape.rows = 4000;
    shape.columns = 2;
    shape.vocabulary = 2000;
    shape.distinct_values = 2000;
    const RuleFolder folder(Rules::kContext);
    NaiveTable table = RandomTable(random, shape, folder);
    AddIncludes(table);
    std::uint64_t failures = 0;
    for (std::uint64_t allocations = 0;; ++allocations) {
        memory_.refuse_after = allocations;
        try {
            PendingIndex index(shape.columns, table.include_types(), &memory_);
            Filler(table, folder, index).AddUpTo(shape.rows);
            memory_.refuse_after = UINT64_MAX;
            break;
        } catch (const std::bad_alloc&) {
            ++failures;
        }
        ASSERT_EQ(memory_.blocks, 0u);
    }
    EXPECT_GT(failures, 40u);
    memory_.refuse_after = UINT64_MAX;
    failures = 0;
    for (int n = 0;; ++n) {
        polls_left = n;
        try {
            PendingIndex index(shape.columns, table.include_types(), &memory_, CountPolls);
            Filler(table, folder, index).AddUpTo(shape.rows);
            break;
        } catch (const std::runtime_error&) {
            ++failures;
        }
        ASSERT_EQ(memory_.blocks, 0u);
    }
    EXPECT_GT(failures, 1u);
    // A query that failed leaves the index as it was.
    PendingIndex index(shape.columns, table.include_types(), &memory_);
    Filler(table, folder, index).AddUpTo(shape.rows);
    const std::vector<std::string> patterns = {"%a%", "%n%o%", "_a%"};
    const std::vector<RowOrdinal> wanted = Search(index, Operator::kLike, patterns);
    EXPECT_GT(wanted.size(), 0u);
    const std::size_t blocks = memory_.blocks;
    failures = 0;
    for (std::uint64_t allocations = 0;; ++allocations) {
        memory_.refuse_after = allocations;
        try {
            ASSERT_EQ(Search(index, Operator::kLike, patterns), wanted);
            break;
        } catch (const std::bad_alloc&) {
            ++failures;
        }
        ASSERT_EQ(memory_.blocks, blocks);
    }
    memory_.refuse_after = UINT64_MAX;
    EXPECT_GT(failures, 10u);
    EXPECT_EQ(Search(index, Operator::kLike, patterns), wanted);
}

}  // namespace
}  // namespace namedex::core
