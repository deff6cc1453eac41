// Answers a conjunction of conditions in the first rows of a PendingIndex, window by window, as
// Condition::Accepts decides on each row.
//
//     PendingQuery query(index, conditions, row_count, memory, poll);
//     query.Evaluate(0, row_count, rows);
//
// The words that a condition asks for are found once, in either form by a search through all words'
// text: nothing has to be folded. Then as in a segment (core/segment_query.hpp): the union over the
// patterns' alternatives of the intersection of their terms' rows. What an inexact alternative lets
// through is verified on rebuilt values, and so are the rows found so far where reading a
// condition's postings would take longer.
//
// A set's members are looked for by their first and last words, in time that grows with members
// plus words: a member of one word is exact, the rows of the others' words are candidates.
//
// The query keeps nothing of a window, and takes no notice of rows that were added since the
// row_count it was made for.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/condition.hpp"
#include "core/pending_index.hpp"
#include "core/poll.hpp"
#include "core/row_set.hpp"

namespace namedex::core {

class PendingQuery {
  public:
    // Only rows below `row_count`, at most the index's, are looked at. `index` and `conditions`
    // outlive the query; rows may be added to the index meanwhile, but not during a call. `poll`
    // stops long work by throwing; it may be null.
    PendingQuery(const PendingIndex& index, const std::vector<Condition>& conditions,
                 std::uint32_t row_count, std::pmr::memory_resource* memory, void (*poll)());
    PendingQuery(const PendingQuery&) = delete;
    PendingQuery& operator=(const PendingQuery&) = delete;

    // An upper bound of the rows, from the numbers of the words' occurrences.
    std::uint64_t estimate() const { return estimate_; }

    // Appends the rows of [lo, hi) that satisfy all conditions, ascending.
    void Evaluate(RowOrdinal lo, RowOrdinal hi, std::pmr::vector<RowOrdinal>& rows);

  private:
    struct Found {
        std::uint32_t word;
        ClassMask classes;
    };
    // The rows of some words in some classes.
    struct Words {
        explicit Words(std::pmr::memory_resource* memory) : found(memory) {}

        std::pmr::vector<Found> found;
        bool unled = false;       // and the rows whose value does not begin with a word
        std::uint64_t total = 0;  // occurrences of the words, of whatever class
    };
    struct Alternative {
        explicit Alternative(std::pmr::memory_resource* memory) : terms(memory) {}

        std::pmr::vector<Words> terms;         // by total, ascending; none: every row with a value
        const LikePattern* pattern = nullptr;  // that decides where not exact; null: the set
        bool exact = false;
    };
    struct Prepared {
        explicit Prepared(std::pmr::memory_resource* memory) : alternatives(memory) {}

        const Condition* condition = nullptr;
        const PendingColumn* column = nullptr;
        std::pmr::vector<Alternative> alternatives;
        bool everything = false;  // every row that is not NULL
        bool row_by_row = false;  // nothing is known but the condition
        std::uint64_t total = 0;  // an upper bound of the rows
        double cost = 0;          // of evaluating the condition over all rows, in ns
        double verify_cost = 0;   // of looking at one row, in ns
    };
    // The value of a row, in each form put together when first asked for.
    class Value;
    struct SetWords;

    void Prepare(const Condition& condition, Prepared& prepared);
    void PrepareTest(const Condition& condition, Prepared& prepared);
    void PrepareSet(const PatternSet& set, Words& exact, Prepared& prepared);
    void PrepareAlternative(const LikePattern& pattern, const LikePattern::Alternative& wanted,
                            Prepared& prepared);
    void AddAlternative(Alternative&& alternative, Prepared& prepared);
    void FindSetWords(const PatternSet& set, const PendingColumn& column, SetWords& words);
    void FindTerm(const PendingColumn& column, Operator op, const LikePattern::Term& term,
                  Words& words);
    void Take(const PendingColumn& column, std::uint32_t word, ClassMask classes, Words& words);
    double ReadCost(const Words& words) const;

    void EvaluateCondition(const Prepared& prepared, RowOrdinal lo, RowOrdinal hi, RowSet& rows);
    bool EvaluateAlternative(const Prepared& prepared, const Alternative& alternative,
                             RowOrdinal lo, RowOrdinal hi, RowSet& rows);
    void EvaluateWords(const PendingColumn& column, const Words& words, RowOrdinal lo,
                       RowOrdinal hi, RowSet& rows);
    void AddNotNull(const PendingColumn& column, RowOrdinal lo, RowOrdinal hi, RowSet& rows);
    void Verify(const Prepared& prepared, RowSet& rows);
    bool Accepts(const Prepared& prepared, RowOrdinal row);

    const PendingIndex* index_;
    std::pmr::memory_resource* memory_;
    std::uint32_t row_count_;
    std::uint64_t estimate_;
    std::pmr::vector<Prepared> conditions_;  // by total, ascending
    std::pmr::vector<std::uint32_t> words_;  // that were found, from call to call
    std::pmr::string folded_;                // values put together
    std::pmr::string original_;
    Poller poller_;
};

}  // namespace namedex::core
