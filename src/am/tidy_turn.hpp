/*
 * Who tidies a database, and what: giving up what is parked and cutting off free ends takes
 * waiting, and a slot of max_worker_processes meanwhile. So of the workers that have been started
 * for that one is at work, and at most one more waits for its turn; others leave. What they were to
 * do is not lost: who is at work tidies all indexes of the database, and looks which there are when
 * its turn has come; whoever finds both places taken leaves its index to the one that waits. In a
 * database with very many indexes, whose number is limited, that is true of the first ones only;
 * the rest is for the next VACUUM.
 *
 * Places are session locks of the method that is for users, since those are what the server
 * releases when a process ends, however it does.
 *
 * This file ereports and does not throw.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

// In a transaction. Returns when it is this process' turn, to its end; or false: it is to leave.
bool TakeTidyTurn();

// Whether another process waits for this one to end.
bool IsAnotherNext();

struct TidyList {
    Oid* indexes;  // `first`, and those that were made after it before others
    int count;
    bool all;  // of the database; false: there are too many
};

// Outside of a transaction. The indexes that are to be tidied; the array is the caller's.
TidyList ListIndexesToTidy(Oid first);

}  // namespace namedex::am
