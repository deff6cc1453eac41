/*
 * The background worker that moves pending rows and merges segments (am/maintenance.hpp).
 *
 * It is a dynamic one: the insert that finds pending rows above the limit starts it, so nothing has
 * to be preloaded, and it ends when nothing is left to do. A flush and a merge may be done by two
 * workers at the same time, since a merge can take long; which of them does what, the locks say.
 *
 * It must not be in anybody's way. Each flush and each merge is a transaction of its own, without a
 * snapshot, so that VACUUM is not held up. It takes the relation's lock only if it is free, and
 * gives up what it is doing, which leaves nothing behind but free pages, when somebody waits for
 * that lock or the database is being dropped. It runs no code of users. An index that has gone
 * meanwhile is no error.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

enum class Started {
    kYes,     // or it is at work already
    kNotNow,  // no free worker slot
    kNever,   // not for this index: temporary, or of a transaction under way; or not wanted
};

// Starts a worker to flush and merge. This function ereports.
Started StartWorker(Relation index);

// Starts a worker that gives up what is parked as soon as it may, and makes the file shorter, if it
// can be done within some seconds; of this index and of the others in the database, see
// am/tidy_turn.hpp. This function ereports.
void StartTidying(Relation index);

// Makes the setting namedex.background_worker known.
void RegisterWorkerSetting();

}  // namespace namedex::am
