// A block of an INCLUDE column's page (bytes: core/include_format.hpp): 128 numbers, or 16 texts.
//
// Encoders append to a vector and cannot fail. Readers are opened over a block's bytes, all of
// which are checked then, so that reading a row is a few instructions. A reader that failed to open
// is opened again before it is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "core/bit_count.hpp"
#include "core/include_format.hpp"
#include "core/include_type.hpp"

namespace namedex::core {

// Which rows of a block are NULL.
class NullBits {
  public:
    // Once for each row.
    void Set(unsigned row) {
        words_[row / 64] |= std::uint64_t{1} << row % 64;
        first_ += row < 64 ? 1 : 0;
    }
    bool Test(unsigned row) const { return (words_[row / 64] >> row % 64 & 1) != 0; }
    unsigned Count() const { return first_ + CountBits(words_[1]); }
    // Of the rows before `row`.
    unsigned CountBefore(unsigned row) const {
        const unsigned bits = CountBits(words_[row / 64] & LowBits(row % 64));
        return row < 64 ? bits : bits + first_;
    }
    // Those of the `rows` rows from `first` on, as a block of their own.
    NullBits Part(unsigned first, unsigned rows) const {
        NullBits part;
        for (unsigned i = 0; i < rows; ++i) {
            if (Test(first + i)) {
                part.Set(i);
            }
        }
        return part;
    }
    // `bytes` bytes, 2 or 16, of which the bits past `rows` count for nothing.
    static NullBits Load(const std::uint8_t* from, std::size_t bytes, unsigned rows);
    void Append(std::size_t bytes, std::pmr::vector<std::uint8_t>& out) const;

  private:
    std::uint64_t words_[2] = {0, 0};
    unsigned first_ = 0;  // in the first word
};

// Appends a block of `rows` rows; `values` are those of the rows that are not NULL. `width`: the
// column's, or kCodeBytes.
void EncodeNumbers(const std::int64_t* values, const NullBits& nulls, unsigned rows, unsigned width,
                   std::pmr::vector<std::uint8_t>& out);

struct StoredText {
    std::string_view bytes;
    bool is_long = false;  // the bytes, kLongRefBytes, say where the value is
};
void EncodeTexts(const StoredText* values, const NullBits& nulls, unsigned rows,
                 std::pmr::vector<std::uint8_t>& out);

class NumberBlock {
  public:
    // The block of `rows` <= 128 rows at `offset` of the page. Throws kCorrupt.
    void Open(Span page, std::size_t offset, unsigned rows, unsigned width);

    // Of a row below `rows`; false if it is NULL. The number may be out of the width's range.
    bool Read(unsigned row, std::int64_t& value) const {
        if (any_nulls_) {
            if (nulls_.Test(row)) {
                return false;
            }
            row -= nulls_.CountBefore(row);
        }
        const std::size_t bit = std::size_t{row} * bits_;
        value = static_cast<std::int64_t>(
            least_ + (LoadLe<std::uint64_t>(packed_ + (bit >> 3)) >> (bit & 7) & mask_));
        return true;
    }

  private:
    const std::uint8_t* packed_ = nullptr;
    std::uint64_t least_ = 0;
    std::uint64_t mask_ = 0;
    unsigned bits_ = 0;
    bool any_nulls_ = false;
    NullBits nulls_;
};

class TextBlock {
  public:
    // The block of `rows` <= 16 rows at `offset` of the page. Throws kCorrupt.
    void Open(Span page, std::size_t offset, unsigned rows);

    // Of a row below `rows`; false if it is NULL. Unless the value is long, it is prefix() and then
    // the bytes.
    bool Read(unsigned row, StoredText& value) const {
        if (any_nulls_) {
            if (nulls_.Test(row)) {
                return false;
            }
            row -= nulls_.CountBefore(row);
        }
        value.bytes = {page_ + starts_[row], starts_[row + 1] - starts_[row]};
        value.is_long = (long_ >> row & 1) != 0;
        return true;
    }
    std::string_view prefix() const { return prefix_; }

  private:
    const char* page_ = nullptr;
    std::uint32_t starts_[kTextBlockRows + 1] = {};
    std::uint32_t long_ = 0;  // a bit for each value
    std::string_view prefix_;
    bool any_nulls_ = false;
    NullBits nulls_;
};

}  // namespace namedex::core
