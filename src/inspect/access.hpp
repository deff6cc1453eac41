/*
 * Who may look into an index, and whether it can be looked into: shared by the SQL functions of
 * this folder.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::inspect {

enum class Right {
    kStats,  // the table's owner, or pg_stat_scan_tables
    kOwner,  // the table's owner
    kMaintain,  // the table's owner, from 17 on also who has MAINTAIN on it
};

// Opens a namedex index. Errors: 42P01 no such relation, 42809 not a namedex index (or a
// partitioned one), 42501 no right, 0A000 another session's temporary index, 55000 an invalid
// index. The caller closes it. This function ereports.
Relation OpenIndex(Oid oid, Right right, LOCKMODE lock);

}  // namespace namedex::inspect
