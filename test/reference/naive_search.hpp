// Naive twin of core/segment_query: a table of plain values, searched row by row.
//
// Equal values share one entry, so that a pattern is tried once a distinct value and not once a
// row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/condition.hpp"
#include "core/ids.hpp"
#include "core/split.hpp"
#include "core/tid_map.hpp"
#include "reference/naive_include.hpp"
#include "reference/naive_like.hpp"

namespace namedex::reference {

struct NaiveValue {
    bool is_null = false;
    std::string original;
    std::string folded;

    friend bool operator==(const NaiveValue& a, const NaiveValue& b) {
        return a.is_null == b.is_null && a.original == b.original && a.folded == b.folded;
    }
};

struct NaiveColumn {
    std::vector<NaiveValue> values;   // not necessarily distinct
    std::vector<std::uint32_t> rows;  // for each row its entry in `values`
    bool scalar = false;              // every value is a single word
};

struct NaiveTable {
    std::vector<core::Tid> tids;  // ascending
    std::vector<NaiveColumn> columns;
    std::vector<NaiveInclude> includes;

    std::uint32_t row_count() const { return static_cast<std::uint32_t>(tids.size()); }
    core::IncludeTypes include_types() const {
        core::IncludeTypes types;
        for (const NaiveInclude& include : includes) {
            types.push_back(include.type);
        }
        return types;
    }
    const NaiveValue& Value(std::uint32_t column, std::uint32_t row) const {
        return columns[column].values[columns[column].rows[row]];
    }
};

// The rows of `table` named, in the order given.
inline NaiveTable Select(const NaiveTable& table, const std::vector<std::uint32_t>& rows) {
    NaiveTable selected;
    for (const std::uint32_t row : rows) {
        selected.tids.push_back(table.tids[row]);
    }
    for (const NaiveColumn& column : table.columns) {
        NaiveColumn some{column.values, {}, column.scalar};
        for (const std::uint32_t row : rows) {
            some.rows.push_back(column.rows[row]);
        }
        selected.columns.push_back(std::move(some));
    }
    for (const NaiveInclude& include : table.includes) {
        NaiveInclude some{include.type, {}};
        for (const std::uint32_t row : rows) {
            some.rows.push_back(include.rows[row]);
        }
        selected.includes.push_back(std::move(some));
    }
    return selected;
}

struct NaivePattern {
    core::Operator op = core::Operator::kLike;
    std::string text;  // the fold of the pattern for kILike
};

// core::Condition with its patterns as text.
struct NaiveCondition {
    std::uint32_t column = 0;
    core::Condition::Kind kind = core::Condition::Kind::kMatch;
    std::vector<NaivePattern> patterns;
    const core::ValueTest* test = nullptr;
    bool as_set = false;  // to be compiled as a condition of many patterns is
};

inline core::Condition Compile(const NaiveCondition& naive, const core::Encoding& encoding) {
    core::Condition condition;
    condition.column = naive.column;
    condition.kind = naive.kind;
    condition.test = naive.test;
    if (naive.as_set && !naive.patterns.empty()) {
        condition.set = core::PatternSet(naive.patterns[0].op);
    }
    for (const NaivePattern& pattern : naive.patterns) {
        const bool may_be_member = naive.as_set && pattern.op == condition.set.op();
        if (!may_be_member || !condition.set.Add(pattern.text, encoding)) {
            condition.patterns.push_back(
                core::LikePattern::Compile(pattern.op, pattern.text, encoding));
        }
    }
    condition.set.Finish();
    return condition;
}

// What an index must report: of a condition with a pattern that is left to the server, every value.
inline bool NaiveAccepts(const NaiveCondition& condition, const core::Encoding& encoding,
                         const NaiveValue& value) {
    switch (condition.kind) {
        case core::Condition::Kind::kIsNull:
            return value.is_null;
        case core::Condition::Kind::kIsNotNull:
            return !value.is_null;
        case core::Condition::Kind::kValueTest:
            return !value.is_null && condition.test->Accepts(value.original);
        case core::Condition::Kind::kMatch:
            break;
    }
    if (value.is_null) {
        return false;
    }
    for (const NaivePattern& pattern : condition.patterns) {
        const bool like =
            pattern.op == core::Operator::kLike || pattern.op == core::Operator::kILike;
        if (like && EndsInEscape(pattern.text)) {
            return true;
        }
    }
    for (const NaivePattern& pattern : condition.patterns) {
        const bool folded = pattern.op == core::Operator::kILike;
        if (NaiveMatches(pattern.op, encoding, pattern.text,
                         folded ? value.folded : value.original)) {
            return true;
        }
    }
    return false;
}

// The rows that satisfy every condition, ascending.
inline std::vector<core::RowOrdinal> NaiveSearch(const NaiveTable& table,
                                                 const std::vector<NaiveCondition>& conditions,
                                                 const core::Encoding& encoding) {
    std::vector<bool> holds(table.row_count(), true);
    for (const NaiveCondition& condition : conditions) {
        const NaiveColumn& column = table.columns.at(condition.column);
        std::vector<signed char> verdict(column.values.size(), -1);
        for (std::uint32_t row = 0; row < table.row_count(); ++row) {
            if (!holds[row]) {
                continue;
            }
            signed char& known = verdict[column.rows[row]];
            if (known < 0) {
                known = NaiveAccepts(condition, encoding, column.values[column.rows[row]]) ? 1 : 0;
            }
            holds[row] = known == 1;
        }
    }
    std::vector<core::RowOrdinal> rows;
    for (std::uint32_t row = 0; row < table.row_count(); ++row) {
        if (holds[row]) {
            rows.push_back(row);
        }
    }
    return rows;
}

// The members of [lo, hi) of ascending rows.
inline std::vector<core::RowOrdinal> Within(const std::vector<core::RowOrdinal>& rows,
                                            std::uint64_t lo, std::uint64_t hi) {
    std::vector<core::RowOrdinal> some;
    for (const core::RowOrdinal row : rows) {
        if (row >= lo && row < hi) {
            some.push_back(row);
        }
    }
    return some;
}

// A column's lexicon: (folded, original) -> the rows of each class.
using NaivePostings = std::array<std::vector<core::RowOrdinal>, core::kWordClasses>;
using NaiveLexicon = std::map<std::pair<std::string, std::string>, NaivePostings>;

// `is_opaque(value)`: whether the splitter keeps the value whole.
template <typename IsOpaque>
NaiveLexicon LexiconOf(const NaiveTable& table, std::uint32_t column, const core::Folder& folder,
                       IsOpaque&& is_opaque) {
    NaiveLexicon lexicon;
    std::string folded;
    // Where the rows of each entry of `values` go, one list for each of its words.
    std::vector<std::vector<std::vector<core::RowOrdinal>*>> lists;
    const std::vector<std::uint32_t>& entries = table.columns[column].rows;
    lists.resize(table.columns[column].values.size());
    std::vector<bool> known(lists.size());
    for (std::uint32_t row = 0; row < table.row_count(); ++row) {
        const std::uint32_t entry = entries[row];
        const NaiveValue& value = table.Value(column, row);
        if (!known[entry] && !value.is_null && !is_opaque(value)) {
            for (const NaiveSplitWord& word : SplitNaively(value.original).words) {
                folder.Fold(word.text, folded);
                lists[entry].push_back(
                    &lexicon[{folded, word.text}][static_cast<int>(word.word_class)]);
            }
        }
        known[entry] = true;
        for (std::vector<core::RowOrdinal>* rows : lists[entry]) {
            if (rows->empty() || rows->back() != row) {
                rows->push_back(row);
            }
        }
    }
    return lexicon;
}

}  // namespace namedex::reference
