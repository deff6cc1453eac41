/*
 * Places where a test can make a session wait, so that narrow races can be played through.
 *
 *     SET namedex.pause_at = 'flush written';     -- superusers only
 *
 * A session that comes by the named point takes and gives back advisory lock (0x6E646578, 0): it
 * waits for whoever holds it, as the isolation tester can see. Without the setting a point costs
 * one load.
 *
 * These functions ereport.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::pg {

namespace internal {
extern char* pause_at;
void Pause();
}  // namespace internal

inline void PauseAt(const char* point) {
    if (internal::pause_at != nullptr && internal::pause_at[0] != '\0' &&
        strcmp(internal::pause_at, point) == 0) {
        internal::Pause();
    }
}

// Makes the setting known.
void RegisterPauseSetting();

}  // namespace namedex::pg
