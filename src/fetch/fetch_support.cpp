/*
 * The planner support function of the fetch functions: they return about as many rows as there are
 * keys, which the planner often knows.
 */
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "nodes/supportnodes.h"
}

namespace namedex::fetch {

namespace {

constexpr int kKeysArgument = 1;  // of all four

Node* EstimateRows(Node* request) {
    if (!IsA(request, SupportRequestRows)) return nullptr;
    auto* rows = reinterpret_cast<SupportRequestRows*>(request);
    if (!is_funcclause(rows->node)) return nullptr;
    List* arguments = reinterpret_cast<FuncExpr*>(rows->node)->args;
    if (list_length(arguments) <= kKeysArgument) return nullptr;
    rows->rows = compat::EstimateArrayLength(
        rows->root, static_cast<Node*>(list_nth(arguments, kKeysArgument)));
    return request;
}

}  // namespace

}  // namespace namedex::fetch

NAMEDEX_FUNCTION(namedex_fetch_support) {
    using namespace namedex;
    return pg::Enter([&] {
        return pg::Call([&] {
            return PointerGetDatum(
                fetch::EstimateRows(reinterpret_cast<Node*>(PG_GETARG_POINTER(0))));
        });
    });
}
