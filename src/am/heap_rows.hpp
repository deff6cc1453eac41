/*
 * The rows of a table on their way into a build.
 *
 * The scan is never synchronized with others, so that rows come in block order; heap-only tuples
 * come under their chain's root, so the rows of one block are put in order of their offsets before
 * they are passed on. A participant of a parallel build gets chunks of blocks, which ascend as
 * well.
 */
#pragma once

#include "am/segment_build.hpp"
#include "pg/prelude.hpp"

namespace namedex::am {

// Reads the whole table, or (`scan` given, and ended here) this process's share of a parallel scan,
// into `build`. Returns the number of heap tuples as IndexBuildResult wants it. Throws.
double ReadHeapRows(Relation heap, Relation index, IndexInfo* info, SegmentBuild& build,
                    TableScanDesc scan);

}  // namespace namedex::am
