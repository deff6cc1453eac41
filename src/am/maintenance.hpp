/*
 * What keeps an index in shape: moving pending rows into segments, merging segments, giving up
 * what is not needed any more.
 *
 * A flush seals the pending chains, writes their live rows as one segment, within
 * maintenance_work_mem, and publishes it in the record that drops the chains. A merge writes the
 * live rows of some segments as one and publishes it in the record that unlists and parks them
 * (storage/reclaim.hpp). A crash before that record leaves pages of an owner that is not listed,
 * which are free, and nothing else; sealed chains are still there to be flushed again.
 *
 * Two heavyweight locks, one for each duty, so that a long merge never stops flushing. Order: merge
 * lock, flush lock. Who merges or gives up blocks holds the first, who flushes the second;
 * ambulkdelete takes both, and gives the second back when it has been through the pending rows.
 * VACUUM and namedex_compact wait for them. An inserter, and the worker it starts (am/
 * maintenance_worker.hpp), only try.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

enum class Duty : uint16 { kFlush = 1, kMerge = 2 };

// These three ereport.
void LockDuty(Relation index, Duty duty);
bool TryLockDuty(Relation index, Duty duty);
void UnlockDuty(Relation index, Duty duty);

// Called now and then by flushes and merges; may throw to break them off.
using Poll = void (*)();

enum class Flushed { kAll, kNoRoom };

// Writes what is pending as a segment. kNoRoom: nothing was done, as the list of segments is full.
// The caller holds the flush lock. Throws.
Flushed FlushPending(Relation index, Poll poll);

enum class MergeAim {
    kTidy,  // the next one that core/merge_policy.hpp chooses
    kOne,   // all segments become one without dead rows
};

// Does one merge, if there is one to do. The caller holds the merge lock. Throws.
bool MergeSegments(Relation index, MergeAim aim, Poll poll);

// Writes a segment at the file's end anew if there is much free room before it, so that the end
// becomes free. The caller holds the merge lock. Throws.
bool MoveTowardsFront(Relation index, Poll poll);

// Makes what a flush and a merge that were broken off have written free. The caller holds both
// locks. Throws.
void ForgetUnfinished(Relation index);

// Bytes of pending rows at which they are to be flushed: pending_list_limit, and more where there
// are many segments because merges do not keep up.
std::size_t FlushThreshold(Relation index, uint32 segments);

// Does all of the above that is due and can be done without waiting. Throws.
void MaintainNow(Relation index, Poll poll);

}  // namespace namedex::am
