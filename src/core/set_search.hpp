// Finds in one segment the rows of a PatternSet's members, by their words.
//
// Where a member is a single word, the word's rows match. Every other member is looked for by its
// rarest word, whose rows are candidates: what the set accepts of all members' candidates together
// matches. Only where a member's rarest word is a frequent one are the rows of its words to be
// intersected first.
//
// All words are looked up in one walk through the lexicon (another finds the rows, when it is known
// how many there are); those that cannot be narrowed down by their folds, in one pass over all
// words.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "core/fold.hpp"
#include "core/pattern_set.hpp"
#include "core/segment_reader.hpp"
#include "core/term_rows.hpp"

namespace namedex::core {

class SetSearch {
  public:
    struct Result {
        Result(std::uint32_t row_count, std::pmr::memory_resource* memory)
            : candidates(row_count, memory) {}

        TermRows candidates;
        // For each of some members the rows of each of its words: the rows common to all are
        // candidates.
        std::vector<std::vector<TermRows>> intersections;
        // A member has no words: every row that is not NULL is a candidate, and nothing else was
        // found.
        bool every_row = false;
    };

    // All outlive the search. `poll` stops long work by throwing; it may be null.
    SetSearch(const PatternSet& set, ColumnReader& column, const Folder& folder,
              std::uint32_t row_count, std::pmr::memory_resource* memory, void (*poll)());

    // Adds the rows that match to `exact`. To be called once.
    void Find(TermRows& exact, Result& result);

    // How often a word of the lexicon was held against one of a member.
    std::uint64_t compared() const { return compared_; }

  private:
    // A word of a member.
    struct Word {
        std::string_view needle;  // the fold of `text`
        std::string_view text;    // what a word's text for the operator must be, or begin with
        std::uint32_t member = 0;
        bool open_end = false;
        ClassMask exact = 0;        // in these classes the word is all there is to the member
        ClassMask candidate = 0;    // in these it may be
        std::uint32_t fitting = 0;  // words of the lexicon that fit
        std::uint64_t total = 0;    // rows of their candidate classes
        TermRows* rows = nullptr;   // where they go
        bool repeated = false;      // the word before differs in nothing but its member
    };
    using Words = std::vector<Word>;

    bool ignores_case() const { return set_->op() == Operator::kILike; }
    void Split();
    void Narrow();
    void Choose(Result& result);
    template <typename Wanted, typename Visit>
    void Look(Wanted wanted, Visit visit);
    template <typename Wanted, typename Visit>
    void LookAtEveryWord(Wanted wanted, Visit visit);
    void Poll(std::size_t n) const {
        if (poll_ != nullptr && n % 1024 == 0) {
            poll_();
        }
    }

    const PatternSet* set_;
    ColumnReader* column_;
    const Folder* folder_;
    std::uint32_t row_count_;
    std::pmr::memory_resource* memory_;
    void (*poll_)();
    std::pmr::monotonic_buffer_resource folds_;
    Words words_;     // by needle; the last ones, from narrowed_ on, by text
    std::size_t narrowed_ = 0;
    std::uint64_t compared_ = 0;
    bool every_row_ = false;
};

}  // namespace namedex::core
