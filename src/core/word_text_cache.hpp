// The text of words by id, for rebuilding values: a cache over LexiconReader.
//
// Names repeat, so nearly every lookup finds its word already decoded, in a few nanoseconds. Where
// many rows are read, each word is still missed once, and to find one in the lexicon takes as long
// as to decode a dozen; so a block in which some words have been missed is loaded as a whole.
//
// A cache that has reached its limit keeps the words it has, the frequent ones of the rows so far
// among them, and other words pass through, one by one. When as many have passed as are kept, it is
// emptied and begins anew: rows elsewhere may have other frequent words, and filling it again takes
// no longer than what has passed did. Emptying it whenever it is full would throw out the frequent
// words for the many rare ones of untidy names. Where words that pass follow one another in the
// lexicon, as serial numbers do, their block is decoded apart, and serves until another is.
//
// Beside its limit it holds the words of one row, and of one block.
//
// Views stay valid until the next BeginRow().
//
//     cache.BeginRow();
//     for (WordId id : row) value.append(cache.Original(id));
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/lexicon_reader.hpp"

namespace namedex::core {

class WordTextCache {
  public:
    WordTextCache(LexiconReader& lexicon, std::size_t byte_limit,
                  std::pmr::memory_resource* memory);

    void BeginRow() {
        passing_used_ = 0;
        nearby_in_use_ = false;
        if (passed_ > used_ + kPatience) {
            Clear();
        }
    }

    // kCorrupt when the lexicon has no such word: ids come from stored rows.
    std::string_view Folded(WordId id) {
        const Slot& slot = Find(id);
        return {slot.text, slot.folded_bytes};
    }
    std::string_view Original(WordId id) {
        const Slot& slot = Find(id);
        return slot.original_bytes == 0
                   ? std::string_view(slot.text, slot.folded_bytes)
                   : std::string_view(slot.text + slot.folded_bytes, slot.original_bytes);
    }

    void Clear();
    std::size_t bytes_used() const { return bytes_used_; }

  private:
    // However few words are kept, it takes so many others to give them up.
    static constexpr std::size_t kPatience = 1024;

    struct Slot {
        const char* text =
            nullptr;  // folded bytes, then the original's; null when the slot is free
        std::uint32_t id = 0;
        std::uint16_t folded_bytes = 0;
        std::uint16_t original_bytes = 0;  // 0 when the original equals the folded form
    };

    // A word of this row that is not kept.
    struct Passing {
        std::pmr::string text;
        Slot slot;
    };

    std::size_t Home(std::uint32_t id) const {
        return (id * std::uint32_t{2654435769u}) >> shift_;  // Knuth's multiplicative hash
    }

    const Slot& Find(WordId id) {
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t at = Home(Raw(id));; at = (at + 1) & mask) {
            const Slot& slot = slots_[at];
            if (slot.text == nullptr) {
                return Load(id);
            }
            if (slot.id == Raw(id)) {
                return slot;
            }
        }
    }

    const Slot& Load(WordId id);
    const Slot& Pass(WordId id);
    void LoadNearby(const LexiconReader::BlockWords& place);
    void Decode(const WordHit& hit);
    void Add(const WordHit& hit);
    void Grow();
    std::size_t NextChunk() const;
    // The word's slot, or the free one that it would get.
    Slot& SlotFor(std::uint32_t id);

    LexiconReader* lexicon_;
    std::size_t byte_limit_;
    std::pmr::deque<std::pmr::vector<char>> text_;  // filled one after the other
    std::size_t text_left_ = 0;                     // in the last one
    std::pmr::vector<Slot> slots_;  // open addressing, a power of two
    unsigned shift_ = 0;
    std::size_t used_ = 0;
    std::size_t bytes_used_ = 0;
    std::pmr::vector<std::uint8_t> missed_;  // by block of the lexicon: words loaded one by one
    bool full_ = false;
    std::size_t passed_ = 0;  // words that were not kept
    std::pmr::deque<Passing> passing_;
    std::size_t passing_used_ = 0;
    std::uint32_t passed_block_ = 0;  // of the last word that passed
    unsigned passed_in_block_ = 0;    // one after the other
    WordRange nearby_;                // whose words are in nearby_slots_
    std::pmr::vector<Slot> nearby_slots_;
    std::pmr::vector<char> nearby_text_;
    bool nearby_in_use_ = false;  // by this row
    std::string original_;  // of the word decoded last; empty if it equals the folded form
};

}  // namespace namedex::core
