/*
 * Building an index with several processes.
 *
 * The leader enters parallel mode, lays out shared memory, and launches workers; then all of them,
 * the leader too, take chunks of blocks of one parallel scan, each into a SegmentBuild of its own
 * with an equal share of maintenance_work_mem. Workers leave their rows as runs in shared temporary
 * files. When the last worker has ended the leader merges all runs into the segment: a row is in
 * one run of one participant, since a block is read by one, and rows ascend within a run, since
 * chunks are given out in ascending order; so the scan must not be synchronized with others.
 *
 * Shared memory, by key: the build's description and each participant's result (a participant
 * writes its own, and they are read once it has ended), the scan, the query's text, WAL and buffer
 * usage of each worker.
 *
 * An error in a worker is raised in the leader at its next interrupt check or when it waits.
 * Nothing is cleaned up then but by the transaction's abort: it ends workers and parallel mode, and
 * detaching from shared memory deletes the files.
 */
#pragma once

#include "am/segment_build.hpp"
#include "pg/prelude.hpp"

extern "C" {
#include "access/parallel.h"
}

namespace namedex::am {

class ParallelBuild {
  public:
    // How many workers the build is to have; 0: none.
    static int WorkersFor(Relation heap, Relation index, const IndexInfo* info);

    // Launches up to `workers` workers; participants() is 0 if there are none to be had, and then
    // the build is a serial one and nothing else may be called.
    ParallelBuild(Relation heap, Relation index, const IndexInfo* info, int workers);
    ParallelBuild(const ParallelBuild&) = delete;
    ParallelBuild& operator=(const ParallelBuild&) = delete;

    // Processes that read, the leader included.
    int participants() const { return participants_; }

    // The leader's share of the scan.
    TableScanDesc BeginScan(Relation heap) const;

    // Waits for the workers and gives what they read to `build`. Returns their heap tuples, and
    // notes in `info` what they noticed.
    double Collect(SegmentBuild& build, IndexInfo* info) const;

    // Leaves parallel mode; the workers' files are gone.
    void End();

  private:
    struct Shared;
    friend struct ParallelBuildWorker;

    ParallelContext* context_ = nullptr;
    Shared* shared_ = nullptr;
    ParallelTableScanDesc scan_ = nullptr;
    Snapshot snapshot_ = nullptr;
    WalUsage* wal_usage_ = nullptr;
    BufferUsage* buffer_usage_ = nullptr;
    int participants_ = 0;
};

}  // namespace namedex::am
