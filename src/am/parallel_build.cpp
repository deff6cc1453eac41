#include "am/parallel_build.hpp"

#include "am/heap_rows.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "catalog/catalog.h"
#include "executor/instrument.h"
#include "storage/sharedfileset.h"
#include "tcop/tcopprot.h"
}

namespace namedex::am {

namespace {

// Keys of the shared memory's contents; the server's own are far above.
enum Key : uint64 { kSharedKey = 1, kScanKey, kQueryKey, kWalUsageKey, kBufferUsageKey };

}  // namespace

struct ParallelBuild::Shared {
    struct Result {
        double heap_tuples;
        uint64 rows;
        uint32 runs;
        bool broken_hot_chain;
    };

    Oid heap;
    Oid index;
    bool concurrent;
    int planned_participants;
    compat::QueryId query_id;
    SharedFileSet files;
    Result results[FLEXIBLE_ARRAY_MEMBER];  // of each worker

    static Size SizeFor(int workers) {
        return add_size(offsetof(Shared, results),
                        mul_size(sizeof(Result), static_cast<Size>(workers)));
    }
};

int ParallelBuild::WorkersFor(Relation heap, Relation index, const IndexInfo* info) {
    if (compat::kServerPlansBuildWorkers) {
        return info->ii_ParallelWorkers;
    }
    return pg::Call([&] {
        if (IsCatalogRelation(heap) || RelationGetNumberOfBlocks(heap) == 0) {
            return 0;
        }
        // None for temporary relations and for expressions that are not parallel safe.
        return plan_create_index_workers(RelationGetRelid(heap), RelationGetRelid(index));
    });
}

ParallelBuild::ParallelBuild(Relation heap, Relation index, const IndexInfo* info, int workers) {
    pg::Call([&] {
        EnterParallelMode();
        context_ = CreateParallelContext("namedex", "namedex_build_worker", workers);
        // As in any build: all rows, whatever their fate, unless it is a concurrent one.
        snapshot_ = info->ii_Concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;

        const Size shared_size = Shared::SizeFor(workers);
        const Size scan_size = table_parallelscan_estimate(heap, snapshot_);
        const Size wal_size = mul_size(sizeof(WalUsage), static_cast<Size>(workers));
        const Size buffer_size = mul_size(sizeof(BufferUsage), static_cast<Size>(workers));
        const Size query_size = debug_query_string != nullptr ? strlen(debug_query_string) + 1 : 0;
        for (const Size size : {shared_size, scan_size, wal_size, buffer_size, query_size}) {
            if (size > 0) {
                shm_toc_estimate_chunk(&context_->estimator, size);
                shm_toc_estimate_keys(&context_->estimator, 1);
            }
        }
        InitializeParallelDSM(context_);
        if (context_->seg == nullptr) {  // no shared memory to be had
            End();
            return;
        }
        const auto place = [&](Key key, Size size) {
            void* memory = shm_toc_allocate(context_->toc, size);
            shm_toc_insert(context_->toc, key, memory);
            return memory;
        };
        shared_ = static_cast<Shared*>(place(kSharedKey, shared_size));
        memset(shared_, 0, shared_size);
        shared_->heap = RelationGetRelid(heap);
        shared_->index = RelationGetRelid(index);
        shared_->concurrent = info->ii_Concurrent;
        shared_->planned_participants = workers + 1;
        shared_->query_id = pgstat_get_my_query_id();
        SharedFileSetInit(&shared_->files, context_->seg);
        scan_ = static_cast<ParallelTableScanDesc>(place(kScanKey, scan_size));
        table_parallelscan_initialize(heap, scan_, snapshot_);
        scan_->phs_syncscan = false;
        wal_usage_ = static_cast<WalUsage*>(place(kWalUsageKey, wal_size));
        buffer_usage_ = static_cast<BufferUsage*>(place(kBufferUsageKey, buffer_size));
        if (query_size > 0) {
            memcpy(place(kQueryKey, query_size), debug_query_string, query_size);
        }

        LaunchParallelWorkers(context_);
        if (context_->nworkers_launched == 0) {
            End();
            return;
        }
        participants_ = context_->nworkers_launched + 1;
        ereport(DEBUG1, (errmsg_internal("building index \"%s\" with %d parallel workers",
                                         RelationGetRelationName(index),
                                         context_->nworkers_launched)));
    });
}

TableScanDesc ParallelBuild::BeginScan(Relation heap) const {
    return pg::Call([&] { return table_beginscan_parallel(heap, scan_); });
}

double ParallelBuild::Collect(SegmentBuild& build, IndexInfo* info) const {
    pg::Call([&] { WaitForParallelWorkersToFinish(context_); });
    double heap_tuples = 0;
    for (int worker = 0; worker < context_->nworkers_launched; ++worker) {
        const Shared::Result& result = shared_->results[worker];
        heap_tuples += result.heap_tuples;
        info->ii_BrokenHotChain |= result.broken_hot_chain;
        const storage::RunFiles files(&shared_->files.fs, static_cast<uint32>(worker));
        build.AdoptRuns(files.OpenAll(result.runs), result.rows);
    }
    return heap_tuples;
}

void ParallelBuild::End() {
    pg::Call([&] {
        if (context_->nworkers_launched > 0) {
            WaitForParallelWorkersToFinish(context_);
            for (int worker = 0; worker < context_->nworkers_launched; ++worker) {
                InstrAccumParallelQuery(&buffer_usage_[worker], &wal_usage_[worker]);
            }
        }
        if (IsMVCCSnapshot(snapshot_)) {
            UnregisterSnapshot(snapshot_);
        }
        DestroyParallelContext(context_);
        ExitParallelMode();
    });
}

// A worker's side.
struct ParallelBuildWorker {
    using Shared = ParallelBuild::Shared;

