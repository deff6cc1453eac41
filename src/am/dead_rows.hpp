/*
 * The dead rows of a segment, read from its tombstones page by page as they are asked for.
 */
#pragma once

#include "am/index_snapshot.hpp"
#include "core/row_set.hpp"

namespace namedex::am {

class DeadRows {
  public:
    // `snapshot` (may be null) is checked for the age of what is read.
    DeadRows(OpenSegment& segment, Snapshot snapshot, std::pmr::memory_resource* memory)
        : segment_(segment), snapshot_(snapshot), dead_(memory) {}

    // Whether a row is dead; rows ascend from call to call.
    bool Contains(core::RowOrdinal row) {
        if (row >= read_to_) {
            const std::uint64_t rows = segment_.reader.row_count();
            const std::uint64_t lo = row / core::kTombstonesPerPage * core::kTombstonesPerPage;
            read_to_ = std::min(rows, lo + core::kTombstonesPerPage);
            ReadTombstones(segment_, static_cast<core::RowOrdinal>(lo),
                           static_cast<core::RowOrdinal>(read_to_), dead_, snapshot_);
        }
        return dead_.Test(row);
    }

    // Takes them out of a set of rows.
    void TakeOutOf(core::RowSet& rows) {
        if (rows.dense()) {
            ReadTombstones(segment_, rows.lo(), rows.hi(), dead_, snapshot_);
            rows.bits().AndNot(dead_);
        } else {
            rows.Retain([this](core::RowOrdinal row) { return !Contains(row); });
        }
    }

  private:
    OpenSegment& segment_;
    Snapshot snapshot_;
    core::RowBitmap dead_;
    std::uint64_t read_to_ = 0;
};

}  // namespace namedex::am
