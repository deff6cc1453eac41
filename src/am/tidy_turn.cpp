#include "am/tidy_turn.hpp"

extern "C" {
#include "commands/defrem.h"
#include "utils/fmgroids.h"
}

namespace namedex::am {

namespace {

enum class Place : uint16 { kAtWork = 3, kNext = 4 };  // am/maintenance.hpp's duties are 1 and 2

// To open an index makes the relation cache larger; one that needs nothing takes some 0.1 ms.
constexpr int kMostIndexes = 256;

LOCKTAG TagOf(Place place) {
    LOCKTAG tag;
    SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, InvalidOid,
                       static_cast<uint16>(place));
    tag.locktag_lockmethodid = USER_LOCKMETHOD;
    return tag;
}

bool Take(Place place, bool wait) {
    const LOCKTAG tag = TagOf(place);
    return LockAcquire(&tag, ExclusiveLock, true, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

}  // namespace

bool TakeTidyTurn() {
    if (Take(Place::kAtWork, false)) {
        return true;
    }
    if (!Take(Place::kNext, false)) {
        return false;
    }
    // Who is at work leaves soon, and at once where the database is to be dropped.
    Take(Place::kAtWork, true);
    const LOCKTAG tag = TagOf(Place::kNext);
    LockRelease(&tag, ExclusiveLock, true);
    return true;
}

bool IsAnotherNext() {
    const LOCKTAG tag = TagOf(Place::kAtWork);
    return LockHasWaiters(&tag, ExclusiveLock, true);
}

TidyList ListIndexesToTidy(Oid first) {
    StartTransactionCommand();
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_class_relam, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(get_index_am_oid("namedex", true)));
    Relation catalog = table_open(RelationRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, nullptr, 1, &key);
    int room = 16;
    int count = 0;
    auto* found = static_cast<Oid*>(MemoryContextAlloc(TopMemoryContext, room * sizeof(Oid)));
    found[count++] = first;
    for (HeapTuple tuple; HeapTupleIsValid(tuple = systable_getnext(scan));) {
        const auto* row = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
        if (row->relkind == RELKIND_INDEX && row->relpersistence != RELPERSISTENCE_TEMP &&
            row->oid != first) {
            if (count == room) {
                room *= 2;
                found = static_cast<Oid*>(repalloc(found, room * sizeof(Oid)));
            }
            found[count++] = row->oid;
        }
    }
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    CommitTransactionCommand();
    std::sort(found, found + count, [&](Oid a, Oid b) { return a - first < b - first; });
    return {found, std::min(count, kMostIndexes), count <= kMostIndexes};
}

}  // namespace namedex::am
