/*
 * namedex_load_only(row_type, keys, columns, key_column): rows of a table's own type, in which the
 * key and the named columns are filled.
 */
#include "fetch/set_function.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::fetch {

namespace {

enum Argument : int { kRowType, kKeys, kColumns, kKeyColumn };

// The relation whose row type the first argument has; its value plays no part.
Oid RowTypeRelation(FunctionCallInfo fcinfo) {
    const Oid type = get_fn_expr_argtype(fcinfo->flinfo, kRowType);
    const Oid relation = OidIsValid(type) ? get_typ_typrelid(type) : InvalidOid;
    if (!OidIsValid(relation)) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("row_type must be of a table's row type, not %s",
                               OidIsValid(type) ? format_type_be(type) : "unknown"),
                        errhint("Write NULL::patients for rows of the table patients.")));
    }
    return relation;
}

TupleDesc RowDescriptor(FunctionCallInfo fcinfo) {
    RowTypeRelation(fcinfo);
    return lookup_rowtype_tupdesc_copy(get_fn_expr_argtype(fcinfo->flinfo, kRowType), -1);
}

FetchPlan* GetPlan(FunctionCallInfo fcinfo, Oid relation) {
    int count;
    const char** names = NamesArgument(fcinfo, kColumns, "columns", &count);
    const char* key_column = NameArgument(fcinfo, kKeyColumn);
    PlanName name = NamePlan('l', relation);
    AddText(&name, key_column);
    for (int i = 0; i < count; ++i) AddText(&name, names[i]);
    FetchPlan* plan = FindPlan(name);
    if (plan == nullptr) {
        const uint64 invalidations = InvalidationsSoFar();
        plan = MakeTuplePlan(relation, names, count, key_column, true);
        KeepPlan(name, plan, invalidations);
    }
    return plan;
}

ResultRows* MakeLoadOnlyRows(FunctionCallInfo fcinfo, TupleDesc descriptor,
                             MemoryContext context) {
    const Oid relation = RowTypeRelation(fcinfo);
    FetchPlan* plan = GetPlan(fcinfo, relation);
    auto* rows = new (palloc(sizeof(TupleRows)))
        TupleRows(plan, KeysArgument(fcinfo, kKeys), get_rel_name(relation), descriptor, context);
    const Statement& statement = plan->root->statement;
    for (int i = 0; i < statement.column_count; ++i) {
        rows->MapColumn(i, statement.columns[i] - 1);
    }
    return rows;
}

}  // namespace

}  // namespace namedex::fetch

NAMEDEX_FUNCTION(namedex_load_only) {
    using namespace namedex;
    return pg::Enter([&] {
        return pg::Call([&] {
            return fetch::ReturnRows(fcinfo, fetch::RowDescriptor, fetch::MakeLoadOnlyRows);
        });
    });
}
