/*
 * Cost: what a scan of the index will take, and how much of the table it selects.
 *
 * For comparisons with constants the lexicon is asked, as the scan will ask it: the number of postings behind
 * the matching words bounds the rows. It is not asked when the table has security quals, since EXPLAIN would
 * tell of rows that the user may not see, nor for hypothetical indexes.
 */
#include "am/am.hpp"
#include "am/index_snapshot.hpp"
#include "am/scan_keys.hpp"
#include "core/segment_query.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "pg/context_resource.hpp"

namespace namedex::am {

namespace {

// In units of cpu_operator_cost (0.0025, some 100 ns on the machine the ratios were measured on).
constexpr double kRowOperators = 0.2;       // a row of a posting list, and its TID
constexpr double kStartOperators = 400.0;   // opening the segments, searching the lexicon

struct Estimate {
    double rows = 0;       // that satisfy the index conditions
    double all_rows = 0;   // in the index
    double pages = 0;
    bool known = false;
};

}  // namespace

void CostEstimate(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup_cost,
                  Cost* total_cost, Selectivity* selectivity, double* correlation, double* pages) {
    GenericCosts costs;
    memset(&costs, 0, sizeof costs);
    costs.numIndexTuples = 0;
    genericcostestimate(root, path, loop_count, &costs);

    const double rows = std::max(1.0, costs.indexSelectivity * path->indexinfo->tuples);
    const double start = kStartOperators * cpu_operator_cost * loop_count;
    const double read = rows * kRowOperators * cpu_operator_cost * loop_count;
    // A posting list is read at some 1 byte a row.
    const double index_pages = std::ceil(rows * 2.0 / BLCKSZ) + 4.0;

    *startup_cost = costs.indexStartupCost + start;
    *total_cost = *startup_cost + read + index_pages * cpu_operator_cost * 100.0;
    *selectivity = costs.indexSelectivity;
    *correlation = 1.0;
    *pages = index_pages;
}

}  // namespace namedex::am
