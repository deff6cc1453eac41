/*
 * The access method's entry points, as IndexAmRoutine lists them (am/am_handler.cpp). Each is
 * called by the server and lets no C++ exception out: those that run C++ with objects alive begin
 * with pg::Enter.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

// am_build.cpp
IndexBuildResult* Build(Relation heap, Relation index, IndexInfo* info);
void BuildEmpty(Relation index);
char* BuildPhaseName(int64 phase);

// am_insert.cpp
bool Insert(Relation index, Datum* values, bool* is_null, ItemPointer heap_tid, Relation heap,
            IndexUniqueCheck check_unique, bool index_unchanged, IndexInfo* info);

// am_scan.cpp
IndexScanDesc BeginScan(Relation index, int nkeys, int norderbys);
void Rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys);
bool GetTuple(IndexScanDesc scan, ScanDirection direction);
int64 GetBitmap(IndexScanDesc scan, TIDBitmap* bitmap);
void EndScan(IndexScanDesc scan);
bool CanReturn(Relation index, int column);
Size EstimateParallelScan(int nkeys, int norderbys);
void InitParallelScan(void* target);
void ParallelRescan(IndexScanDesc scan);

// am_vacuum.cpp
IndexBulkDeleteResult* BulkDelete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                  IndexBulkDeleteCallback callback, void* callback_state);
IndexBulkDeleteResult* VacuumCleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);

// am_cost.cpp
void CostEstimate(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup_cost,
                  Cost* total_cost, Selectivity* selectivity, double* correlation, double* pages);

// am_options.cpp
void RegisterOptions();
bytea* Options(Datum reloptions, bool validate);

// am_validate.cpp
bool Validate(Oid opclass);

}  // namespace namedex::am
