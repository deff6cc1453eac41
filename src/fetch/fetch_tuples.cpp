/*
 * namedex_fetch(rel, keys, columns, key_column): the named columns as tuples, whose names and types
 * the caller lists: … AS t(id bigint, last_name text).
 */
#include "fetch/set_function.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::fetch {

namespace {

enum Argument : int { kRelation, kKeys, kColumns, kKeyColumn };

struct Columns {
    const char** names;
    int count;
};

FetchPlan* GetPlan(FunctionCallInfo fcinfo, Oid relation, const Columns& columns) {
    const char* key_column = NameArgument(fcinfo, kKeyColumn);
    PlanName name = NamePlan('f', relation);
    AddText(&name, key_column);
    for (int i = 0; i < columns.count; ++i) AddText(&name, columns.names[i]);
    FetchPlan* plan = FindPlan(name);
    if (plan == nullptr) {
        const uint64 invalidations = InvalidationsSoFar();
        plan = MakeTuplePlan(relation, columns.names, columns.count, key_column, false);
        KeepPlan(name, plan, invalidations);
    }
    return plan;
}

TupleDesc ListedDescriptor(FunctionCallInfo fcinfo) {
    const auto* info = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    return CreateTupleDescCopy(info->expectedDesc);
}

// A listed name that is another column's tells that the two lists are in different orders.
void CheckName(const char* listed, const Columns& columns, int at) {
    if (strcmp(listed, columns.names[at]) == 0) return;
    for (int i = 0; i < columns.count; ++i) {
        if (i == at || strcmp(listed, columns.names[i]) != 0) continue;
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("column %d of the column definition list is named \"%s\", but column "
                               "\"%s\" is fetched there",
                               at + 1, listed, columns.names[at]),
                        errhint("List the columns in the order in which they are fetched.")));
    }
}

void CheckType(Relation relation, Form_pg_attribute listed, const char* name) {
    Form_pg_attribute column =
        TupleDescAttr(RelationGetDescr(relation), GetColumn(relation, name) - 1);
    if (listed->atttypid == column->atttypid &&
        (listed->atttypmod == -1 || listed->atttypmod == column->atttypmod)) {
        return;
    }
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH),
             errmsg("column \"%s\" is of type %s, but the column definition list says %s", name,
                    format_type_with_typemod(column->atttypid, column->atttypmod),
                    format_type_with_typemod(listed->atttypid, listed->atttypmod))));
}

void CheckDescriptor(Oid table, const Columns& columns, TupleDesc listed) {
    if (listed->natts != columns.count) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        columns.count > listed->natts
                            ? errmsg("column \"%s\" is fetched, but not in the column definition "
                                     "list",
                                     columns.names[listed->natts])
                            : errmsg("column \"%s\" of the column definition list is not fetched",
                                     NameStr(TupleDescAttr(listed, columns.count)->attname)),
                        errdetail("The list has %d columns, %d are fetched.", listed->natts,
                                  columns.count)));
    }
    Relation relation = relation_open(table, NoLock);  // the plan's making locked it
    for (int i = 0; i < columns.count; ++i) {
        Form_pg_attribute attribute = TupleDescAttr(listed, i);
        CheckName(NameStr(attribute->attname), columns, i);
        CheckType(relation, attribute, columns.names[i]);
    }
    relation_close(relation, NoLock);
}

ResultRows* MakeFetchedRows(FunctionCallInfo fcinfo, TupleDesc descriptor, MemoryContext context) {
    const Oid relation = RelationArgument(fcinfo, kRelation);
    Columns columns;
    columns.names = NamesArgument(fcinfo, kColumns, "columns", &columns.count);
    FetchPlan* plan = GetPlan(fcinfo, relation, columns);
    auto* rows = new (palloc(sizeof(TupleRows)))
        TupleRows(plan, KeysArgument(fcinfo, kKeys), get_rel_name(relation), descriptor, context);
    CheckDescriptor(relation, columns, descriptor);
    for (int i = 0; i < plan->output_count; ++i) rows->MapColumn(plan->outputs[i], i);
    return rows;
}

void CheckIsInFrom(FunctionCallInfo fcinfo) {
    const bool in_from = IsCalledInFrom(fcinfo);
    const auto* info = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    if (in_from && info->expectedDesc != nullptr) return;
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("namedex_fetch must be called in FROM, with a column definition list"),
             errhint("Write SELECT * FROM namedex_fetch('patients', ARRAY[1, 2], '{id,last_name}') "
                     "AS t(id bigint, last_name text).")));
}

}  // namespace

}  // namespace namedex::fetch

NAMEDEX_FUNCTION(namedex_fetch) {
    using namespace namedex;
    return pg::Enter([&] {
        return pg::Call([&] {
            fetch::CheckIsInFrom(fcinfo);
            return fetch::ReturnRows(fcinfo, fetch::ListedDescriptor, fetch::MakeFetchedRows);
        });
    });
}
