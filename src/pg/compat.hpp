/*
 * What differs between PostgreSQL 15, 16, 17 and 18, each difference behind one name.
 *
 * PG_VERSION_NUM is tested here and nowhere else. A name says what is wanted; the newest server's
 * meaning is the one described, and older servers get the nearest that they offer.
 *
 *     compat::FillVersionedRoutine(routine, {});
 *     compat::VacuumDelayPoint();
 */
#pragma once

#include "pg/prelude.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
extern "C" {
#include "access/nbtxlog.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#include "storage/buffile.h"
#if PG_VERSION_NUM >= 170000
#include "common/unicode_version.h"
#endif
#if PG_VERSION_NUM >= 160000
#include "storage/relfilelocator.h"
#include "varatt.h"
#else
#include "storage/relfilenode.h"
#endif
}
#pragma GCC diagnostic pop

#if PG_VERSION_NUM < 150000
#error "namedex needs PostgreSQL 15 or later"
#endif

/*
 * The module is compiled with hidden visibility. From 16 on PGDLLEXPORT makes a symbol visible
 * and PG_FUNCTION_INFO_V1 and PG_MODULE_MAGIC use it; on 15 it is empty, so it is given the same
 * meaning here. On 15 PG_FUNCTION_INFO_V1 also declares the function itself without it, and a
 * later declaration may not raise the visibility, so functions are declared by NAMEDEX_FUNCTION:
 *
 *     NAMEDEX_FUNCTION(namedex_stats) { return pg::Enter([&] { ... }); }
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

#define NAMEDEX_FUNCTION(name)                       \
    extern "C" {                                     \
    extern PGDLLEXPORT Datum name(FunctionCallInfo); \
    PG_FUNCTION_INFO_V1(name);                       \
    }                                                \
    Datum name([[maybe_unused]] FunctionCallInfo fcinfo)

namespace namedex::compat {

// ---------------------------------------------------------------- relation files

/** Whether the index, or its present file, was made by a transaction that has not ended: no other
 *  session sees it. */
inline bool IsOwnFile(Relation relation) {
#if PG_VERSION_NUM >= 160000
    const SubTransactionId file = relation->rd_firstRelfilelocatorSubid;
#else
    const SubTransactionId file = relation->rd_firstRelfilenodeSubid;
#endif
    return relation->rd_createSubid != InvalidSubTransactionId || file != InvalidSubTransactionId;
}

#if PG_VERSION_NUM >= 160000
using RelationFileId = RelFileLocator;
inline RelationFileId FileOf(Relation relation) {
    return relation->rd_locator;
}
inline bool SameFile(const RelationFileId& a, const RelationFileId& b) {
    return RelFileLocatorEquals(a, b);
}
#else
using RelationFileId = RelFileNode;
inline RelationFileId FileOf(Relation relation) {
    return relation->rd_node;
}
inline bool SameFile(const RelationFileId& a, const RelationFileId& b) {
    return RelFileNodeEquals(a, b);
}
#endif

/** A page in memory that is written past shared buffers: aligned as direct I/O wants it (16). */
#if PG_VERSION_NUM >= 160000
using PageForWriting = PGIOAlignedBlock;
#else
using PageForWriting = PGAlignedBlock;
#endif

/** Logs a page that was written past shared buffers. page_std: pd_lower and pd_upper bound a hole.
 */
inline XLogRecPtr LogNewPage(RelationFileId file, ForkNumber fork, BlockNumber block, Page page,
                             bool page_std) {
    return log_newpage(&file, fork, block, page, page_std);
}

/** A new zeroed page at the end of the relation, pinned and exclusively locked. May ereport. */
inline Buffer ExtendLocked(Relation relation, ForkNumber fork, BufferAccessStrategy strategy) {
#if PG_VERSION_NUM >= 160000
    return ExtendBufferedRel(BMR_REL(relation), fork, strategy, EB_LOCK_FIRST);
#else
    const bool need_lock = !RELATION_IS_LOCAL(relation);
    if (need_lock) LockRelationForExtension(relation, ExclusiveLock);
    Buffer buffer = ReadBufferExtended(relation, fork, P_NEW, RBM_ZERO_AND_LOCK, strategy);
    if (need_lock) UnlockRelationForExtension(relation, ExclusiveLock);
    return buffer;
#endif
}

/** Extends the relation by `count` zeroed pages that follow one another; tells the first one's number.
 *  May ereport. */
