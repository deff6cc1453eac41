/*
 * What makes the shared library a server module.
 */
#include "am/am.hpp"
#include "am/maintenance_worker.hpp"
#include "am/wanted_columns.hpp"
#include "pg/compat.hpp"
#include "pg/pause_point.hpp"
#include "pg/prelude.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

/** Makes the storage parameters known, begins to watch the executor, and keeps the settings' prefix:
 *  an unknown namedex.* setting is reported, not silently kept. */
void _PG_init(void) {
    namedex::am::RegisterOptions();
    namedex::am::RegisterWorkerSetting();
    namedex::pg::RegisterPauseSetting();
    namedex::am::WatchExecutor();
    MarkGUCPrefixReserved("namedex");
}
