#include "am/wanted_columns.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "executor/execdesc.h"
}

namespace namedex::am {

namespace {

// The query that is running, and those within which it runs. Each is on the stack of the hook's
// call. A scan's first row is asked for by its own query.
struct RunningQuery {
    QueryDesc* query;
    RunningQuery* outer;
};
RunningQuery* running = nullptr;
ExecutorRun_hook_type next_hook = nullptr;

void RunQuery(NAMEDEX_RUN_PARAMETERS) {
    RunningQuery here{queryDesc, running};
    running = &here;
    PG_TRY();
    {
        if (next_hook != nullptr) {
            next_hook(NAMEDEX_RUN_ARGUMENTS);
        } else {
            standard_ExecutorRun(NAMEDEX_RUN_ARGUMENTS);
        }
    }
    PG_FINALLY();
    { running = here.outer; }
    PG_END_TRY();
}

struct Search {
    IndexScanDesc scan;
    PlanState* above;  // the node being visited is below it
    IndexOnlyScanState* found;
};

bool Visit(PlanState* node, void* argument) {
    auto* search = static_cast<Search*>(argument);
    if (IsA(node, IndexOnlyScanState) &&
        reinterpret_cast<IndexOnlyScanState*>(node)->ioss_ScanDesc == search->scan) {
        search->found = reinterpret_cast<IndexOnlyScanState*>(node);
        return true;
    }
    PlanState* above = search->above;
    search->above = node;
    if (compat::WalkPlanState(node, Visit, search)) {
        return true;
    }
    search->above = above;
    return false;
}

void AddColumns(const void* expression, int varno, Bitmapset** columns) {
    pull_varattnos(static_cast<Node*>(const_cast<void*>(expression)), static_cast<Index>(varno),
                   columns);
}

void AddGroupColumns(int count, const AttrNumber* numbers, Bitmapset** columns) {
    for (int i = 0; i < count; ++i) {
        *columns = bms_add_member(*columns, numbers[i] - FirstLowInvalidHeapAttributeNumber);
    }
}

// The columns of its child `below` that a plan node reads, numbered as in the child's target list,
// as pull_varattnos gives them; false if that is not known.
bool AddReadBy(const PlanState* above, const PlanState* below, Bitmapset** columns) {
    if (above == nullptr) {
        return false;
    }
    const Plan* plan = above->plan;
    int side = OUTER_VAR;
    if (outerPlanState(above) != below) {
        if (innerPlanState(above) != below) {
            return false;  // a subplan of one of its expressions
        }
        side = INNER_VAR;
    }
    switch (nodeTag(plan)) {
        case T_Agg: {
            const auto* agg = reinterpret_cast<const Agg*>(plan);
            if (agg->chain != NIL || agg->groupingSets != NIL) {
                return false;
            }
            AddGroupColumns(agg->numCols, agg->grpColIdx, columns);
            break;
        }
        case T_Group: {
            const auto* group = reinterpret_cast<const Group*>(plan);
            AddGroupColumns(group->numCols, group->grpColIdx, columns);
            break;
        }
        case T_NestLoop: {
            const auto* join = reinterpret_cast<const NestLoop*>(plan);
            AddColumns(join->join.joinqual, side, columns);
            ListCell* cell;
            foreach (cell, join->nestParams) {
                AddColumns(lfirst_node(NestLoopParam, cell)->paramval, side, columns);
            }
            break;
        }
        case T_HashJoin: {
            const auto* join = reinterpret_cast<const HashJoin*>(plan);
            AddColumns(join->join.joinqual, side, columns);
            AddColumns(join->hashclauses, side, columns);
            AddColumns(join->hashkeys, side, columns);
            break;
        }
        case T_Result:
        case T_ProjectSet:
            break;
        default:
            return false;
    }
    AddColumns(plan->targetlist, side, columns);
    AddColumns(plan->qual, side, columns);
    return true;
}

// What pull_varattnos gives, as columns; frees it.
WantedColumns ToColumns(Bitmapset* numbers) {
    WantedColumns columns = 0;
    for (int member = -1; (member = bms_next_member(numbers, member)) >= 0;) {
        const int column = member + FirstLowInvalidHeapAttributeNumber;
        if (column < 1 || column > INDEX_MAX_KEYS) {
            columns = kAllColumns;
            break;
        }
        columns |= WantedColumns{1} << (column - 1);
    }
    bms_free(numbers);
    return columns;
}

ColumnsRead ReadBy(const IndexOnlyScanState* node, const PlanState* above) {
    const auto* plan = reinterpret_cast<const IndexOnlyScan*>(node->ss.ps.plan);
    Bitmapset* always = nullptr;
    AddColumns(plan->scan.plan.qual, INDEX_VAR, &always);
    Bitmapset* read = nullptr;
    if (node->ss.ps.ps_ProjInfo == nullptr && AddReadBy(above, &node->ss.ps, &read)) {
        ListCell* cell;
        foreach (cell, plan->scan.plan.targetlist) {
            const auto* entry = lfirst_node(TargetEntry, cell);
            if (bms_is_member(entry->resno - FirstLowInvalidHeapAttributeNumber, read)) {
                AddColumns(entry->expr, INDEX_VAR, &always);
            }
        }
    } else {
        AddColumns(plan->scan.plan.targetlist, INDEX_VAR, &always);
    }
    bms_free(read);
    Bitmapset* on_recheck = nullptr;
    AddColumns(plan->recheckqual, INDEX_VAR, &on_recheck);
    return {ToColumns(always), ToColumns(on_recheck), node->ss.ps.instrument};
}

}  // namespace

void WatchExecutor() {
    next_hook = ExecutorRun_hook;
    ExecutorRun_hook = RunQuery;
}

ColumnsRead ColumnsReadFrom(IndexScanDesc scan) {
    Search search{scan, nullptr, nullptr};
    if (running != nullptr && running->query->planstate != nullptr &&
        Visit(running->query->planstate, &search)) {
        return ReadBy(search.found, search.above);
    }
    return {kAllColumns, kAllColumns, nullptr};
}

}  // namespace namedex::am
