/*
 * amvalidate: whether an operator class holds what namedex can search by, and all of it. Reports
 * every fault as INFO, as the built-in methods do, and goes on.
 *
 * Values are compared as text, without calling the operators, so an operator is right if the
 * strategy can be answered for exactly its types (CanSearchBy). Required are, for each type, LIKE
 * and ILIKE where the index has them and equality; text also has ^@. In a family of several types
 * equality must be there for every two.
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

// Left-hand types of operators. varchar has none of its own: its operators are those of text.
constexpr Oid kIndexableTypes[] = {TEXTOID, BPCHAROID, NAMEOID,      INT2OID,        INT4OID,
                                   INT8OID, DATEOID,   TIMESTAMPOID, TIMESTAMPTZOID, UUIDOID};

bool IsIndexableType(Oid type) {
    for (const Oid indexable : kIndexableTypes) {
        if (type == indexable) {
            return true;
        }
    }
    return false;
}

int InvalidDefinition() {
    return errcode(ERRCODE_INVALID_OBJECT_DEFINITION);
}

bool ValidateOperator(const FormData_pg_amop& member, const char* family) {
    bool valid = true;
    if (member.amopstrategy < kLikeStrategy || member.amopstrategy > kPrefixStrategy) {
        ereport(INFO, (InvalidDefinition(),
                       errmsg("operator family \"%s\" of access method %s contains operator %s "
                              "with invalid strategy number %d",
                              family, "namedex", format_operator(member.amopopr),
                              member.amopstrategy)));
        valid = false;
    }
    if (member.amoppurpose != AMOP_SEARCH || OidIsValid(member.amopsortfamily)) {
        ereport(INFO, (InvalidDefinition(),
                       errmsg("operator family \"%s\" of access method %s contains invalid "
                              "ORDER BY specification for operator %s",
                              family, "namedex", format_operator(member.amopopr))));
        valid = false;
    }
    if (!CanSearchBy(member.amoplefttype, static_cast<StrategyNumber>(member.amopstrategy),
                     member.amoprighttype) ||
        !check_amop_signature(member.amopopr, BOOLOID, member.amoplefttype, member.amoprighttype)) {
        ereport(INFO, (InvalidDefinition(),
                       errmsg("operator family \"%s\" of access method %s contains operator %s "
                              "with wrong signature",
                              family, "namedex", format_operator(member.amopopr))));
        valid = false;
    }
    return valid;
}

bool HasOperator(const CatCList* operators, Oid left, StrategyNumber strategy, Oid right) {
    for (int i = 0; i < operators->n_members; ++i) {
        const auto& member =
            *reinterpret_cast<Form_pg_amop>(GETSTRUCT(&operators->members[i]->tuple));
        if (member.amoplefttype == left && member.amoprighttype == right &&
            member.amopstrategy == static_cast<int16>(strategy)) {
            return true;
        }
    }
    return false;
}

// Whether the family has everything that a search of `type` alone needs.
bool HasOwnOperators(const CatCList* operators, Oid type) {
    for (StrategyNumber strategy = kLikeStrategy; strategy <= kPrefixStrategy; ++strategy) {
        const Oid right =
            strategy == kLikeStrategy || strategy == kILikeStrategy ? TEXTOID : type;
        if (CanSearchBy(type, strategy, right) && !HasOperator(operators, type, strategy, right)) {
            return false;
        }
    }
    return true;
}

// No operator may stand alone: a type of which the family has any is there with all that it needs.
bool ValidateLeftTypes(const CatCList* operators, Oid class_type, const char* family) {
    bool valid = true;
    for (const Oid type : kIndexableTypes) {
        bool present = false;
        for (int i = 0; i < operators->n_members; ++i) {
            const auto& member =
                *reinterpret_cast<Form_pg_amop>(GETSTRUCT(&operators->members[i]->tuple));
            present = present || member.amoplefttype == type;
        }
        if (present && type != class_type && !HasOwnOperators(operators, type)) {
            ereport(INFO, (InvalidDefinition(),
                           errmsg("operator family \"%s\" of access method %s is missing "
                                  "operator(s) for types %s and %s",
                                  family, "namedex", format_type_be(type), format_type_be(type))));
            valid = false;
        }
    }
    return valid;
}

// Equality of every two of the types that the family has operators for, so that no comparison falls
// out of an index because of its constant's type.
bool ValidateCrossTypes(const CatCList* operators, const char* family) {
    bool valid = true;
    for (const Oid left : kIndexableTypes) {
        for (const Oid right : kIndexableTypes) {
            if (left != right && CanSearchBy(left, kEqualStrategy, right) &&
                HasOperator(operators, left, kEqualStrategy, left) &&
                HasOperator(operators, right, kEqualStrategy, right) &&
                !HasOperator(operators, left, kEqualStrategy, right)) {
                ereport(INFO, (InvalidDefinition(),
                               errmsg("operator family \"%s\" of access method %s is missing "
                                      "operator(s) for types %s and %s",
                                      family, "namedex", format_type_be(left),
                                      format_type_be(right))));
                valid = false;
            }
        }
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
    const Oid type = form->opcintype == VARCHAROID ? TEXTOID : form->opcintype;
    HeapTuple family_tuple = SearchSysCache1(OPFAMILYOID, ObjectIdGetDatum(family_oid));
    if (!HeapTupleIsValid(family_tuple)) {
        elog(ERROR, "cache lookup failed for operator family %u", family_oid);
    }
    const char* family =
        NameStr(reinterpret_cast<Form_pg_opfamily>(GETSTRUCT(family_tuple))->opfname);
    bool valid = true;

    if (!IsIndexableType(type)) {
        ereport(INFO, (InvalidDefinition(),
                       errmsg("operator class \"%s\" of access method %s is for type %s, which "
                              "the access method does not support",
                              NameStr(form->opcname), "namedex", format_type_be(type))));
        valid = false;
    }
    if (OidIsValid(form->opckeytype) && form->opckeytype != type) {
        ereport(INFO, (InvalidDefinition(),
                       errmsg("operator class \"%s\" of access method %s has a storage type",
                              NameStr(form->opcname), "namedex")));
        valid = false;
    }

    CatCList* operators = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(family_oid));
    for (int i = 0; i < operators->n_members; ++i) {
        const auto& member =
            *reinterpret_cast<Form_pg_amop>(GETSTRUCT(&operators->members[i]->tuple));
        valid = ValidateOperator(member, family) && valid;
    }
    if (!HasOwnOperators(operators, type) ||
        !HasOperator(operators, type, kEqualStrategy, type)) {
        ereport(INFO, (InvalidDefinition(),
                       errmsg("operator class \"%s\" of access method %s is missing operator(s)",
                              NameStr(form->opcname), "namedex")));
        valid = false;
    }
    valid = ValidateLeftTypes(operators, type, family) && valid;
    valid = ValidateCrossTypes(operators, family) && valid;
    ReleaseCatCacheList(operators);

    CatCList* functions = SearchSysCacheList1(AMPROCNUM, ObjectIdGetDatum(family_oid));
    if (functions->n_members > 0) {
        ereport(INFO, (InvalidDefinition(),
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
