/*
 * What makes the shared library a server module.
 */
#include "pg/compat.hpp"
#include "pg/prelude.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

/** Keeps the settings' prefix: an unknown namedex.* setting is reported, not silently kept. */
void _PG_init(void) {
    MarkGUCPrefixReserved("namedex");
}
