/*
 * Who tidies a database, and what: giving up what is parked and cutting off free ends takes waiting,
 * and a slot of max_worker_processes meanwhile. So of the workers that have been started for that
 * one is at work, and at most one more waits for its turn; others leave. Nothing that was asked for
 * is lost thereby: who is at work tidies all indexes of the database, and looks which there are when
 * its turn has come; whoever finds both places taken leaves its index to the one that waits.
 *
 * Places are session locks of the method that is for users, since those are what the server releases
 * when a process ends, however it does.
 *
 * This file ereports and does not throw.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

// Outside of a transaction. `wait` pauses for a moment; false: it is time to leave. Returns whether
// it is this process' turn, to its end.
bool TakeTidyTurn(bool (*wait)());

// Outside of a transaction. The indexes that are to be tidied, `first` before all others, in an
// array that the caller owns; returns their number, which is limited: in a database with very many
// those that were made after `first` are among them.
int ListIndexesToTidy(Oid first, Oid** indexes);

}  // namespace namedex::am
