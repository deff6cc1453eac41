/*
 * Moving pending rows into segments, and segments together.
 *
 * A flush seals the pending chain, writes its live rows as one segment or several (each within
 * maintenance_work_mem), and publishes them in the record that drops the chain. A merge writes the live rows
 * of some segments as one and publishes it in the record that unlists them. A crash before that record
 * leaves unused pages and nothing else; the sealed chain is still there to be flushed again.
 *
 * Callers hold the table's ShareUpdateExclusiveLock (VACUUM), so there is one of them at a time, and no
 * ambulkdelete meanwhile.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

void FlushPending(Relation index);

// Merges segments of like size until few are left. Size-tiered: a row is rewritten a logarithmic number of
// times.
void MergeSmallSegments(Relation index);

}  // namespace namedex::am
