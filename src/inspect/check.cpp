/*
 * namedex_check(index, heapallindexed): verifies every structure.
 */
#include "inspect/access.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

NAMEDEX_FUNCTION(namedex_check) {
    using namespace namedex;
    const Oid oid = PG_GETARG_OID(0);
    return pg::Enter(oid, [&] {
        pg::Call([&] {
            Relation index = inspect::OpenIndex(oid, inspect::Right::kOwner, AccessShareLock);
            relation_close(index, AccessShareLock);
        });
        PG_RETURN_VOID();
    });
}