inline BlockNumber ExtendBy(Relation relation, BufferAccessStrategy strategy, uint32 count) {
    BlockNumber first = InvalidBlockNumber;
    const bool need_lock = !RELATION_IS_LOCAL(relation);
    if (need_lock) LockRelationForExtension(relation, ExclusiveLock);
    for (uint32 done = 0; done < count;) {
#if PG_VERSION_NUM >= 160000
        constexpr uint32 kAtOnce = 64;  // their buffers are pinned for a moment
        Buffer buffers[kAtOnce];
        uint32 got = 0;
        const BlockNumber block = ExtendBufferedRelBy(
            BMR_REL(relation), MAIN_FORKNUM, strategy, EB_SKIP_EXTENSION_LOCK,
            count - done < kAtOnce ? count - done : kAtOnce, buffers, &got);
        for (uint32 i = 0; i < got; ++i) ReleaseBuffer(buffers[i]);
        done += got;
#else
        Buffer buffer = ReadBufferExtended(relation, MAIN_FORKNUM, P_NEW, RBM_NORMAL, strategy);
        const BlockNumber block = BufferGetBlockNumber(buffer);
        ReleaseBuffer(buffer);
        ++done;
#endif
        if (first == InvalidBlockNumber) first = block;
    }
    if (need_lock) UnlockRelationForExtension(relation, ExclusiveLock);
    return first;
}

/** Forgets all buffers of the relation's main fork without writing them: for tests that change the
 *  file. */
inline void DropBuffers(Relation relation) {
    ForkNumber fork = MAIN_FORKNUM;
    BlockNumber first = 0;
#if PG_VERSION_NUM >= 160000
    DropRelationBuffers(RelationGetSmgr(relation), &fork, 1, &first);
#else
    DropRelFileNodeBuffers(RelationGetSmgr(relation), &fork, 1, &first);
#endif
}

// ---------------------------------------------------------------- temporary files

/** Writes `size` bytes at the file's position. May ereport. */
inline void WriteBufFile(BufFile* file, void* from, size_t size) { BufFileWrite(file, from, size); }

/** Reads exactly `size` bytes at the file's position. May ereport. */
inline void ReadBufFileExact(BufFile* file, void* to, size_t size) {
#if PG_VERSION_NUM >= 160000
    BufFileReadExact(file, to, size);
#else
    if (BufFileRead(file, to, size) != size) {
        ereport(ERROR, (errcode_for_file_access(), errmsg("could not read from temporary file")));
    }
#endif
}

// ---------------------------------------------------------------- access method

/** The members of IndexAmRoutine that not every version has, or not with one type. */
struct VersionedRoutine {
    bool can_build_parallel = false;                                          // 17
    void (*insert_cleanup)(Relation index, IndexInfo* index_info) = nullptr;  // 17
    // Bytes that a parallel scan needs in shared memory, beyond the server's own. Null: none.
    Size (*estimate_parallel_scan)(int nkeys, int norderbys) = nullptr;
};

namespace internal {
inline VersionedRoutine versioned_routine;

#if PG_VERSION_NUM >= 180000
inline Size EstimateParallelScan(Relation, int nkeys, int norderbys) {
    return versioned_routine.estimate_parallel_scan(nkeys, norderbys);
}
#elif PG_VERSION_NUM >= 170000
inline Size EstimateParallelScan(int nkeys, int norderbys) {
    return versioned_routine.estimate_parallel_scan(nkeys, norderbys);
}
#else
// These servers do not say how many keys there are: the most an index can have is assumed.
inline Size EstimateParallelScan() {
    return versioned_routine.estimate_parallel_scan(INDEX_MAX_KEYS, INDEX_MAX_KEYS);
}
#endif
}  // namespace internal

/**
 * Fills in what differs between versions; all else is the handler's. The flags of 16 to 18 are
 * those of a method that neither summarizes, nor hashes, nor sorts: amsummarizing, amcanhash,
 * amconsistentequality and amconsistentordering false, amgettreeheight and amtranslate* null.
 */
inline void FillVersionedRoutine(IndexAmRoutine* routine, const VersionedRoutine& versioned) {
    internal::versioned_routine = versioned;
    routine->amestimateparallelscan =
        versioned.estimate_parallel_scan != nullptr ? internal::EstimateParallelScan : nullptr;
#if PG_VERSION_NUM >= 160000
    routine->amsummarizing = false;
#endif
#if PG_VERSION_NUM >= 170000
    routine->amcanbuildparallel = versioned.can_build_parallel;
    routine->aminsertcleanup = versioned.insert_cleanup;
#endif
#if PG_VERSION_NUM >= 180000
    routine->amcanhash = false;
    routine->amconsistentequality = false;
    routine->amconsistentordering = false;
    routine->amgettreeheight = nullptr;
    routine->amtranslatestrategy = nullptr;
    routine->amtranslatecmptype = nullptr;
#endif
}

/** Where in shared memory the method's own state of a parallel scan is, from the scan's on. */
inline Size OffsetOfParallelState(ParallelIndexScanDesc scan) {
#if PG_VERSION_NUM >= 180000
    return scan->ps_offset_am;
#else
    return scan->ps_offset;
#endif
}

