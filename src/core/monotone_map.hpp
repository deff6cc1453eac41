// A map from 0, 1, 2, … to numbers that never decrease, in little memory.
//
// The numbers are kept in blocks of 64: the first, and of each how much more it is, in as many bits
// as the last one needs. A block of consecutive numbers keeps the first alone. So it takes 2 bits a
// number and, where numbers are not consecutive, the bits that 64 of them span: 6 to 9 where they
// grow by 1 to 8 a step, at most 32.
//
// Numbers are pushed in order; Seal makes the last ones readable. At is one or two memory accesses.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/bit_stream.hpp"

namespace namedex::core {

class MonotoneMap {
  public:
    explicit MonotoneMap(std::pmr::memory_resource* memory) : blocks_(memory), words_(memory) {}

    std::uint64_t size() const { return size_; }

    // `number` is not less than the one pushed before.
    void Push(std::uint32_t number) {
        pushed_[size_++ % kBlock] = number;
        if (size_ % kBlock == 0) {
            WriteBlock(kBlock);
        }
    }

    // After the last Push.
    void Seal() {
        if (size_ % kBlock != 0) {
            WriteBlock(size_ % kBlock);
        }
        words_.push_back(0);  // reading takes a word more than the bits need
    }

    // i < size(), after Seal.
    std::uint32_t At(std::uint64_t i) const {
        const Block& block = blocks_[i / kBlock];
        const unsigned n = static_cast<unsigned>(i % kBlock);
        if (block.width == kConsecutive) {
            return block.first + n;
        }
        const unsigned bit = n * block.width;
        const std::uint64_t* word = &words_[block.word + bit / 64];
        const unsigned shift = bit % 64;
        const std::uint64_t bits =
            word[0] >> shift | (shift == 0 ? 0 : word[1] << (64 - shift));
        return block.first + static_cast<std::uint32_t>(bits & LowBits(block.width));
    }

    std::size_t memory_bytes() const {
        return blocks_.capacity() * sizeof(Block) + words_.capacity() * sizeof(std::uint64_t);
    }

  private:
    static constexpr unsigned kBlock = 64;
    static constexpr std::uint8_t kConsecutive = 0xFF;

    struct Block {
        std::uint32_t first;
        std::uint8_t width;
        std::uint64_t word;  // where its bits begin; kBlock numbers fill whole words
    };

    void WriteBlock(unsigned size) {
        const std::uint32_t first = pushed_[0];
        bool consecutive = true;
        for (unsigned i = 1; i < size; ++i) {
            consecutive = consecutive && pushed_[i] == first + i;
        }
        if (consecutive) {
            blocks_.push_back({first, kConsecutive, 0});
            return;
        }
        unsigned width = 0;
        while (pushed_[size - 1] - first > LowBits(width)) {
            ++width;
        }
        blocks_.push_back({first, static_cast<std::uint8_t>(width), words_.size()});
        std::uint64_t word = 0;
        unsigned used = 0;
        for (unsigned i = 0; i < kBlock && width > 0; ++i) {
            const std::uint64_t more = i < size ? pushed_[i] - first : 0;
            word |= more << used;
            used += width;
            if (used >= 64) {
                words_.push_back(word);
                used -= 64;
                word = used > 0 ? more >> (width - used) : 0;
            }
        }
    }

    std::uint64_t size_ = 0;
    std::uint32_t pushed_[kBlock];
    std::pmr::vector<Block> blocks_;
    std::pmr::vector<std::uint64_t> words_;
};

}  // namespace namedex::core
