/*
 * Makes segments out of rows that arrive one by one, within a limit of memory.
 *
 * Rows are collected in memory (core/row_accumulator.hpp). When they would take more than the limit they are
 * written to temporary pages as a run, which has the format of a segment, and at the end the runs are merged
 * into the one segment that goes into the index. A build that fits in memory writes its segment directly.
 */
#pragma once

#include "am/index_keys.hpp"
#include "pg/prelude.hpp"
#include "storage/segment_pages.hpp"
#include "storage/temporary_pages.hpp"

namespace namedex::am {

class SegmentBuild {
  public:
    SegmentBuild(IndexKeys& keys, std::size_t memory_limit);

    // Rows in TID order, or in several stretches of that order, each begun by BeginRun.
    void BeginRun();
    void Add(core::Tid tid, std::string_view encoded);

    std::uint64_t row_count() const { return row_count_; }
    std::size_t run_count() const { return runs_.size(); }

    // Writes all rows as segment `segment_id` (none if there are no rows) and fills `entry`. `log`: see
    // SegmentPagesWriter.
    void Finish(Relation index, uint32 segment_id, bool log, storage::SegmentEntry* entry);

  private:
    void WriteRun();

    IndexKeys& keys_;
    std::size_t row_limit_bytes_;
    core::SegmentOptions options_;
    std::unique_ptr<core::RowAccumulator> rows_;
    std::vector<std::unique_ptr<core::PageStore>> runs_;
    storage::TemporaryPagesFactory temporary_;
    std::uint64_t row_count_ = 0;
    std::size_t bytes_since_check_ = 0;
};

// maintenance_work_mem in bytes.
std::size_t MaintenanceMemory();

}  // namespace namedex::am
