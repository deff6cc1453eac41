// The rows of terms that were searched for lately in one column of a segment.
//
// A statement searches the lexicon twice for a term: the planner asks how many rows there are, and
// the scan asks which. A segment never changes, so what the first search has found is the answer to
// the second, and to a later statement's.
//
// Terms are kept while they are few and small: the last kMaxKept to be searched for, if they take
// `max_bytes` together; one that takes more by itself is not kept, however long its search took. All
// is in the memory resource, so that whoever counts its bytes knows of them. What searches would
// have read is counted as if they had, so that a plan's cost does not depend on what was searched
// for before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <string>

#include "core/condition.hpp"
#include "core/term_rows.hpp"

namespace namedex::core {

class FoundTerms {
  public:
    static constexpr std::size_t kMaxKept = 16;

    // All outlive it, and what it gives out.
    FoundTerms(LexiconReader& lexicon, std::uint32_t row_count, std::pmr::memory_resource* memory,
               std::size_t max_bytes = std::size_t{256} << 10)
        : lexicon_(&lexicon),
          row_count_(row_count),
          memory_(memory),
          max_bytes_(max_bytes),
          kept_(memory) {}

    // The rows of `term` of an `op` pattern. `folder` is always the column's.
    std::shared_ptr<const TermRows> Find(const Folder& folder, Operator op,
                                         const LikePattern::Term& term);

    // Blocks and words of the lexicon that would have been read, had nothing been kept.
    std::uint64_t blocks_spared() const { return blocks_spared_; }
    std::uint64_t words_spared() const { return words_spared_; }

  private:
    struct Found {
        std::pmr::string key;
        std::shared_ptr<const TermRows> rows;
        std::size_t bytes;
        std::uint64_t blocks_read;
        std::uint64_t words_read;
    };

    void Keep(Found&& found);

    LexiconReader* lexicon_;
    std::uint32_t row_count_;
    std::pmr::memory_resource* memory_;
    std::size_t max_bytes_;
    std::pmr::deque<Found> kept_;  // the oldest first
    std::size_t kept_bytes_ = 0;
    std::uint64_t blocks_spared_ = 0;
    std::uint64_t words_spared_ = 0;
};

}  // namespace namedex::core
