/*
 * Inserts: one record at the tail of the pending rows. Nothing is folded and no word is looked up
 * here; that is done when the row is searched, or moved into a segment. The insert that takes
 * pending rows above pending_list_limit moves them, unless somebody does already.
 */
#include "am/am.hpp"
#include "am/index_keys.hpp"
#include "am/options.hpp"
#include "am/segment_flush.hpp"
#include "pg/boundary.hpp"
#include "storage/pending.hpp"

namespace namedex::am {

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
        if (static_cast<std::size_t>(pages) * BLCKSZ > PendingLimitBytes(index) &&
            pg::Call([&] { return TryLockMaintenance(index); })) {
            FlushPending(index);
            MergeSmallSegments(index);
            pg::Call([&] { UnlockMaintenance(index); });
        }
        MemoryContextSwitchTo(caller);
        MemoryContextDelete(row_context);
        return false;
    });
}

}  // namespace namedex::am
