/*
 * namedex_related(rel, keys, relationship, select_list, key_column): one relationship of many rows,
 * as pairs of a key and a JSON object.
 */
#include "fetch/json_plan.hpp"
#include "fetch/set_function.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::fetch {

namespace {

enum Argument : int { kRelation, kKeys, kRelationship, kSelectList, kKeyColumn };

TupleDesc PairDescriptor(FunctionCallInfo fcinfo) {
    TupleDesc descriptor;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE) {
        elog(ERROR, "return type must be a row type");
    }
    return BlessTupleDesc(CreateTupleDescCopy(descriptor));
}

ResultRows* MakeRelatedRows(FunctionCallInfo fcinfo, TupleDesc, MemoryContext context) {
    const Oid relation = RelationArgument(fcinfo, kRelation);
    const char* relationship = TextArgument(fcinfo, kRelationship, "relationship");
    const char* select_list = TextArgument(fcinfo, kSelectList, "select_list");
    FetchPlan* plan = GetRelatedPlan(relation, relationship, select_list,
                                     NameArgument(fcinfo, kKeyColumn));
    return new (palloc(sizeof(RelatedRows)))
        RelatedRows(plan, KeysArgument(fcinfo, kKeys), get_rel_name(relation), context);
}

}  // namespace

}  // namespace namedex::fetch

NAMEDEX_FUNCTION(namedex_related) {
    using namespace namedex;
    return pg::Enter([&] {
        return pg::Call([&] {
            return fetch::ReturnRows(fcinfo, fetch::PairDescriptor, fetch::MakeRelatedRows);
        });
    });
}
