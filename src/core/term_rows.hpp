// The rows of one pattern term in one segment: found in the lexicon once, then read window by
// window.
//
// Finding collects, for every word the term accepts, its posting lists of the wanted classes (by
// reference) and the ordinals of words so rare that they are kept inline. total() counts all of
// them, with rows that hold several of the words counted several times: an upper bound of the rows,
// exact enough to plan with.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/condition.hpp"
#include "core/lexicon_reader.hpp"
#include "core/postings.hpp"
#include "core/row_set.hpp"

namespace namedex::core {

class TermRows {
  public:
    TermRows(std::uint32_t row_count, std::pmr::memory_resource* memory)
        : row_count_(row_count), lists_(memory), few_(memory), many_(memory) {}

    // Finds the words of `term` of an `op` pattern. May be called for several terms, whose rows are
    // united.
    void Find(LexiconReader& lexicon, const Folder& folder, Operator op,
              const LikePattern::Term& term);
    // About how long that takes, in nanoseconds, where the words may be anywhere in the lexicon; 0
    // where they are found by halving it.
    static double SearchCost(LexiconReader& lexicon, const Folder& folder, Operator op,
                             const LikePattern::Term& term);
    // Finds the words that a test accepts.
    void Find(LexiconReader& lexicon, const ValueTest& test);
    // Takes a word found by the caller.
    void Take(const WordHit& hit, ClassMask classes);

    std::uint64_t total() const { return total_; }
    std::uint64_t words_found() const { return words_found_; }
    // Posting lists outside the lexicon.
    std::uint64_t lists_found() const { return lists_.size(); }

    // Adds the rows in [set.lo(), set.hi()) to `set`; the caller normalizes it.
    void AddTo(PostingReader& postings, RowSet& set, void (*poll)()) const;

    // Makes `set` the rows in [lo, hi), in the cheaper form.
    void Evaluate(PostingReader& postings, RowOrdinal lo, RowOrdinal hi, RowSet& set,
                  void (*poll)()) const;

    std::size_t memory_bytes() const;

  private:
    std::uint32_t row_count_;
    std::uint64_t total_ = 0;
    std::uint64_t words_found_ = 0;
    std::pmr::vector<ListRef> lists_;
    std::pmr::vector<RowOrdinal> few_;  // inline ordinals in any order, unless there are too many:
    RowBitmap many_;                    // then bits of the whole segment
    bool use_many_ = false;
};

}  // namespace namedex::core
