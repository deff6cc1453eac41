#include "fetch/plan_cache.hpp"

extern "C" {
#include "common/hashfn.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
}

namespace namedex::fetch {

namespace {

// A session uses a handful of plans. What they take is mostly what the server prepares: some 16 kB a
// statement, more over many partitions, and twice that where there are few keys now and many then.
constexpr int kMostPlans = 128;
constexpr int kMostStatements = 512;

// Longer names are not kept: a list of a megabyte is hardly asked for twice.
constexpr int kLongestName = 16 * 1024;

struct Entry {
    uint32 hash;
    int name_size;
    char* name;
    FetchPlan* plan;
    uint64 last_used;
};

Entry entries[kMostPlans];
int entry_count = 0;
int statement_count = 0;  // of all entries
uint64 uses = 0;
uint64 invalidations = 0;
List* retired = NIL;  // plans that were thrown away while they were in use

void MarkStale(FetchPlan* plan) {
    plan->stale = true;
    plan->unchecked = true;
}

// Of all plans, kept or thrown away: one that is in use asks, too.
template <typename Concerns>
void Invalidate(Concerns&& concerns) {
    ++invalidations;
    for (int i = 0; i < entry_count; ++i) {
        if (concerns(*entries[i].plan)) MarkStale(entries[i].plan);
    }
    ListCell* cell;
    foreach (cell, retired) {
        auto* plan = static_cast<FetchPlan*>(lfirst(cell));
        if (concerns(*plan)) MarkStale(plan);
    }
}

void OnRelationChange(Datum, Oid relation) {
    Invalidate([relation](const FetchPlan& plan) {
        return !OidIsValid(relation) || list_member_oid(plan.locked, relation) ||
               list_member_oid(plan.examined, relation);
    });
}

void OnCatalogChange(Datum, int, uint32) {
    Invalidate([](const FetchPlan&) { return true; });
}

void WatchCatalogs() {
    static bool watching = false;
    if (watching) return;
    CacheRegisterRelcacheCallback(OnRelationChange, 0);
    for (const int cache :
         {NAMESPACEOID, OPEROID, COLLOID, CASTSOURCETARGET, AUTHMEMROLEMEM, AUTHOID}) {
        CacheRegisterSyscacheCallback(cache, OnCatalogChange, 0);
    }
    watching = true;
}

void Retire(FetchPlan* plan) {
    MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
    retired = lappend(retired, plan);
    MemoryContextSwitchTo(caller);
}

void FreeRetired() {
    ListCell* cell;
    foreach (cell, retired) {
        auto* plan = static_cast<FetchPlan*>(lfirst(cell));
        if (plan->users > 0) continue;
        retired = foreach_delete_current(retired, cell);
        FreePlan(plan);
    }
}

void RemoveEntry(int at) {
    FetchPlan* plan = entries[at].plan;
    statement_count -= plan->statement_count;
    Retire(plan);
    pfree(entries[at].name);
    entries[at] = entries[--entry_count];
}

uint32 HashOf(const PlanName& name) {
    return hash_bytes(reinterpret_cast<const unsigned char*>(name.bytes.data), name.bytes.len);
}

int FindEntry(const PlanName& name, uint32 hash) {
    for (int i = 0; i < entry_count; ++i) {
        if (entries[i].hash == hash && entries[i].name_size == name.bytes.len &&
            memcmp(entries[i].name, name.bytes.data, static_cast<Size>(name.bytes.len)) == 0) {
            return i;
        }
    }
    return -1;
}

int OldestEntry() {
    int oldest = 0;
    for (int i = 1; i < entry_count; ++i) {
        if (entries[i].last_used < entries[oldest].last_used) oldest = i;
    }
    return oldest;
}

}  // namespace

PlanName NamePlan(char function, Oid relation) {
    PlanName name;
    initStringInfo(&name.bytes);
    const Oid user = GetUserId();
    appendStringInfoChar(&name.bytes, function);
    appendBinaryStringInfo(&name.bytes, reinterpret_cast<const char*>(&user), sizeof(user));
    appendBinaryStringInfo(&name.bytes, reinterpret_cast<const char*>(&relation),
                           sizeof(relation));
    return name;
}

void AddText(PlanName* name, const char* text) {
    appendStringInfoChar(&name->bytes, text == nullptr ? '-' : '+');
    if (text != nullptr) {
        appendBinaryStringInfo(&name->bytes, text, static_cast<int>(strlen(text)) + 1);
    }
}

FetchPlan* FindPlan(const PlanName& name) {
    WatchCatalogs();
    FreeRetired();
    const uint32 hash = HashOf(name);
    const int at = FindEntry(name, hash);
    if (at < 0) return nullptr;
    FetchPlan* plan = entries[at].plan;
    ListCell* cell;
    foreach (cell, plan->locked) LockRelationOid(lfirst_oid(cell), AccessShareLock);
    if (plan->stale) {
        RemoveEntry(at);
        return nullptr;
    }
    entries[at].last_used = ++uses;
    return plan;
}

uint64 InvalidationsSoFar() {
    WatchCatalogs();
    return invalidations;
}

void KeepPlan(const PlanName& name, FetchPlan* plan, uint64 invalidations_before) {
    // An invalidation during the making may have been about what had been read already.
    if (invalidations != invalidations_before) MarkStale(plan);
    MemoryContextSetParent(plan->context, CacheMemoryContext);
    if (name.bytes.len > kLongestName || plan->statement_count > kMostStatements) {
        Retire(plan);
        return;
    }
    const uint32 hash = HashOf(name);
    const int old = FindEntry(name, hash);
    if (old >= 0) RemoveEntry(old);
    while (entry_count == kMostPlans ||
           statement_count + plan->statement_count > kMostStatements) {
        RemoveEntry(OldestEntry());
    }
    Entry entry;
    entry.hash = hash;
    entry.name_size = name.bytes.len;
    entry.name = static_cast<char*>(
        MemoryContextAlloc(TopMemoryContext, static_cast<Size>(name.bytes.len)));
    memcpy(entry.name, name.bytes.data, static_cast<Size>(name.bytes.len));
    entry.plan = plan;
    entry.last_used = ++uses;
    statement_count += plan->statement_count;
    entries[entry_count++] = entry;
}

void UsePlan(FetchPlan* plan, MemoryContext context) {
    auto* callback = static_cast<MemoryContextCallback*>(
        MemoryContextAlloc(context, sizeof(MemoryContextCallback)));
    // Runs in whatever state an error left: it frees nothing itself.
    callback->func = [](void* argument) { --static_cast<FetchPlan*>(argument)->users; };
    callback->arg = plan;
    MemoryContextRegisterResetCallback(context, callback);
    ++plan->users;
}

}  // namespace namedex::fetch
