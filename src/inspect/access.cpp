#include "inspect/access.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "commands/defrem.h"
}

namespace namedex::inspect {

namespace {

void CheckIsNamedex(const FormData_pg_class& form) {
    if (form.relkind != RELKIND_INDEX || form.relam != get_index_am_oid("namedex", false)) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("\"%s\" is not a namedex index", NameStr(form.relname)),
                        form.relkind == RELKIND_PARTITIONED_INDEX
                            ? errhint("Name the index of one partition.")
                            : 0));
    }
}

void CheckRight(Oid table, Right right, const char* name) {
    const bool allowed =
        (OidIsValid(table) && (right == Right::kMaintain ? compat::MayMaintain(table)
                                                         : compat::OwnsTable(table))) ||
        (right == Right::kStats && has_privs_of_role(GetUserId(), ROLE_PG_STAT_SCAN_TABLES));
    if (!allowed) {
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_INDEX, name);
    }
}

// Before anything is locked: who may not look may not make others wait either.
void CheckUnlocked(Oid oid, Right right) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(oid));
    if (!HeapTupleIsValid(tuple)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("relation with OID %u does not exist", oid)));
    }
    const auto* form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
    CheckIsNamedex(*form);
    CheckRight(IndexGetRelation(oid, true), right, NameStr(form->relname));
    ReleaseSysCache(tuple);
}

}  // namespace

Relation OpenIndex(Oid oid, Right right, LOCKMODE lock) {
    CheckUnlocked(oid, right);
    // The table is locked first, as everything else does that locks both.
    const Oid table = IndexGetRelation(oid, true);
    if (OidIsValid(table)) {
        LockRelationOid(table, lock);
    }
    Relation index = try_relation_open(oid, lock);
    if (index == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("relation with OID %u does not exist", oid)));
    }
    const char* name = RelationGetRelationName(index);
    CheckIsNamedex(*index->rd_rel);
    CheckRight(index->rd_index->indrelid, right, name);
    if (RELATION_IS_OTHER_TEMP(index)) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot access temporary indexes of other sessions")));
    }
    if (!index->rd_index->indisvalid) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("index \"%s\" is not valid", name)));
    }
    return index;
}

}  // namespace namedex::inspect
