/*
 * Scans, as the server calls them: amgettuple streams, amgetbitmap collects (am/index_scan.hpp).
 *
 * A scan's C++ state hangs on a memory context of its own: when the scan is aborted the context's
 * reset callback destroys it, without touching buffer pins, which have gone with their resource
 * owner by then.
 */
#include "am/am.hpp"
#include "am/index_scan.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::am {

namespace {

// What scan->opaque points to; lives in the scan's own memory context.
struct ScanHandle {
    IndexScan* scan;
    MemoryContext context;
    bool restarted;
    MemoryContextCallback callback;
};

ScanHandle* HandleOf(IndexScanDesc scan) {
    return static_cast<ScanHandle*>(scan->opaque);
}

void DestroyAfterAbort(void* argument) {
    auto* handle = static_cast<ScanHandle*>(argument);
    if (handle->scan != nullptr) {
        handle->scan->Abandon();
        delete handle->scan;
        handle->scan = nullptr;
    }
}

// The scan, ready to run: made and restarted when first needed, so that amrescan stays cheap.
IndexScan& Ready(IndexScanDesc descriptor) {
    ScanHandle* handle = HandleOf(descriptor);
    if (handle->scan == nullptr) {
        handle->scan = new IndexScan(descriptor->indexRelation, handle->context);
    }
    if (!handle->restarted) {
        handle->scan->Restart(descriptor);
        handle->restarted = true;
        compat::CountIndexSearch(descriptor);
    }
    return *handle->scan;
}

// Whether rows must be looked at again whatever the conditions: only an MVCC snapshot makes sure
// that a TID still names the row that was indexed.
bool NeedsRecheck(IndexScanDesc descriptor) {
    return descriptor->xs_snapshot != nullptr && !IsMVCCSnapshot(descriptor->xs_snapshot);
}

bool NextRow(IndexScanDesc scan, IndexScan& state) {
    if (!scan->xs_want_itup) {
        const std::optional<ItemPointerData> tid = state.Next(scan->xs_snapshot);
        if (tid) {
            scan->xs_heaptid = *tid;
        }
        return tid.has_value();
    }
    const std::optional<IndexScan::Tuple> row = state.NextTuple(scan);
    if (row) {
        scan->xs_heaptid = row->tid;
        scan->xs_hitup = row->tuple;
        scan->xs_hitupdesc = RelationGetDescr(scan->indexRelation);
    }
    return row.has_value();
}

}  // namespace

IndexScanDesc BeginScan(Relation index, int nkeys, int norderbys) {
    IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "namedex scan", ALLOCSET_DEFAULT_SIZES);
    auto* handle = static_cast<ScanHandle*>(MemoryContextAllocZero(context, sizeof(ScanHandle)));
    handle->context = context;
    handle->callback.func = DestroyAfterAbort;
    handle->callback.arg = handle;
    MemoryContextRegisterResetCallback(context, &handle->callback);
    scan->opaque = handle;
    return scan;
}

void Rescan(IndexScanDesc scan, ScanKey keys, int, ScanKey, int) {
    if (keys != nullptr && scan->numberOfKeys > 0) {
        memmove(scan->keyData, keys, static_cast<size_t>(scan->numberOfKeys) * sizeof(ScanKeyData));
    }
    HandleOf(scan)->restarted = false;
}

bool GetTuple(IndexScanDesc scan, ScanDirection) {
    return pg::Enter(scan->indexRelation, [&] {
        IndexScan& state = Ready(scan);
        if (!NextRow(scan, state)) {
            return false;
        }
        scan->xs_recheck = state.recheck() || NeedsRecheck(scan);
        return true;
    });
}

int64 GetBitmap(IndexScanDesc scan, TIDBitmap* bitmap) {
    return pg::Enter(scan->indexRelation,
                     [&] { return Ready(scan).Collect(scan->xs_snapshot, bitmap); });
}

Size EstimateParallelScan(int, int) {
    return sizeof(ParallelScan);
}

void InitParallelScan(void* target) {
    static_cast<ParallelScan*>(target)->Init();
}

void ParallelRescan(IndexScanDesc scan) {
    ParallelScan::Of(scan)->Restart();
}

void EndScan(IndexScanDesc scan) {
    ScanHandle* handle = HandleOf(scan);
    pg::Enter(scan->indexRelation, [&] {
        const std::unique_ptr<IndexScan> state(handle->scan);
        handle->scan = nullptr;
        if (state != nullptr) {
            state->Close();
        }
    });
    MemoryContextDelete(handle->context);
}

// Every value can be put together again, byte for byte.
bool CanReturn(Relation, int) {
    return true;
}

}  // namespace namedex::am
