/*
 * From a segment that is not listed any more to free blocks.
 *
 * A merge parks its sources in the record that unlists them: scans that have found them listed go
 * on reading. A parked segment is given up when no such scan can be left:
 *
 * - Each scan has a snapshot that was taken before it read the metapage. `horizon`, the next
 *   transaction id as it is after the unlisting record was written, is not older than any such
 *   snapshot's xmin; so when all snapshots' xmins have passed it, the scans have ended. (It is
 *   stored by a record of its own: read before the unlisting record, it could be older than a
 *   snapshot of a standby that has replayed what came in between.)
 * - What reads without such a snapshot (VACUUM's is not waited for) pins the segment's root while
 *   it has the metapage locked; the root must be free of pins.
 * - Standbys are told to end the queries whose snapshots are not newer than the horizon, by a
 *   record that comes before any that changes the pages.
 *
 * Then the metapage forgets the segment, and its blocks are free (storage/free_blocks.hpp). Whoever
 * parks also uses up a transaction id, so that the horizon passes also where nobody writes.
 *
 * This file ereports and does not throw.
 */
#pragma once

#include "pg/prelude.hpp"
#include "storage/metapage.hpp"

namespace namedex::storage {

// Moves the segment with that id from the list to the parked ones; `meta` is a copy that is
// written back by the caller, who has made sure that there is room.
void Park(MetaData* meta, OwnerId segment_id);

// Stores the horizon of what was parked just now. The caller holds the metapage exclusively, and
// has written the record that unlists.
void StampParked(Relation index, Buffer meta_buffer);

// Makes the horizon pass when this transaction has ended.
void UseTransactionId();

// Does that if something is parked whose horizon is the next transaction id, so that nobody else's
// makes it pass where nobody writes.
void LetHorizonPass(Relation index);

// Gives up the parked segments that nobody can be reading. The caller holds the merge lock (am/
// maintenance.hpp). Returns how many are left.
uint32 ReleaseParked(Relation index);

// Whether it looks as if many blocks at the file's end were free, beside those that pending pages
// will be put into.
bool HasFreeEnd(Relation index);

enum class Cut {
    kNothing,  // there is nothing to be cut off
    kSome,     // there may be more
    kBusy,     // somebody else uses the index
};

// Cuts off free blocks at the file's end, if they are many and nobody else uses the index at the
// moment; not more than can be looked at in a short time. The caller holds the flush and the merge
// lock, and ends its transaction soon: standbys keep the lock on the index until then.
Cut CutFreeEnd(Relation index);

}  // namespace namedex::storage
