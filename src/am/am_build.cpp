/*
 * Building an index: the heap is read in block order, rows become one segment, the metapage lists
 * it.
 *
 * heap_rows reads, segment_build makes the segment; parallel_build adds processes that read as
 * well.
 */
#include "am/am.hpp"
#include "am/heap_rows.hpp"
#include "am/parallel_build.hpp"
#include "am/segment_build.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "storage/metapage.hpp"
#include "storage/page_log.hpp"

namespace namedex::am {

namespace {

enum Phase : int64 {
    kPhaseScan = PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE + 1,
    kPhaseWrite,
};

void WriteMetaPage(Relation index, storage::FoldSignature signature) {
    Buffer buffer = compat::ExtendLocked(index, MAIN_FORKNUM, nullptr);
    if (BufferGetBlockNumber(buffer) != storage::kMetaBlock) {
        elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
    }
    storage::InitMetaPage(BufferGetPage(buffer), signature);
    storage::FinishFreshPage(index, buffer, false);
    UnlockReleaseBuffer(buffer);
}

// Lists the one segment of a new index. The whole file is logged afterwards.
void ListSegment(Relation index, const storage::SegmentEntry& entry) {
    Buffer buffer = ReadBuffer(index, storage::kMetaBlock);
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    storage::MetaData* meta = storage::MetaOf(BufferGetPage(buffer));
    meta->segments[0] = entry;
    meta->segment_count = 1;
    meta->next_id = entry.segment_id + 1;
    storage::SumMeta(BufferGetPage(buffer));
    MarkBufferDirty(buffer);
    UnlockReleaseBuffer(buffer);
}

}  // namespace

IndexBuildResult* Build(Relation heap, Relation index, IndexInfo* info) {
    return pg::Enter(index, [&] {
        const int workers = ParallelBuild::WorkersFor(heap, index, info);
        IndexKeys keys(index);
        pg::Call([&] { WriteMetaPage(index, keys.fold_version()); });
        pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, kPhaseScan);
        std::optional<ParallelBuild> parallel;
        if (workers > 0) {
            parallel.emplace(heap, index, info, workers);
            if (parallel->participants() == 0) {
                parallel.reset();
            }
        }
        SegmentBuild build(keys, MaintenanceMemory() / (parallel ? parallel->participants() : 1));
        double heap_tuples =
            ReadHeapRows(heap, index, info, build, parallel ? parallel->BeginScan(heap) : nullptr);
        if (parallel) {
            build.BeginRun();
            heap_tuples += parallel->Collect(build, info);
            build.SetMemoryLimit(MaintenanceMemory());
        }
        pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, kPhaseWrite);
        const double index_tuples = static_cast<double>(build.row_count());
        if (build.row_count() > 0) {
            storage::SegmentEntry entry;
            build.Finish(index, 1, false, &entry);
            pg::Call([&] { ListSegment(index, entry); });
        }
        if (parallel) {
            parallel->End();
        }
        return pg::Call([&] {
            storage::LogWholeIndex(index);
            auto* result = static_cast<IndexBuildResult*>(palloc(sizeof(IndexBuildResult)));
            result->heap_tuples = heap_tuples;
            result->index_tuples = index_tuples;
            return result;
        });
    });
}

void BuildEmpty(Relation index) {
    pg::Enter(index, [&] {
        const IndexKeys keys(index);
        pg::Call([&] {
            compat::PageForWriting page;
            storage::InitMetaPage(page.data, keys.fold_version());
            storage::WriteInitFork(index, page.data);
        });
    });
}

char* BuildPhaseName(int64 phase) {
    switch (phase) {
        case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
            return const_cast<char*>("initializing");
        case kPhaseScan:
            return const_cast<char*>("scanning table");
        case kPhaseWrite:
            return const_cast<char*>("writing segment");
        default:
            return nullptr;
    }
}

}  // namespace namedex::am
