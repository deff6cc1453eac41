// TID map: row ordinal -> heap TID, TIDs ascending strictly with the ordinals.
//
// Ordinals are given out in heap order, so the rows of one heap block are consecutive and their offsets
// mostly too. A *run* is a stretch of ordinals with consecutive offsets in one block: 8 bytes, whatever its
// length. Rows loaded by COPY take one run a heap block.
//
//   page       u32 first ordinal, u32 ordinals in the page, u32 first heap block, u32 runs, then the runs
//   run        u64: bits 35-63 heap block less the page's first heap block
//                   bits 19-34 offset number of the run's first row (>= 1)
//                   bits  0-18 the run's first ordinal less the page's first ordinal
//   directory  one u32 a page: its first ordinal; 2032 of them fill a directory page
//
// A run ends where the next one starts, the page's last one at the page's last ordinal. Runs ascend as
// numbers. A page is cut before a field would overflow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/ids.hpp"
#include "core/pages.hpp"
#include "core/row_bitmap.hpp"

namespace namedex::core {

struct Tid {
    std::uint32_t block = 0;
    std::uint16_t offset = 0;  // 1-based, as in the heap

    friend bool operator==(Tid a, Tid b) { return a.block == b.block && a.offset == b.offset; }
    friend bool operator!=(Tid a, Tid b) { return !(a == b); }
    friend bool operator<(Tid a, Tid b) {
        return a.block != b.block ? a.block < b.block : a.offset < b.offset;
    }
};

class TidMapWriter {
  public:
    TidMapWriter(SectionWriter& pages, SectionWriter& directory);

    // Row ordinals are given out from 0 in the order of the calls; TIDs ascend strictly and offsets are >= 1
    // (kInternal otherwise).
    void Add(Tid tid);
    // Writes the last page; the caller finishes the sections.
    void Finish();

    std::uint32_t row_count() const { return row_count_; }

  private:
    SectionWriter* pages_;
    SectionWriter* directory_;
    std::uint32_t row_count_ = 0;
};

// Holds at most one page of each section pinned, until Release or destruction. Damage throws kCorrupt.
class TidMapReader {
  public:
    TidMapReader(const SectionReader& pages, const SectionReader& directory,
                 std::uint32_t row_count,
                 std::pmr::memory_resource* memory = std::pmr::get_default_resource());

    // The TID of a row below row_count (kInternal otherwise). Ascending calls are cheapest.
    Tid At(RowOrdinal row);

    // Calls fn(RowOrdinal, Tid) for each row of [lo, hi), ascending.
    template <typename Fn>
    void ForEach(RowOrdinal lo, RowOrdinal hi, Fn&& fn);

    // Calls fn(block, const std::uint16_t* offsets, std::size_t n) once for each heap block that has a row
    // in `rows`, blocks and offsets ascending. Rows beyond row_count are an error (kInternal).
    template <typename Fn>
    void ForEachSet(const RowBitmap& rows, Fn&& fn);

    std::uint32_t row_count() const { return row_count_; }
    void Release() noexcept;

  private:
    SectionReader pages_;
    SectionReader directory_;
    std::uint32_t row_count_ = 0;
};

}  // namespace namedex::core
