/*
 * namedex_fetch_json(rel, keys, select_list, key_column): rows as JSON objects, with the rows that
 * foreign keys relate them to embedded.
 */
#include "fetch/json_plan.hpp"
#include "fetch/set_function.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::fetch {

namespace {

enum Argument : int { kRelation, kKeys, kSelectList, kKeyColumn };

ResultRows* MakeJsonRows(FunctionCallInfo fcinfo, TupleDesc, MemoryContext context) {
    const Oid relation = RelationArgument(fcinfo, kRelation);
    const char* select_list = TextArgument(fcinfo, kSelectList, "select_list");
    FetchPlan* plan = GetJsonPlan(relation, select_list, NameArgument(fcinfo, kKeyColumn));
    return new (palloc(sizeof(JsonRows)))
        JsonRows(plan, KeysArgument(fcinfo, kKeys), get_rel_name(relation), context);
}

}  // namespace

}  // namespace namedex::fetch

NAMEDEX_FUNCTION(namedex_fetch_json) {
    using namespace namedex;
    return pg::Enter([&] {
        return pg::Call([&] {
            return fetch::ReturnRows(fcinfo, fetch::JsonDescriptor, fetch::MakeJsonRows);
        });
    });
}
