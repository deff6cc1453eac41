/*
 * The access method's handler: what namedex can do, and where it does it.
 */
#include "am/am.hpp"
#include "am/scan_keys.hpp"
#include "pg/compat.hpp"

NAMEDEX_FUNCTION(namedex_handler) {
    using namespace namedex;
    IndexAmRoutine* routine = makeNode(IndexAmRoutine);
    routine->amstrategies = am::kPrefixStrategy;
    routine->amsupport = 0;
    routine->amoptsprocnum = 0;
    routine->amcanorder = false;
    routine->amcanorderbyop = false;
    routine->amcanbackward = false;
    routine->amcanunique = false;
    routine->amcanmulticol = true;
    routine->amoptionalkey = true;
    routine->amsearcharray = true;
    routine->amsearchnulls = true;
    routine->amstorage = false;
    routine->amclusterable = false;
    routine->ampredlocks = false;
    routine->amcanparallel = true;
    routine->amcaninclude = true;
    routine->amusemaintenanceworkmem = true;
    routine->amparallelvacuumoptions =
        VACUUM_OPTION_PARALLEL_BULKDEL | VACUUM_OPTION_PARALLEL_CLEANUP;
    routine->amkeytype = InvalidOid;

    routine->ambuild = am::Build;
    routine->ambuildempty = am::BuildEmpty;
    routine->aminsert = am::Insert;
    routine->ambulkdelete = am::BulkDelete;
    routine->amvacuumcleanup = am::VacuumCleanup;
    routine->amcanreturn = am::CanReturn;
    routine->amcostestimate = am::CostEstimate;
    routine->amoptions = am::Options;
    routine->amproperty = nullptr;
    routine->ambuildphasename = am::BuildPhaseName;
    routine->amvalidate = am::Validate;
    routine->amadjustmembers = nullptr;
    routine->ambeginscan = am::BeginScan;
    routine->amrescan = am::Rescan;
    routine->amgettuple = am::GetTuple;
    routine->amgetbitmap = am::GetBitmap;
    routine->amendscan = am::EndScan;
    routine->ammarkpos = nullptr;
    routine->amrestrpos = nullptr;
    routine->aminitparallelscan = am::InitParallelScan;
    routine->amparallelrescan = am::ParallelRescan;
    compat::VersionedRoutine versioned;
    versioned.can_build_parallel = true;
    versioned.estimate_parallel_scan = am::EstimateParallelScan;
    compat::FillVersionedRoutine(routine, versioned);
    PG_RETURN_POINTER(routine);
}
