// RowBitmap: a set of row ordinals inside a window [base, base + size).
//
// One bit a row in 64-bit words, least significant bit first; bit 0 of word 0 is `base`. Bits past
// the window's end in the last word are always 0, so Count, Any and the word-wise operations need
// no mask. Memory comes from the resource given to the constructor and is reused by Reset.
//
//     RowBitmap rows(resource);
//     rows.Reset(0, row_count);
//     reader.OrRange(list, 0, row_count, rows);
//     rows.ForEach([&](RowOrdinal row) { … });
#pragma once

#include <cstddef>
#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/ids.hpp"

namespace namedex::core {

class RowBitmap {
  public:
    using Word = std::uint64_t;
    static constexpr unsigned kWordBits = 64;

    explicit RowBitmap(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
        : words_(memory) {}

    // The window becomes [base, base + size), all bits clear. base + size must not pass 2^32 - 1
    // (kInvalidArgument).
    void Reset(RowOrdinal base, std::uint32_t size);

    RowOrdinal base() const { return base_; }
    std::uint32_t size() const { return size_; }
    RowOrdinal end() const { return base_ + size_; }
    bool Covers(RowOrdinal row) const { return row - base_ < size_; }

    // The row must be in the window.
    void Set(RowOrdinal row) {
        const std::uint32_t bit = row - base_;
        words_[bit / kWordBits] |= Word{1} << (bit % kWordBits);
    }
    void Clear(RowOrdinal row) {
        const std::uint32_t bit = row - base_;
        words_[bit / kWordBits] &= ~(Word{1} << (bit % kWordBits));
    }
    // false outside the window.
    bool Test(RowOrdinal row) const {
        const std::uint32_t bit = row - base_;
        return bit < size_ && ((words_[bit / kWordBits] >> (bit % kWordBits)) & 1) != 0;
    }

    // Sets the rows of [lo, hi) that lie in the window.
    void SetRange(RowOrdinal lo, RowOrdinal hi);
    void SetAll() { SetRange(base_, end()); }
    void ClearAll();
    // ORs `bits`, bit 0 standing for row `first`; bits outside the window must be 0.
    void OrBits(RowOrdinal first, Word bits) {
        if (bits == 0) {
            return;
        }
        const std::uint32_t bit = first - base_;
        const unsigned shift = bit % kWordBits;
        Word* word = words_.data() + bit / kWordBits;
        word[0] |= bits << shift;
        if (shift != 0 && (bits >> (kWordBits - shift)) != 0) {
            word[1] |= bits >> (kWordBits - shift);
        }
    }

    // Both windows must be the same (kInternal otherwise). And makes `list` the members that are
    // left if they are `most` at most, else empty; returns whether they are.
    bool And(const RowBitmap& other, std::uint64_t most, std::pmr::vector<RowOrdinal>& list);
    void Or(const RowBitmap& other);
    void AndNot(const RowBitmap& other);
    // Every row of the window changes sides.
    void Complement();

    std::uint64_t Count() const;
    bool Any() const;
    // The smallest member >= from, or end() if there is none.
    RowOrdinal NextSet(RowOrdinal from) const;

    // Calls fn(RowOrdinal) for each member in ascending order.
    template <typename Fn>
    void ForEach(Fn&& fn) const {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            const RowOrdinal first = base_ + static_cast<RowOrdinal>(i * kWordBits);
            for (Word word = words_[i]; word != 0; word &= word - 1) {
                fn(first + static_cast<RowOrdinal>(__builtin_ctzll(word)));
            }
        }
    }

    // The same for the members of [lo, hi), within the window.
    template <typename Fn>
    void ForEach(RowOrdinal lo, RowOrdinal hi, Fn&& fn) const {
        for (std::uint32_t bit = lo - base_; bit < hi - base_;) {
            const std::uint32_t left = hi - base_ - bit;
            Word word = words_[bit / kWordBits] >> bit % kWordBits;
            const std::uint32_t here = std::min(left, kWordBits - bit % kWordBits);
            if (here < kWordBits) {
                word &= (Word{1} << here) - 1;
            }
            for (; word != 0; word &= word - 1) {
                fn(base_ + bit + static_cast<RowOrdinal>(__builtin_ctzll(word)));
            }
            bit += here;
        }
    }

    // Appends the members to any container with push_back.
    template <typename Out>
    void AppendTo(Out& out) const {
        ForEach([&](RowOrdinal row) { out.push_back(row); });
    }

    const Word* words() const { return words_.data(); }
    Word* words() { return words_.data(); }
    std::size_t word_count() const { return words_.size(); }

  private:
    void CheckSameWindow(const RowBitmap& other) const;

    std::pmr::vector<Word> words_;
    RowOrdinal base_ = 0;
    std::uint32_t size_ = 0;
};

}  // namespace namedex::core
