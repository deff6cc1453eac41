/*
 * Inserts: one record at the tail of the pending rows. Nothing is folded and no word is looked up here; that is
 * done when the row is searched, or moved into a segment.
 */
#include "am/am.hpp"
#include "am/index_keys.hpp"
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
        pg::Call([&] {
            storage::InsertPending(index, heap_tid, row.data(), static_cast<uint32>(row.size()));
        });
        MemoryContextSwitchTo(caller);
        MemoryContextDelete(row_context);
        return false;
    });
}

}  // namespace namedex::am
