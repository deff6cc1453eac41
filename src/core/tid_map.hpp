// TID map: row ordinal -> heap TID, TIDs ascending strictly with the ordinals.
//
// Ordinals are given out in heap order, so the rows of one heap block are consecutive and their
// offsets mostly too. A *run* is a stretch of ordinals with consecutive offsets in one block: 8
// bytes, whatever its length. Rows loaded by COPY take one run a heap block.
//
//   page       u32 first ordinal, u32 ordinals in it, u32 first heap block, u32 runs; the runs
//   run        u64: bits 35-63 heap block less the page's first heap block
//                   bits 19-34 offset number of the run's first row (>= 1)
//                   bits  0-18 the run's first ordinal less the page's first ordinal
//   directory  one u32 a page: its first ordinal; 2032 of them fill a directory page
//
// A run ends where the next one starts, the page's last one at the page's last ordinal. Runs ascend
// as numbers. A page is cut before a field would overflow.
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

    // Row ordinals are given out from 0 in the order of the calls; TIDs ascend strictly and offsets
    // are >= 1 (kInternal otherwise).
    void Add(Tid tid);
    // Writes the last page; the caller finishes the sections.
    void Finish();

    std::uint32_t row_count() const { return row_count_; }

  private:
    void FlushPage();

    SectionWriter* pages_;
    SectionWriter* directory_;
    std::uint32_t row_count_ = 0;
    Tid last_;
    std::vector<std::uint64_t> runs_;  // of the page being filled
    std::uint32_t page_first_ = 0;
    std::uint32_t page_first_block_ = 0;
};

// Holds at most one page of each section pinned, until Release or destruction. Damage throws
// kCorrupt.
class TidMapReader {
  public:
    TidMapReader(const SectionReader& pages, const SectionReader& directory,
                 std::uint32_t row_count,
                 std::pmr::memory_resource* memory = std::pmr::get_default_resource());

    // The TID of a row below row_count (kInternal otherwise). Ascending calls are cheapest.
    Tid At(RowOrdinal row);

    // Calls fn(RowOrdinal, Tid) for each row of [lo, hi), ascending; hi <= row_count (kInternal
    // otherwise).
    template <typename Fn>
    void ForEach(RowOrdinal lo, RowOrdinal hi, Fn&& fn) {
        Order order;
        for (RowOrdinal row = lo; row < hi;) {
            const Run run = Seek(row);
            order.Check(run, row);
            const RowOrdinal end = run.end < hi ? run.end : hi;
            for (; row < end; ++row) {
                fn(row, Tid{run.block, run.Offset(row)});
            }
        }
    }

    // Calls fn(block, const std::uint16_t* offsets, std::size_t n) once for each heap block that
    // has a row in `rows`, blocks and offsets ascending. Rows beyond row_count are an error
    // (kInternal).
    template <typename Fn>
    void ForEachSet(const RowBitmap& rows, Fn&& fn) {
        ForEachSet(rows, rows.base(), rows.end(), fn);
    }
    // The same for the rows of [lo, hi), within the bitmap's window.
    template <typename Fn>
    void ForEachSet(const RowBitmap& rows, RowOrdinal lo, RowOrdinal hi, Fn&& fn) {
        Order order;
        std::uint32_t block = 0;
        std::size_t n = 0;
        for (RowOrdinal row = rows.NextSet(lo); row < hi;) {
            const Run run = Seek(row);
            order.Check(run, row);
            if (run.block != block && n > 0) {
                fn(block, offsets_.data(), n);
                n = 0;
            }
            block = run.block;
            const RowOrdinal end = run.end < hi ? run.end : hi;
            if (offsets_.size() < n + (end - row)) {
                offsets_.resize(n + (end - row));
            }
            n += Collect(rows, row, end, run, offsets_.data() + n);
            row = rows.NextSet(end);
        }
        if (n > 0) {
            fn(block, offsets_.data(), n);
        }
    }

    std::uint32_t row_count() const { return row_count_; }
    void Release() noexcept;

  private:
    struct Run {
        std::uint32_t block = 0;
        std::uint16_t offset = 0;  // of row `begin`
        RowOrdinal begin = 0;
        RowOrdinal end = 0;

        std::uint16_t Offset(RowOrdinal row) const {
            return static_cast<std::uint16_t>(offset + (row - begin));
        }
    };

    // Watches that runs come with ascending TIDs.
    class Order {
      public:
        void Check(const Run& run, RowOrdinal row) {
            const std::uint64_t first = std::uint64_t{run.block} << 16 | run.Offset(row);
            if (first < least_) {
                ThrowCorrupt("heap addresses of the rows do not ascend");
            }
            least_ = (std::uint64_t{run.block} << 16 | run.Offset(run.end - 1)) + 1;
        }

      private:
        std::uint64_t least_ = 0;
    };

    // The run that holds the row; valid until the next call.
    const Run& Seek(RowOrdinal row);
    void SeekPage(RowOrdinal row);
    RowOrdinal DirectoryEntry(std::uint32_t page);
    void LoadPage(std::uint32_t page, RowOrdinal expected_first);
    std::uint64_t RunBits(std::uint32_t run) const;
    void LoadRun(std::uint32_t run);
    // Writes the offsets of the members of `rows` in [row, end), all in `run`; how many.
    static std::size_t Collect(const RowBitmap& rows, RowOrdinal row, RowOrdinal end,
                               const Run& run, std::uint16_t* out);

    SectionReader pages_;
    SectionReader directory_;
    std::uint32_t row_count_ = 0;
    PinnedPage pin_;
    PinnedPage directory_pin_;
    // The pinned page; page_end_ == page_first_ when there is none.
    std::uint32_t page_ = 0;
    RowOrdinal page_first_ = 0;
    RowOrdinal page_end_ = 0;
    std::uint32_t page_first_block_ = 0;
    std::uint32_t run_count_ = 0;
    const std::uint8_t* run_bytes_ = nullptr;
    std::uint32_t run_index_ = 0;
    Run run_;
    std::pmr::vector<std::uint16_t> offsets_;
};

}  // namespace namedex::core
