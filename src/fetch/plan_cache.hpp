/*
 * Plans are kept for the session, so that a function called again with the same arguments but the
 * keys reads no catalog and prepares nothing.
 *
 * A plan is found by everything it was made from, the current user included (`*` means what he may
 * read). It is thrown away when a table that it reads, or whose foreign keys were looked at, changes in
 * any way (the server tells through relation cache invalidations: DDL, GRANT, new statistics), and
 * all are when schemas, operators, collations, casts or roles change, which is rare.
 *
 * The rule that makes that safe: the tables are locked first, and then it is asked whether the
 * plan is stale. Taking a lock reads the invalidations of those who held it before, and while it
 * is held no other session can change a table of the plan. What this session does itself between
 * the rows of a cursor is FetchRun's business: it keeps the tables open.
 */
#pragma once

#include "fetch/fetch_plan.hpp"

namespace namedex::fetch {

/** What a plan is found by, as bytes. */
struct PlanName {
    StringInfoData bytes;
};

/** Begins a name: a function, and a relation. Finish it with AddText for each further argument. */
PlanName NamePlan(char function, Oid relation);
void AddText(PlanName* name, const char* text);  // null is different from empty

/** The kept plan of that name, its tables locked; null if there is none. */
FetchPlan* FindPlan(const PlanName& name);

/** Before a plan is made: what is handed to KeepPlan. */
uint64 InvalidationsSoFar();

/** Keeps a plan, the tables of which are locked. */
void KeepPlan(const PlanName& name, FetchPlan* plan, uint64 invalidations_before);

/** Until the context is emptied the plan is not freed, whether it is kept or not. To be called before
 *  the next FindPlan. */
void UsePlan(FetchPlan* plan, MemoryContext context);

}  // namespace namedex::fetch
