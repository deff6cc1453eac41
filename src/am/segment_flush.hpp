/*
 * Moving pending rows into segments, and segments together.
 *
 * A flush seals the pending chain, writes its live rows as one segment, within
 * maintenance_work_mem, and publishes it in the record that drops the chain. A merge writes the
 * live rows of some segments as one and publishes it in the record that unlists them. A crash
 * before that record leaves unused pages and nothing else; the sealed chain is still there to be
 * flushed again.
 *
 * One at a time: flush, merge and ambulkdelete hold the maintenance lock, a heavyweight lock.
 * VACUUM waits for it; an inserter that finds pending rows above pending_list_limit only tries, and
 * leaves them to whoever holds it. Deadlock cannot arise: nobody waits for another lock while
 * holding it.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

// The maintenance lock; these functions ereport.
void LockMaintenance(Relation index);
bool TryLockMaintenance(Relation index);
void UnlockMaintenance(Relation index);

// The caller holds the maintenance lock. Throws.
void FlushPending(Relation index);

// Merges segments of like size until few are left; the caller holds the maintenance lock. Throws.
// Size-tiered: a row is rewritten a logarithmic number of times.
void MergeSmallSegments(Relation index);

}  // namespace namedex::am
