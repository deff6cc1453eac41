/*
 * Which columns of an index the running plan reads out of an index-only scan.
 *
 * The server does not tell an access method. Putting a value together takes longer than all else a
 * row takes, and count(*) reads none, nor does a search read the column that it searches, unless
 * for a recheck. So the executor is watched: while a query runs, its plan can be found, in the plan
 * the node whose scan this is, and in that node and the one above it the columns that their
 * expressions name.
 *
 * The node's own target list is no help where the planner has given it all columns of the index,
 * which it does where a node above picks what it needs: then that node's expressions count, if it
 * is of a kind known here. A scan that is not found, or under a node of another kind, wants
 * all columns.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

// Bit i: index column i + 1.
using WantedColumns = std::uint32_t;
static_assert(INDEX_MAX_KEYS <= 32);
inline constexpr WantedColumns kAllColumns = ~WantedColumns{0};

struct ColumnsRead {
    WantedColumns always;
    WantedColumns on_recheck;  // and of rows that come with recheck
    // Where EXPLAIN ANALYZE counts for the scan's node; null if it does not.
    Instrumentation* counts;
};

// Begins to watch the executor; once, when the module is loaded.
void WatchExecutor();

// What the running query reads of the scan. This function ereports.
ColumnsRead ColumnsReadFrom(IndexScanDesc scan);

}  // namespace namedex::am
