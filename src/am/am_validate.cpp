/*
 * amvalidate: whether an operator class holds what namedex can search by. Reports every fault as INFO, as the
 * built-in methods do, and goes on.
 */
#include "am/am.hpp"
#include "am/scan_keys.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "access/amvalidate.h"
#include "catalog/pg_opfamily.h"
#include "utils/regproc.h"
}

namespace namedex::am {

namespace {

bool IsIndexableType(Oid type) {
    switch (type) {
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID:
        case NAMEOID:
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case DATEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
        case UUIDOID:
            return true;
        default:
            return false;
    }
}

bool ValidateOperator(const FormData_pg_amop& member, const char* family) {
    bool valid = true;
    if (member.amopstrategy < kLikeStrategy || member.amopstrategy > kPrefixStrategy) {
        ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                       errmsg("operator family \"%s\" of access method %s contains operator %s "
                              "with invalid strategy number %d",
                              family, "namedex", format_operator(member.amopopr),
                              member.amopstrategy)));
        valid = false;
    }
    if (member.amoppurpose != AMOP_SEARCH || OidIsValid(member.amopsortfamily)) {
        ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                       errmsg("operator family \"%s\" of access method %s contains invalid "
                              "ORDER BY specification for operator %s",
                              family, "namedex", format_operator(member.amopopr))));
        valid = false;
    }
    if (!check_amop_signature(member.amopopr, BOOLOID, member.amoplefttype, member.amoprighttype)) {
        ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                       errmsg("operator family \"%s\" of access method %s contains operator %s "
                              "with wrong signature",
                              family, "namedex", format_operator(member.amopopr))));
        valid = false;
    }
    return valid;
}

}  // namespace

bool Validate(Oid opclass) {
    HeapTuple class_tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
    if (!HeapTupleIsValid(class_tuple)) {
        elog(ERROR, "cache lookup failed for operator class %u", opclass);
    }
    const auto* form = reinterpret_cast<Form_pg_opclass>(GETSTRUCT(class_tuple));
    const Oid family_oid = form->opcfamily;
    const Oid type = form->opcintype;
    HeapTuple family_tuple = SearchSysCache1(OPFAMILYOID, ObjectIdGetDatum(family_oid));
    if (!HeapTupleIsValid(family_tuple)) {
        elog(ERROR, "cache lookup failed for operator family %u", family_oid);
    }
    const char* family =
        NameStr(reinterpret_cast<Form_pg_opfamily>(GETSTRUCT(family_tuple))->opfname);
    bool valid = true;

    if (!IsIndexableType(type)) {
        ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                       errmsg("operator class \"%s\" of access method %s is for type %s, which "
                              "the access method does not support",
                              NameStr(form->opcname), "namedex", format_type_be(type))));
        valid = false;
    }
    if (OidIsValid(form->opckeytype) && form->opckeytype != type) {
        ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                       errmsg("operator class \"%s\" of access method %s has a storage type",
                              NameStr(form->opcname), "namedex")));
        valid = false;
    }

    CatCList* operators = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(family_oid));
    bool has_equality = false;
    for (int i = 0; i < operators->n_members; ++i) {
        const auto& member = *reinterpret_cast<Form_pg_amop>(GETSTRUCT(&operators->members[i]->tuple));
        valid = ValidateOperator(member, family) && valid;
        has_equality = has_equality || (member.amopstrategy == kEqualStrategy &&
                                        member.amoplefttype == type && member.amoprighttype == type);
    }
    ReleaseCatCacheList(operators);
    if (!has_equality) {
        ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                       errmsg("operator class \"%s\" of access method %s is missing operator(s)",
                              NameStr(form->opcname), "namedex")));
        valid = false;
    }

    CatCList* functions = SearchSysCacheList1(AMPROCNUM, ObjectIdGetDatum(family_oid));
    if (functions->n_members > 0) {
        ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                       errmsg("operator family \"%s\" of access method %s contains support "
                              "functions, and the access method has none",
                              family, "namedex")));
        valid = false;
    }
    ReleaseCatCacheList(functions);
    ReleaseSysCache(family_tuple);
    ReleaseSysCache(class_tuple);
    return valid;
}

}  // namespace namedex::am
