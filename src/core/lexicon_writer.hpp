// Writes a lexicon (format: core/lexicon.hpp) from words that arrive in order.
//
//     LexiconWriter writer(blocks, directory, memory, gram_memory_limit);
//     for (...) WordId id = writer.Add(folded, entry);
//     writer.Finish(grams, gram_directory);      // then SectionWriter::Finish on all four
//
// Words wait until their block is full, so that a block is cut where the page ends; memory is one
// block plus the grams, which stay within gram_memory_limit bytes. Work on the grams polls
// (core/poll.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "core/grams.hpp"
#include "core/ids.hpp"
#include "core/lexicon.hpp"
#include "core/pages.hpp"

namespace namedex::core {

class LexiconWriter {
  public:
    LexiconWriter(SectionWriter& blocks, SectionWriter& directory,
                  std::pmr::memory_resource* memory, std::size_t gram_memory_limit,
                  void (*poll)() = nullptr);

    // Appends a word: 1..kMaxWordBytes folded bytes without NUL, and its entry as EncodeWordEntry
    // made it. Ids are given out from 0. A folded form may repeat (case variants, which the caller
    // orders by original bytes) but never decrease; kInternal if it does, kTooLarge when ids run
    // out.
    WordId Add(std::string_view folded, Span entry);

    // Writes the last block and the grams. Nothing may be added afterwards.
    void Finish(SectionWriter& grams, SectionWriter& gram_directory);

    std::uint32_t word_count() const { return word_count_; }
    std::uint32_t block_count() const { return block_count_; }
    // Folded bytes of all words, before prefixes are shared.
    std::uint64_t text_bytes() const { return text_bytes_; }

  private:
    struct Pending {
        std::uint32_t text_end;
        std::uint32_t entry_end;
    };

    std::string_view PendingWord(std::size_t index) const;
    std::size_t SizeWith(std::string_view word, std::size_t entry_bytes) const;
    void MakeRoom(std::string_view folded, std::size_t entry_bytes);
    void WriteBlock();

    SectionWriter* blocks_;
    SectionWriter* directory_;
    GramWriter grams_;
    std::pmr::vector<char> text_;             // the pending words' folded bytes, back to back
    std::pmr::vector<std::uint8_t> entries_;  // and their entries
    std::pmr::vector<Pending> pending_;
    std::pmr::vector<std::uint8_t> block_;  // the block being laid out
    std::pmr::string last_;                 // the last word added
    std::uint32_t word_count_ = 0;
    std::uint32_t block_count_ = 0;
    std::uint64_t text_bytes_ = 0;
};

}  // namespace namedex::core
