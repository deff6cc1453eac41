// A set of row ordinals within a window: a sorted list while it is small, else a bitmap.
//
// A bitmap costs a pass over the window, a list costs a sort; RowSet is told which of both it is
// when it is made, because whoever makes it knows how many ordinals are to come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/row_bitmap.hpp"

namespace namedex::core {

class RowSet {
  public:
    explicit RowSet(std::pmr::memory_resource* memory) : list_(memory), bits_(memory) {}

    // Empties the set and fixes its window [lo, hi) and its form.
    void Start(RowOrdinal lo, RowOrdinal hi, bool dense) {
        lo_ = lo;
        hi_ = hi;
        dense_ = dense;
        list_.clear();
        if (dense) {
            bits_.Reset(lo, hi - lo);
        }
    }

    // A window of n rows holds this many ordinals before a bitmap is cheaper: sorting an ordinal
    // costs what getting, clearing and scanning some 1,500 bits of fresh memory costs.
    static bool DenseIsCheaper(std::uint64_t expected, std::uint64_t window_rows) {
        return expected > MostInAList(window_rows);
    }
    static std::uint64_t MostInAList(std::uint64_t window_rows) {
        return std::max<std::uint64_t>(64, window_rows / 1536);
    }

    bool dense() const { return dense_; }
    RowOrdinal lo() const { return lo_; }
    RowOrdinal hi() const { return hi_; }
    std::pmr::vector<RowOrdinal>& list() { return list_; }
    const std::pmr::vector<RowOrdinal>& list() const { return list_; }
    RowBitmap& bits() { return bits_; }
    const RowBitmap& bits() const { return bits_; }

    // Adds a row of the window, in any order.
    void Add(RowOrdinal row) {
        if (dense_) {
            bits_.Set(row);
        } else {
            list_.push_back(row);
        }
    }

    // Puts a list in order after Add in any order.
    void Normalize() {
        if (!dense_) {
            if (!std::is_sorted(list_.begin(), list_.end())) {
                std::sort(list_.begin(), list_.end());
            }
            list_.erase(std::unique(list_.begin(), list_.end()), list_.end());
        }
    }

    std::uint64_t Count() const { return dense_ ? bits_.Count() : list_.size(); }
    bool Contains(RowOrdinal row) const {
        return dense_ ? bits_.Test(row) : std::binary_search(list_.begin(), list_.end(), row);
    }

    template <typename Fn>
    void ForEach(Fn&& fn) const {
        if (dense_) {
            bits_.ForEach(fn);
        } else {
            for (const RowOrdinal row : list_) {
                fn(row);
            }
        }
    }

    // Keeps the rows for which keep(row) is true, asked in ascending order.
    template <typename Fn>
    void Retain(Fn&& keep) {
        if (dense_) {
            for (RowOrdinal row = bits_.NextSet(lo_); row < hi_; row = bits_.NextSet(row + 1)) {
                if (!keep(row)) {
                    bits_.Clear(row);
                }
            }
        } else {
            list_.erase(std::remove_if(list_.begin(), list_.end(),
                                       [&keep](RowOrdinal row) { return !keep(row); }),
                        list_.end());
        }
    }

    void And(const RowSet& other) {
        if (dense_ && other.dense_) {
            // What many words have in common may be few rows, which a list hands on in less time.
            dense_ = !bits_.And(other.bits_, MostInAList(hi_ - lo_), list_);
        } else if (dense_) {
            // The smaller form wins.
            list_.clear();
            for (const RowOrdinal row : other.list_) {
                if (bits_.Test(row)) {
                    list_.push_back(row);
                }
            }
            dense_ = false;
        } else {
            Retain([&other](RowOrdinal row) { return other.Contains(row); });
        }
    }

    // Adds the rows of a set of the same window, in any order: Normalize comes behind the last one.
    // Unlike with Or many small sets take no more than the sorting of them all.
    void Gather(RowSet&& other) {
        if (!dense_ && list_.empty() && other.dense_) {
            bits_ = std::move(other.bits_);
            dense_ = true;
            return;
        }
        if (dense_ || other.dense_) {
            Or(other);
            return;
        }
        if (list_.empty()) {
            list_.swap(other.list_);
        } else {
            list_.insert(list_.end(), other.list_.begin(), other.list_.end());
        }
        if (DenseIsCheaper(list_.size(), hi_ - lo_)) {
            bits_.Reset(lo_, hi_ - lo_);
            for (const RowOrdinal row : list_) {
                bits_.Set(row);
            }
            list_.clear();
            dense_ = true;
        }
    }

    void Or(const RowSet& other) {
        if (dense_ && other.dense_) {
            bits_.Or(other.bits_);
        } else if (dense_) {
            for (const RowOrdinal row : other.list_) {
                bits_.Set(row);
            }
        } else if (other.dense_) {
            bits_.Reset(lo_, hi_ - lo_);
            for (const RowOrdinal row : list_) {
                bits_.Set(row);
            }
            bits_.Or(other.bits_);
            list_.clear();
            dense_ = true;
        } else {
            const auto middle = static_cast<std::ptrdiff_t>(list_.size());
            list_.insert(list_.end(), other.list_.begin(), other.list_.end());
            std::inplace_merge(list_.begin(), list_.begin() + middle, list_.end());
            list_.erase(std::unique(list_.begin(), list_.end()), list_.end());
        }
    }

  private:
    RowOrdinal lo_ = 0;
    RowOrdinal hi_ = 0;
    bool dense_ = false;
    std::pmr::vector<RowOrdinal> list_;
    RowBitmap bits_;
};

}  // namespace namedex::core
