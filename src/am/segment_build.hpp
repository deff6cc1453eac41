/*
 * Makes segments out of rows that arrive one by one, within a limit of memory.
 *
 * Rows are collected in memory (core/row_accumulator.hpp). When they would take more than the limit
 * they are written to temporary pages as a run, which has the format of a segment, and at the end
 * the runs are merged into the one segment that goes into the index. A build that fits in memory
 * writes its segment directly.
 *
 * Merging has a memory of its own for every run it reads, so there are levels: as soon as kFanIn
 * runs of one level are there they become one of the next. A row is rewritten a logarithmic number
 * of times, and at most kFanIn runs are read at once.
 *
 * In a parallel build each participant has one of these. The workers' write runs to files that are
 * shared and end with CompleteRuns; the leader adopts their runs and finishes.
 */
#pragma once

#include "am/index_keys.hpp"
#include "pg/boundary.hpp"
#include "pg/prelude.hpp"
#include "storage/segment_pages.hpp"
#include "storage/temporary_pages.hpp"

namespace namedex::am {

class SegmentBuild {
  public:
    SegmentBuild(IndexKeys& keys, std::size_t memory_limit, void (*poll)() = &pg::PollInterrupts,
                 storage::RunFiles files = storage::RunFiles());

    // Rows in TID order, or in several stretches of that order, each begun by BeginRun.
    void BeginRun();
    void Add(core::Tid tid, std::string_view encoded);

    std::uint64_t row_count() const { return row_count_; }

    // Writes all rows as segment `segment_id` (none if there are no rows) and fills `entry`. `log`:
    // see SegmentPagesWriter.
    void Finish(Relation index, uint32 segment_id, bool log, storage::SegmentEntry* entry);

    // A worker's end instead of Finish: all rows are in runs. Returns the number of runs created.
    uint32 CompleteRuns();
    // The leader's part: what another participant completed, `rows` rows in all.
    void AdoptRuns(std::vector<std::unique_ptr<storage::TemporaryPages>> runs, std::uint64_t rows);
    // From now on this is the limit: the other participants are done.
    void SetMemoryLimit(std::size_t memory_limit);

  private:
    static constexpr std::size_t kFanIn = 32;

    struct Run {
        std::unique_ptr<storage::TemporaryPages> pages;
        std::uint32_t level;
    };

    void WriteRun();
    void MergeLastRuns(std::size_t count);
    core::SegmentStats Merge(std::size_t first_run, core::PageSink& out,
                             const core::SegmentOptions& options);
    core::SegmentOptions RunOptions() const;

    IndexKeys& keys_;
    std::size_t row_limit_bytes_;
    core::SegmentOptions options_;
    std::unique_ptr<core::RowAccumulator> rows_;
    storage::RunFiles files_;
    std::vector<Run> runs_;  // levels descend
    storage::TemporaryPagesFactory temporary_;
    std::uint64_t row_count_ = 0;
    std::size_t bytes_since_check_ = 0;
};

// maintenance_work_mem in bytes.
std::size_t MaintenanceMemory();

}  // namespace namedex::am