/** Counts one search of the index: pg_stat_user_indexes, and EXPLAIN ANALYZE from 18 on. */
inline void CountIndexSearch(IndexScanDesc scan) {
    pgstat_count_index_scan(scan->indexRelation);
#if PG_VERSION_NUM >= 180000
    if (scan->instrument != nullptr) scan->instrument->nsearches++;
#endif
}

/** Raises "snapshot too old" where the server can (15 and 16); nothing from 17 on. */
inline void CheckSnapshotAge([[maybe_unused]] Snapshot snapshot, [[maybe_unused]] Relation relation,
                             [[maybe_unused]] Page page) {
#if PG_VERSION_NUM < 170000
    TestForOldSnapshot(snapshot, relation, page);
#endif
}

/**
 * True on a server whose bitmap heap scan may skip the heap although VACUUM has removed the row
 * (mended in 15.13, 16.9 and 17.5): every bitmap must ask for a recheck there. The running
 * server counts, not the one compiled against.
 */
inline bool BitmapScanMaySkipHeapWrongly() {
    static const int running = std::atoi(GetConfigOption("server_version_num", false, false));
    if (running >= 180000) return false;
    if (running >= 170000) return running < 170005;
    if (running >= 160000) return running < 160009;
    return running < 150013;
}

// ---------------------------------------------------------------- executor

/** The parameters of an ExecutorRun hook, and the same as arguments. */
#if PG_VERSION_NUM >= 180000
#define NAMEDEX_RUN_PARAMETERS QueryDesc *queryDesc, ScanDirection direction, uint64 count
#define NAMEDEX_RUN_ARGUMENTS queryDesc, direction, count
#else
#define NAMEDEX_RUN_PARAMETERS \
    QueryDesc *queryDesc, ScanDirection direction, uint64 count, bool execute_once
#define NAMEDEX_RUN_ARGUMENTS queryDesc, direction, count, execute_once
#endif

/** planstate_tree_walker. */
inline bool WalkPlanState(PlanState* node, bool (*walker)(PlanState*, void*), void* argument) {
#if PG_VERSION_NUM >= 160000
    return planstate_tree_walker_impl(node, walker, argument);
#else
    using Untyped = bool (*)();
    return planstate_tree_walker(
        node, reinterpret_cast<Untyped>(reinterpret_cast<void (*)()>(walker)), argument);
#endif
}

// ---------------------------------------------------------------- parallel builds

/** True where the server itself plans the workers of ambuild (IndexInfo.ii_ParallelWorkers). */
constexpr bool kServerPlansBuildWorkers = PG_VERSION_NUM >= 170000;

/** What pgstat_get_my_query_id gives. */
#if PG_VERSION_NUM >= 180000
using QueryId = int64;
#else
using QueryId = uint64;
#endif

// ---------------------------------------------------------------- privileges

/** Whether the current user owns the table. */
inline bool OwnsTable(Oid table) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(RelationRelationId, table, GetUserId());
#else
    return pg_class_ownercheck(table, GetUserId());
#endif
}

/** Whether the current user may have the table's indexes maintained: its owner, from 17 on also
 *  who has MAINTAIN on it. */
inline bool MayMaintain(Oid table) {
#if PG_VERSION_NUM >= 170000
    if (pg_class_aclcheck(table, GetUserId(), ACL_MAINTAIN) == ACLCHECK_OK) return true;
#endif
    return OwnsTable(table);
}

/** Whether the current user may call the function. */
inline bool MayExecute(Oid function) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) ==
           ACLCHECK_OK;
#else
    return pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

// ---------------------------------------------------------------- foreign keys, planner

/** Whether a foreign key is one with PERIOD (18), whose last columns are not compared by equality. */
inline bool IsPeriodForeignKey([[maybe_unused]] const FormData_pg_constraint* form) {
#if PG_VERSION_NUM >= 180000
    return form->conperiod;
#else
    return false;
#endif
}

/** How many elements an array expression has, as far as the planner can tell. */
inline double EstimateArrayLength([[maybe_unused]] PlannerInfo* root, Node* array) {
#if PG_VERSION_NUM >= 170000
    return estimate_array_length(root, array);
#else
    return estimate_array_length(array);
#endif
}

// ---------------------------------------------------------------- vacuum

/** Sleeps when vacuum_cost_limit says so, and answers interrupts. */
inline void VacuumDelayPoint() {
#if PG_VERSION_NUM >= 180000
    vacuum_delay_point(false);
#else
    vacuum_delay_point();
#endif
}

/** The table being vacuumed; null on 15, which does not tell (GlobalVisCheck* then assume the
 *  most cautious horizon). */
