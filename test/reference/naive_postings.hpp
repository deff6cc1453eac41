// Naive twins of the posting lists, the row bitmap and the TID map, and lists of many kinds to
// compare on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "core/row_bitmap.hpp"
#include "core/tid_map.hpp"

namespace namedex::reference {

using core::RowOrdinal;
using core::Tid;

// The members of a sorted list in [lo, hi).
inline std::vector<RowOrdinal> NaiveRange(const std::vector<RowOrdinal>& rows, RowOrdinal lo,
                                          RowOrdinal hi) {
    std::vector<RowOrdinal> out;
    for (const RowOrdinal row : rows) {
        if (row >= lo && row < hi) {
            out.push_back(row);
        }
    }
    return out;
}

// A set of rows in a window.
class NaiveBitmap {
  public:
    NaiveBitmap(RowOrdinal base, std::uint32_t size) : base_(base), size_(size) {}

    void Set(RowOrdinal row) { rows_.insert(row); }
    void Clear(RowOrdinal row) { rows_.erase(row); }
    void SetRange(RowOrdinal lo, RowOrdinal hi) {
        for (RowOrdinal row = std::max(lo, base_); row < std::min(hi, base_ + size_); ++row) {
            rows_.insert(row);
        }
    }
    void Or(const NaiveBitmap& other) { rows_.insert(other.rows_.begin(), other.rows_.end()); }
    void And(const NaiveBitmap& other) { Keep(other, true); }
    void AndNot(const NaiveBitmap& other) { Keep(other, false); }
    void Complement() {
        std::set<RowOrdinal> rest;
        for (RowOrdinal row = base_; row < base_ + size_; ++row) {
            if (rows_.count(row) == 0) {
                rest.insert(row);
            }
        }
        rows_.swap(rest);
    }
    RowOrdinal NextSet(RowOrdinal from) const {
        const auto it = rows_.lower_bound(from);
        return it == rows_.end() ? base_ + size_ : *it;
    }
    const std::set<RowOrdinal>& rows() const { return rows_; }

  private:
    void Keep(const NaiveBitmap& other, bool members) {
        for (auto it = rows_.begin(); it != rows_.end();) {
            it = (other.rows_.count(*it) != 0) == members ? std::next(it) : rows_.erase(it);
        }
    }

    RowOrdinal base_;
    std::uint32_t size_;
    std::set<RowOrdinal> rows_;
};

// The rows of the set, one group a heap block, in order.
inline std::vector<std::pair<std::uint32_t, std::vector<std::uint16_t>>> NaiveBlocks(
    const std::vector<Tid>& tids, const std::vector<RowOrdinal>& rows) {
    std::vector<std::pair<std::uint32_t, std::vector<std::uint16_t>>> blocks;
    for (const RowOrdinal row : rows) {
        const Tid tid = tids[row];
        if (blocks.empty() || blocks.back().first != tid.block) {
            blocks.push_back({tid.block, {}});
        }
        blocks.back().second.push_back(tid.offset);
    }
    return blocks;
}

// `count` distinct rows below `limit` (>= count), ascending. Style 0: uniform; 1: in clusters; 2:
// runs; 3: uniform with a few far leaps (exceptions); 4: the densest at the end.
inline std::vector<RowOrdinal> RandomRows(std::mt19937_64& random, std::size_t count,
                                          std::uint32_t limit, int style) {
    std::vector<RowOrdinal> rows;
    std::uint64_t free = limit - count;  // rows left out, to be spread between the members
    std::uint64_t row = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t fair = free / (count - i) * 2;
        std::uint64_t leap = 0;
        switch (style) {
            case 0:
                leap = fair == 0 ? random() % 2 : random() % (fair + 1);
                break;
            case 1:
                leap = random() % 20 == 0 ? random() % (fair * 10 + 1) : random() % 3;
                break;
            case 2:
                leap = random() % 300 == 0 ? random() % (fair * 100 + 1) : 0;
                break;
            case 3:
                leap = random() % 60 == 0 ? random() % (fair * 25 + 1) : random() % (fair / 16 + 2);
                break;
            default:
                leap = i == 0 ? free : 0;
                break;
        }
        leap = std::min(leap, free);
        free -= leap;
        row += leap;
        rows.push_back(static_cast<RowOrdinal>(row++));
    }
    return rows;
}
inline constexpr int kRowStyles = 5;

}  // namespace namedex::reference
