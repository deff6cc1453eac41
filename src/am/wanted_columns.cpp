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

// The nodes of a query's plan that scan an index only, ordered by index. A node has its scan
// descriptor only from its first row on, the index from the start; so the nodes of a scan's index
// are looked at for the one that has this scan. Kept with the query's own memory, in a list of
// those whose queries have not ended: a cursor's query is run once for each FETCH.
struct PlanScans {
    struct Node {
        IndexOnlyScanState* scan;
        PlanState* above;
        int visited;  // how many before it
        int found;    // in the first node of an index: which of the index's was found last
    };

    PlanState* plan;
    Node* nodes;
    int count;
    int room;
    bool too_many;  // not all are noted: none is looked for
    PlanScans* next;
    MemoryContextCallback forget;
};
PlanScans* known_plans = nullptr;

// A plan that partitions share a subplan of has a path to it from each of them, and nested ones
// multiply. Where there are more nodes than this, 2 MB of them, all columns are taken to be read.
constexpr int kMostNodes = 1 << 16;

struct Walk {
    PlanScans* scans;
    PlanState* above;  // the node being visited is below it
};

bool Visit(PlanState* node, void* argument) {
    auto* walk = static_cast<Walk*>(argument);
    if (IsA(node, IndexOnlyScanState)) {
        PlanScans* scans = walk->scans;
        if (scans->count == kMostNodes) {
            scans->too_many = true;
            return true;
        }
        if (scans->count == scans->room) {
            scans->room *= 2;
            scans->nodes = static_cast<PlanScans::Node*>(
                repalloc_huge(scans->nodes, sizeof *scans->nodes * static_cast<Size>(scans->room)));
        }
        scans->nodes[scans->count] = {reinterpret_cast<IndexOnlyScanState*>(node), walk->above,
                                      scans->count, 0};
        ++scans->count;
    }
    PlanState* above = walk->above;
    walk->above = node;
    const bool ended = compat::WalkPlanState(node, Visit, walk);
    walk->above = above;
    return ended;
}

bool ComesBefore(const PlanScans::Node& a, const PlanScans::Node& b) {
    const auto index = [](const PlanScans::Node& node) {
        return reinterpret_cast<std::uintptr_t>(node.scan->ioss_RelationDesc);
    };
    return index(a) != index(b) ? index(a) < index(b) : a.visited < b.visited;
}

void Forget(void* plan) {
    PlanScans** link = &known_plans;
    while (*link != plan) {
        link = &(*link)->next;
    }
    *link = (*link)->next;
}

// The scans of a query that runs.
PlanScans* ScansOf(const QueryDesc* query) {
    for (PlanScans* scans = known_plans; scans != nullptr; scans = scans->next) {
        if (scans->plan == query->planstate) {
            return scans;
        }
    }
    MemoryContext memory = query->estate->es_query_cxt;
    auto* scans = static_cast<PlanScans*>(MemoryContextAllocZero(memory, sizeof(PlanScans)));
    scans->plan = query->planstate;
    scans->room = 8;
    scans->nodes = static_cast<PlanScans::Node*>(
        MemoryContextAlloc(memory, sizeof *scans->nodes * static_cast<Size>(scans->room)));
    Walk walk{scans, nullptr};
    Visit(query->planstate, &walk);
    std::sort(scans->nodes, scans->nodes + scans->count, ComesBefore);
    scans->forget.func = Forget;
    scans->forget.arg = scans;
    MemoryContextRegisterResetCallback(memory, &scans->forget);
    scans->next = known_plans;
    known_plans = scans;
    return scans;
}

// The node of a scan, null if there is none. Where an index is scanned by many nodes, they mostly
// begin one after the other: each search goes on where the last one ended.
const PlanScans::Node* Find(PlanScans* scans, IndexScanDesc scan) {
    const auto before = [](const PlanScans::Node& node, Relation index) {
        return reinterpret_cast<std::uintptr_t>(node.scan->ioss_RelationDesc) <
               reinterpret_cast<std::uintptr_t>(index);
    };
    if (scans->too_many) {
        return nullptr;
    }
    PlanScans::Node* const end = scans->nodes + scans->count;
    PlanScans::Node* const first =
        std::lower_bound(scans->nodes, end, scan->indexRelation, before);
    const auto of_index = [&](int i) {
        return first + i != end && first[i].scan->ioss_RelationDesc == scan->indexRelation;
    };
    if (!of_index(0)) {
        return nullptr;
    }
    const int last_found = first->found;
    const auto is_it = [&](int i) {
        const bool it = first[i].scan->ioss_ScanDesc == scan;
        first->found = it ? i : first->found;
        return it;
    };
    for (int i = last_found; of_index(i); ++i) {
        if (is_it(i)) {
            return &first[i];
        }
    }
    for (int i = 0; i < last_found; ++i) {
        if (is_it(i)) {
            return &first[i];
        }
    }
    return nullptr;
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
    if (running != nullptr && running->query->planstate != nullptr) {
        const PlanScans::Node* node = Find(ScansOf(running->query), scan);
        if (node != nullptr) {
            return ReadBy(node->scan, node->above);
        }
    }
    return {kAllColumns, kAllColumns, nullptr};
}

}  // namespace namedex::am