inline Relation HeapOf([[maybe_unused]] const IndexVacuumInfo* info) {
#if PG_VERSION_NUM >= 160000
    return info->heaprel;
#else
    return nullptr;
#endif
}

/** Tells standbys that pages of the index are about to be used for something else, so that they end
 *  queries whose snapshot is not newer than `horizon`. There is no record of an extension's own, but
 *  nbtree's touches no page and means just that. May ereport. */
inline void LogReuse(Relation index, [[maybe_unused]] Relation heap, BlockNumber block,
                     FullTransactionId horizon) {
    xl_btree_reuse_page record{};
    record.block = block;
#if PG_VERSION_NUM >= 160000
    record.locator = index->rd_locator;
    record.snapshotConflictHorizon = horizon;
    record.isCatalogRel = RelationIsAccessibleInLogicalDecoding(heap);
#else
    record.node = index->rd_node;
    record.latestRemovedFullXid = horizon;
#endif
    XLogBeginInsert();
    XLogRegisterData(reinterpret_cast<char*>(&record), SizeOfBtreeReusePage);
    XLogInsert(RM_BTREE_ID, XLOG_BTREE_REUSE_PAGE);
}

/** For a worker: no transaction is too long (17 can limit that). */
inline void NoTransactionTimeout() {
#if PG_VERSION_NUM >= 170000
    SetConfigOption("transaction_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
#endif
}

// ---------------------------------------------------------------- locale, user code

/** Whether characters are classified and folded as in the C locale under this collation. */
inline bool CtypeIsC(Oid collation) {
#if PG_VERSION_NUM >= 180000
    return pg_newlocale_from_collation(collation)->ctype_is_c;
#else
    return lc_ctype_is_c(collation);
#endif
}

/** Whether lower() under this collation maps character by character, whatever stands beside it. ICU
 *  and the built-in full case mapping know context (final sigma); libc and the C locale do not. */
inline bool FoldsByCharacter(Oid collation) {
    if (CtypeIsC(collation)) return true;
    pg_locale_t locale = pg_newlocale_from_collation(collation);
#if PG_VERSION_NUM >= 180000
    return locale->provider == COLLPROVIDER_LIBC ||
           (locale->provider == COLLPROVIDER_BUILTIN && !locale->info.builtin.casemap_full);
#else
    // A default collation of libc's has no locale object. Every version before 18 folds what it
    // has of its own (17's built-in C.UTF-8) by simple mappings.
    return locale == nullptr || locale->provider != COLLPROVIDER_ICU;
#endif
}

/** Whether lower() under this collation is ICU's. */
inline bool FoldsByIcu(Oid collation) {
    if (CtypeIsC(collation)) return false;
    pg_locale_t locale = pg_newlocale_from_collation(collation);
    return locale != nullptr && locale->provider == COLLPROVIDER_ICU;
}

/** All that folding under a collation depends on, as text in palloc'd memory: encoding, provider, locale, the
 *  version the provider reports now, and the Unicode version of the server's own tables. */
inline const char* DescribeFolding(Oid collation) {
    char provider;
    const char* locale = "";
    const bool is_default = collation == DEFAULT_COLLATION_OID;
    HeapTuple tuple = is_default ? SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId))
                                 : SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for collation %u", collation);
    const int cache = is_default ? DATABASEOID : COLLOID;
    if (is_default) {
        provider = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple))->datlocprovider;
    } else {
        provider = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple))->collprovider;
    }
#if PG_VERSION_NUM >= 170000
    const int icu_column = is_default ? Anum_pg_database_datlocale : Anum_pg_collation_colllocale;
#else
    const int icu_column =
        is_default ? Anum_pg_database_daticulocale : Anum_pg_collation_colliculocale;
#endif
    const int libc_column =
        is_default ? Anum_pg_database_datctype : Anum_pg_collation_collctype;
    bool is_null;
    Datum value = SysCacheGetAttr(cache, tuple,
                                  static_cast<AttrNumber>(
                                      provider == COLLPROVIDER_LIBC ? libc_column : icu_column),
                                  &is_null);
    if (!is_null) locale = TextDatumGetCString(value);
    ReleaseSysCache(tuple);
    const char* version = get_collation_actual_version(provider, locale);
    return psprintf("%s %c %s %s %s", GetDatabaseEncodingName(), provider, locale,
                    version != nullptr ? version : "-",
#if PG_VERSION_NUM >= 170000
                    PG_UNICODE_VERSION
#else
                    "-"
#endif
    );
}

/** For user code run as a table's owner: from 17 on search_path is limited as by the server's own
 *  maintenance commands. The caller brackets it with NewGUCNestLevel and AtEOXact_GUC. */
inline void RestrictSearchPathForUserCode() {
#if PG_VERSION_NUM >= 170000
    RestrictSearchPath();
#endif
}

}  // namespace namedex::compat
