// Answers a conjunction of conditions in one segment, window by window, exactly.
//
//     SegmentQuery query(segment, conditions, folders, memory);
//     RowSet rows(memory);
//     query.Evaluate(lo, hi, rows);  // the live-or-dead rows of [lo, hi) that satisfy all of them
//
// A condition is answered from postings: the union over its patterns' alternatives of the
// intersection of their terms' rows. What an inexact alternative lets through, and conditions whose
// postings would cost more to read than the rows found so far cost to look up, are verified on
// values rebuilt from the forward store. So are conditions, and terms beside others, for which much
// of a lexicon would have to be searched, where the rows that others leave take less: those are
// searched for first whose words are found faster. Rows with opaque values are matched one by one
// when the query is made.
//
// The query keeps nothing of a window, so windows may be of any size and in any order. Tombstones
// are the caller's: rows are reported whether dead or not.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <vector>

#include "core/condition.hpp"
#include "core/row_set.hpp"
#include "core/segment_reader.hpp"
#include "core/term_rows.hpp"
#include "core/value_reader.hpp"

namespace namedex::core {

class SegmentQuery {
  public:
    // `conditions` and `folders` (one a key column) outlive the query. `poll` stops long work by
    // throwing.
    SegmentQuery(SegmentReader& segment, const std::vector<Condition>& conditions,
                 const std::vector<const Folder*>& folders, std::pmr::memory_resource* memory,
                 void (*poll)());
    ~SegmentQuery();
    SegmentQuery(const SegmentQuery&) = delete;
    SegmentQuery& operator=(const SegmentQuery&) = delete;

    // An upper bound of the rows, found in lexicons alone.
    std::uint64_t estimate() const { return estimate_; }

    // The words that were found to answer the query, and their posting lists outside the lexicon.
    std::uint64_t words_found() const { return words_found_; }
    std::uint64_t lists_found() const { return lists_found_; }
    // The blocks of lexicons that were looked at to find them.
    std::uint64_t blocks_read() const { return blocks_read_; }
    std::uint64_t words_read() const { return words_read_; }
    // About how long evaluating the whole segment takes, in nanoseconds.
    double cost() const;

    void Evaluate(RowOrdinal lo, RowOrdinal hi, RowSet& rows);

    // About how long the lexicon would be searched for a condition's patterns, in nanoseconds;
    // found out in a few microseconds a term. 0 for those whose words are found by halving it, and
    // for value tests and sets, of which it is not known.
    static double SearchCost(SegmentReader& segment, const Condition& condition,
                             const Folder& folder);

  private:
    struct Alternative {
        std::vector<std::shared_ptr<const TermRows>> terms;  // by total, ascending
        // That it is of; null: of the set, or of several, exact.
        const LikePattern* pattern = nullptr;
        bool exact = false;
        std::uint64_t total = 0;  // of the rarest term; all rows if there is none
    };
    struct Prepared {
        const Condition* condition = nullptr;
        ColumnReader* column = nullptr;
        std::vector<Alternative> alternatives;
        bool everything = false;  // every row that is not NULL
        bool searched = true;     // false: rows of other conditions are verified
        std::vector<RowOrdinal> opaque;
        std::uint64_t total = 0;
        double posting_cost = 0;  // of evaluating the condition over the whole segment, in ns
        std::unique_ptr<ValueReader> values;

        ValueReader& Values() {
            if (!values) {
                values = std::make_unique<ValueReader>(*column);
            }
            return *values;
        }
    };
    // A row to be verified, and the pattern whose words are in it.
    struct Find {
        RowOrdinal row;
        const LikePattern* pattern;
    };

    void Prepare(const Condition& condition, const Folder& folder, double search_cost,
                 Prepared& prepared);
    void PrepareWords(const Condition& condition, const Folder& folder, std::uint64_t not_null,
                      Prepared& prepared);
    void PrepareSet(const Condition& condition, const Folder& folder, std::uint64_t not_null,
                    TermRows& exact, Prepared& prepared);
    void EvaluateCondition(Prepared& prepared, RowOrdinal lo, RowOrdinal hi, RowSet& rows);
    bool EvaluateAlternative(Prepared& prepared, const Alternative& alternative, RowOrdinal lo,
                             RowOrdinal hi, RowSet& rows);
    void AddNotNull(ColumnReader& column, RowOrdinal lo, RowOrdinal hi, RowSet& rows);
    void Verify(Prepared& prepared, RowSet& rows);
    void VerifyFinds(Prepared& prepared, std::pmr::vector<Find>& finds, RowSet& rows);
    template <typename Decide>
    void VerifyRegular(Prepared& prepared, RowSet& rows, Decide accepts);
    bool Accepts(Prepared& prepared, RowOrdinal row);
    void Poll(std::uint32_t n) {
        if (poll_ != nullptr && n % 1024 == 0) {
            poll_();
        }
    }

    SegmentReader* segment_;
    std::pmr::memory_resource* memory_;
    void (*poll_)();
    std::uint32_t row_count_;
    std::uint64_t estimate_ = 0;
    std::uint64_t words_found_ = 0;
    std::uint64_t lists_found_ = 0;
    std::uint64_t blocks_read_ = 0;
    std::uint64_t words_read_ = 0;
    std::vector<Prepared> conditions_;  // those searched for by total, ascending; then the others
};

}  // namespace namedex::core
