/*
 * boundary_damage(index, byte, mask): changes one byte of a relation's file behind the server's back,
 * and makes the server read it from there. For tests of what damage does; once more with the same
 * arguments mends it.
 */
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

using namespace namedex;

NAMEDEX_FUNCTION(boundary_damage) {
    Relation relation = relation_open(PG_GETARG_OID(0), AccessExclusiveLock);
    const auto at = static_cast<uint64>(PG_GETARG_INT64(1));
    const auto block = static_cast<BlockNumber>(at / BLCKSZ);
    FlushRelationBuffers(relation);
    compat::PageForWriting page;
    SMgrRelation smgr = RelationGetSmgr(relation);
    smgrread(smgr, MAIN_FORKNUM, block, page.data);
    page.data[at % BLCKSZ] = static_cast<char>(page.data[at % BLCKSZ] ^ PG_GETARG_INT32(2));
    smgrwrite(smgr, MAIN_FORKNUM, block, page.data, true);
    compat::DropBuffers(relation);
    relation_close(relation, AccessExclusiveLock);
    PG_RETURN_VOID();
}
