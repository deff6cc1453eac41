// The original text of a column's frequent words, by their rank in its forward store
// (core/prefix_code.hpp), as far as they have been met.
//
//     RankedTexts texts(forward.word_ranks(), memory);
//     RankedTexts::Slot& slot = texts[rank];
//     if (slot.size == RankedTexts::kUnknown) slot.Set(text);
//
// A slot holds the text itself, so that a look-up touches one line of the processor's cache, and
// slots of neighbouring ranks, which are about as frequent, lie beside one another. Copying a slot
// copies all of its bytes. Takes 16 bytes a rank, 1 MB for the most ranks there may be, in chunks
// that are made when first needed.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace namedex::core {

class RankedTexts {
  public:
    // Few words of names are longer.
    static constexpr std::size_t kMaxText = 15;
    static constexpr std::uint8_t kUnknown = 0;  // no word is empty
    static constexpr std::uint8_t kLong = kMaxText + 1;

    struct Slot {
        char text[kMaxText];
        std::uint8_t size;  // of the text, or kUnknown, or kLong: the text does not fit

        void Set(std::string_view word) {
            if (word.size() > kMaxText) {
                size = kLong;
            } else {
                std::memcpy(text, word.data(), word.size());
                size = static_cast<std::uint8_t>(word.size());
            }
        }
    };
    static_assert(sizeof(Slot) == 16);

    RankedTexts(std::uint32_t ranks, std::pmr::memory_resource* memory)
        : chunks_((ranks + kChunk - 1) / kChunk, memory) {}
    RankedTexts(const RankedTexts&) = delete;
    RankedTexts& operator=(const RankedTexts&) = delete;

    // The slot of a rank below `ranks`.
    Slot& operator[](std::uint64_t rank) {
        std::pmr::vector<Slot>& chunk = chunks_[rank / kChunk];
        if (chunk.empty()) {
            chunk.resize(kChunk);
        }
        return chunk[rank % kChunk];
    }

  private:
    static constexpr std::uint32_t kChunk = 128;

    std::pmr::vector<std::pmr::vector<Slot>> chunks_;
};

}  // namespace namedex::core
