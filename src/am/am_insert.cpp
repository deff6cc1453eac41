/*
 * Inserts: one record at the tail of the pending rows. Nothing is folded and no word is looked up
 * here; that is done when the row is searched, or moved into a segment. The insert that finds more
 * than pending_list_limit sees to it that they are moved: by a worker, or, where there can be none,
 * by itself.
 */
#include "am/am.hpp"
#include "am/index_keys.hpp"
#include "am/maintenance.hpp"
#include "am/maintenance_worker.hpp"
#include "am/options.hpp"
#include "pg/boundary.hpp"
#include "storage/pending.hpp"

namespace namedex::am {

namespace {

// Without a worker, rows may pend up to so many times the limit before an insert moves them itself.
constexpr std::size_t kPatience = 2;

void SeeToPending(Relation index, std::size_t pending_bytes) {
    const std::size_t threshold = pg::Call([&] {
        storage::MetaData meta;
        storage::ReadMeta(index, &meta);
        return FlushThreshold(index, meta.segment_count);
    });
    if (pending_bytes <= threshold) {
        return;
    }
    switch (pg::Call([&] { return StartWorker(index); })) {
        case Started::kYes:
            // It may fail, again and again.
            if (pending_bytes > 2 * kPatience * threshold &&
                pg::Call([&] { return TryLockDuty(index, Duty::kFlush); })) {
                FlushPending(index, &pg::PollInterrupts);
                pg::Call([&] { UnlockDuty(index, Duty::kFlush); });
            }
            return;
        case Started::kNotNow:
            if (pending_bytes <= kPatience * threshold) {
                return;
            }
            break;
        case Started::kNever:
            break;
    }
    MaintainNow(index, &pg::PollInterrupts);
}

}  // namespace

bool Insert(Relation index, Datum* values, bool* is_null, ItemPointer heap_tid, Relation,
            IndexUniqueCheck, bool, IndexInfo*) {
    return pg::Enter(index, [&] {
        MemoryContext row_context = pg::Call([] {
            return AllocSetContextCreate(CurrentMemoryContext, "namedex insert",
                                         ALLOCSET_SMALL_SIZES);
        });
        MemoryContext caller = MemoryContextSwitchTo(row_context);
        std::string row;
        EncodeRow(index, values, is_null, row);
        const uint32 pages = pg::Call([&] {
            return storage::InsertPending(index, heap_tid, row.data(),
                                          static_cast<uint32>(row.size()));
        });
        if (static_cast<std::size_t>(pages) * BLCKSZ > PendingLimitBytes(index)) {
            SeeToPending(index, static_cast<std::size_t>(pages) * BLCKSZ);
        }
        MemoryContextSwitchTo(caller);
        MemoryContextDelete(row_context);
        return false;
    });
}

}  // namespace namedex::am