    static void Run(dsm_segment* segment, shm_toc* toc) {
        auto* shared = static_cast<Shared*>(shm_toc_lookup(toc, kSharedKey, false));
        // The locks that the leader holds, which are this process's too.
        const LOCKMODE heap_lock = shared->concurrent ? ShareUpdateExclusiveLock : ShareLock;
        const LOCKMODE index_lock = shared->concurrent ? RowExclusiveLock : AccessExclusiveLock;
        Relation heap = nullptr;
        Relation index = nullptr;
        IndexInfo* info = nullptr;
        TableScanDesc scan = nullptr;
        pg::Call([&] {
            debug_query_string = static_cast<char*>(shm_toc_lookup(toc, kQueryKey, true));
            pgstat_report_activity(STATE_RUNNING, debug_query_string);
            pgstat_report_query_id(shared->query_id, false);
            heap = table_open(shared->heap, heap_lock);
            index = index_open(shared->index, index_lock);
            info = BuildIndexInfo(index);
            info->ii_Concurrent = shared->concurrent;
            SharedFileSetAttach(&shared->files, segment);
            InstrStartParallelQuery();
            scan = table_beginscan_parallel(
                heap,
                static_cast<ParallelTableScanDesc>(shm_toc_lookup(toc, kScanKey, false)));
        });
        Read(*shared, heap, index, info, scan);
        pg::Call([&] {
            auto* wal = static_cast<WalUsage*>(shm_toc_lookup(toc, kWalUsageKey, false));
            auto* buffers = static_cast<BufferUsage*>(shm_toc_lookup(toc, kBufferUsageKey, false));
            InstrEndParallelQuery(&buffers[ParallelWorkerNumber], &wal[ParallelWorkerNumber]);
            index_close(index, index_lock);
            table_close(heap, heap_lock);
        });
    }

    static void Read(Shared& shared, Relation heap, Relation index, IndexInfo* info,
                     TableScanDesc scan) {
        IndexKeys keys(index);
        SegmentBuild build(
            keys, MaintenanceMemory() / static_cast<std::size_t>(shared.planned_participants),
            &pg::PollInterrupts,
            storage::RunFiles(&shared.files.fs, static_cast<uint32>(ParallelWorkerNumber)));
        Shared::Result& result = shared.results[ParallelWorkerNumber];
        result.heap_tuples = ReadHeapRows(heap, index, info, build, scan);
        result.broken_hot_chain = info->ii_BrokenHotChain;
        result.runs = build.CompleteRuns();
        result.rows = build.row_count();
    }
};

}  // namespace namedex::am

extern "C" {
PGDLLEXPORT void namedex_build_worker(dsm_segment* segment, shm_toc* toc);
}

/** What a worker of a parallel build runs; the server finds it by its name. */
void namedex_build_worker(dsm_segment* segment, shm_toc* toc) {
    namedex::pg::Enter([&] { namedex::am::ParallelBuildWorker::Run(segment, toc); });
}
