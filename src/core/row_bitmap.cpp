#include "core/row_bitmap.hpp"

#include <algorithm>

#include "core/bit_count.hpp"
#include "core/error.hpp"

namespace namedex::core {

void RowBitmap::Reset(RowOrdinal base, std::uint32_t size) {
    if (size > 0xFFFFFFFFu - base) {
        ThrowInvalidArgument("a window of rows ends past the largest row ordinal");
    }
    words_.assign((std::size_t{size} + kWordBits - 1) / kWordBits, 0);
    base_ = base;
    size_ = size;
}

void RowBitmap::SetRange(RowOrdinal lo, RowOrdinal hi) {
    lo = std::max(lo, base_);
    hi = std::min(hi, end());
    if (lo >= hi) {
        return;
    }
    const std::uint32_t first = lo - base_;
    const std::uint32_t last = hi - base_ - 1;
    const std::size_t first_word = first / kWordBits;
    const std::size_t last_word = last / kWordBits;
    const Word head = ~Word{0} << (first % kWordBits);
    const Word tail = ~Word{0} >> (kWordBits - 1 - last % kWordBits);
    if (first_word == last_word) {
        words_[first_word] |= head & tail;
        return;
    }
    words_[first_word] |= head;
    std::fill(words_.begin() + static_cast<std::ptrdiff_t>(first_word) + 1,
              words_.begin() + static_cast<std::ptrdiff_t>(last_word), ~Word{0});
    words_[last_word] |= tail;
}

void RowBitmap::ClearAll() {
    std::fill(words_.begin(), words_.end(), Word{0});
}

void RowBitmap::CheckSameWindow(const RowBitmap& other) const {
    if (base_ != other.base_ || size_ != other.size_) {
        ThrowInternal("row bitmaps of different windows were combined");
    }
}

bool RowBitmap::And(const RowBitmap& other, std::uint64_t most,
                    std::pmr::vector<RowOrdinal>& list) {
    CheckSameWindow(other);
    list.clear();
    Word* mine = words_.data();
    const Word* theirs = other.words_.data();
    for (std::size_t i = 0, n = words_.size(); i < n; ++i) {
        mine[i] &= theirs[i];
        // Most words are 0 where the list is of use.
        if (mine[i] != 0 && list.size() <= most) {
            const RowOrdinal first = base_ + static_cast<RowOrdinal>(i * kWordBits);
            for (Word word = mine[i]; word != 0; word &= word - 1) {
                list.push_back(first + static_cast<RowOrdinal>(__builtin_ctzll(word)));
            }
        }
    }
    if (list.size() <= most) {
        return true;
    }
    list.clear();
    return false;
}

void RowBitmap::Or(const RowBitmap& other) {
    CheckSameWindow(other);
    Word* mine = words_.data();
    const Word* theirs = other.words_.data();
    for (std::size_t i = 0, n = words_.size(); i < n; ++i) {
        mine[i] |= theirs[i];
    }
}

void RowBitmap::AndNot(const RowBitmap& other) {
    CheckSameWindow(other);
    Word* mine = words_.data();
    const Word* theirs = other.words_.data();
    for (std::size_t i = 0, n = words_.size(); i < n; ++i) {
        mine[i] &= ~theirs[i];
    }
}

void RowBitmap::Complement() {
    for (Word& word : words_) {
        word = ~word;
    }
    if (size_ % kWordBits != 0) {
        words_.back() &= ~Word{0} >> (kWordBits - size_ % kWordBits);
    }
}

std::uint64_t RowBitmap::Count() const {
    return CountBits(words_.data(), words_.size());
}

bool RowBitmap::Any() const {
    return std::any_of(words_.begin(), words_.end(), [](Word word) { return word != 0; });
}

RowOrdinal RowBitmap::NextSet(RowOrdinal from) const {
    from = std::max(from, base_);
    if (from >= end()) {
        return end();
    }
    const std::uint32_t bit = from - base_;
    std::size_t i = bit / kWordBits;
    Word word = words_[i] & (~Word{0} << (bit % kWordBits));
    while (word == 0) {
        if (++i == words_.size()) {
            return end();
        }
        word = words_[i];
    }
    return base_ + static_cast<RowOrdinal>(i * kWordBits) +
           static_cast<RowOrdinal>(__builtin_ctzll(word));
}

}  // namespace namedex::core
