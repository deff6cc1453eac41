#include "am/maintenance_worker.hpp"

#include "am/am.hpp"
#include "am/maintenance.hpp"
#include "am/tidy_turn.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "storage/metapage.hpp"
#include "storage/pending.hpp"
#include "storage/reclaim.hpp"

extern "C" {
#include "catalog/pg_database.h"
#include "postmaster/bgworker.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/procsignal.h"
#include "tcop/tcopprot.h"

PGDLLEXPORT void namedex_maintenance_worker(Datum argument);
}

namespace namedex::am {

namespace {

bool background_worker = true;

// What a worker is told, in BackgroundWorker.bgw_extra.
struct Orders {
    Oid database;
    Oid index;
    bool tidy;  // all indexes, and wait for parked segments
};
static_assert(sizeof(Orders) <= BGW_EXTRALEN);

// How often a worker at work looks whether it is in somebody's way, and a waiting one whether it can
// go on.
constexpr long kLookMilliseconds = 20;
constexpr long kWaitMilliseconds = 200;
constexpr int kWaits = 50;
// How much is done for an index before others have their turn.
constexpr int kStepsPerRound = 8;
// How many segments a worker moves to the front of the file.
constexpr int kMostMoves = 8;
// A backend does not start two within this time.
constexpr long kStartMilliseconds = 100;

bool Register(Relation index, bool tidy) {
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    strlcpy(worker.bgw_library_name, "namedex", sizeof worker.bgw_library_name);
    strlcpy(worker.bgw_function_name, "namedex_maintenance_worker",
            sizeof worker.bgw_function_name);
    snprintf(worker.bgw_name, sizeof worker.bgw_name,
             tidy ? "namedex tidying, begun with index %u" : "namedex maintenance of index %u",
             RelationGetRelid(index));
    strlcpy(worker.bgw_type, "namedex maintenance", sizeof worker.bgw_type);
    const Orders orders{MyDatabaseId, RelationGetRelid(index), tidy};
    memcpy(worker.bgw_extra, &orders, sizeof orders);
    return RegisterDynamicBackgroundWorker(&worker, nullptr);
}

bool HasWorkers(Relation index) {
    return background_worker && !RelationUsesLocalBuffers(index) && !compat::IsOwnFile(index) &&
           IsUnderPostmaster;
}

bool IsHeldByAnother(Relation index, Duty duty) {
    if (!TryLockDuty(index, duty)) {
        return true;
    }
    UnlockDuty(index, duty);
    return false;
}

// ---------------------------------------------------------------- the worker's side

// Thrown by the poll when the worker is in somebody's way. No server call is under way then, so
// that unwinding releases all there is.
struct GiveWay {};

// The index at work, for the poll.
Relation index_at_work = nullptr;
TimestampTz looked_at = 0;

// DROP DATABASE locks the database exclusively before it waits for other sessions to leave.
bool DatabaseIsBeingDropped() {
    LOCKTAG tag;
    SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
    if (LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL) {
        return true;
    }
    LockRelease(&tag, RowExclusiveLock, false);
    return false;
}

// Whether somebody waits for a lock that conflicts with the worker's, by what they say of
// themselves. (LockHasWaitersRelation knows nothing of locks taken by the fast path; and from 17 on
// who holds a lock is given another, weaker one, although somebody waits.)
bool IndexIsWanted() {
    LOCKTAG tag;
    SET_LOCKTAG_RELATION(tag, index_at_work->rd_lockInfo.lockRelId.dbId,
                         index_at_work->rd_lockInfo.lockRelId.relId);
    LWLock* const partition = LockHashPartitionLock(LockTagHashCode(&tag));
    LWLockAcquire(partition, LW_SHARED);
    bool wanted = false;
    for (uint32 i = 0; i < ProcGlobal->allProcCount && !wanted; ++i) {
        const PGPROC& process = ProcGlobal->allProcs[i];
        const LOCK* const lock = const_cast<const LOCK* const volatile&>(process.waitLock);
        wanted = lock != nullptr && memcmp(&lock->tag, &tag, sizeof tag) == 0 &&
                 process.waitLockMode >= ShareLock;
    }
    LWLockRelease(partition);
    return wanted;
}

void PollWorker() {
    pg::PollInterrupts();
    const TimestampTz now = GetCurrentTimestamp();
    if (!TimestampDifferenceExceeds(looked_at, now, kLookMilliseconds)) {
        return;
    }
    looked_at = now;
    InvalidateCatalogSnapshot();
    const bool in_the_way =
        pg::Call([] { return IndexIsWanted() || DatabaseIsBeingDropped(); });
    if (in_the_way) {
        throw GiveWay{};
    }
}

// Opens the index, if it is still there and nobody has it locked; else null, and says whether that
// is because of a lock.
Relation OpenIndex(Oid oid, bool* locked) {
    *locked = !ConditionalLockRelationOid(oid, RowExclusiveLock);
    if (*locked) {
        return nullptr;
    }
    Relation index = try_relation_open(oid, NoLock);
    if (index == nullptr) {
        UnlockRelationOid(oid, RowExclusiveLock);
        return nullptr;
    }
    const bool suits = index->rd_rel->relkind == RELKIND_INDEX &&
                       index->rd_indam != nullptr &&
                       index->rd_indam->ambuild == &Build && index->rd_index->indislive &&
                       index->rd_index->indisready;
    if (!suits) {
        relation_close(index, RowExclusiveLock);
        return nullptr;
    }
    return index;
}

enum class Step {
    kDone,
    kMore,   // there is more to do
    kWait,   // what is left has to wait
    kGone,   // there is no such index any more
    kLeave,  // the worker is to end
};

// What a worker has to do for an index.
struct Task {
    Oid index;
    bool tidy;
    int moves;  // segments moved so far
};

Step FlushStep(Relation index) {
    const bool due = pg::Call([&] {
        storage::MetaData meta;
        storage::ReadMeta(index, &meta);
        const std::size_t bytes = std::size_t{BLCKSZ} * storage::PendingPages(meta);
        return (meta.sealed_count > 0 || bytes > FlushThreshold(index, meta.segment_count)) &&
               TryLockDuty(index, Duty::kFlush);
    });
    if (!due) {
        return Step::kDone;
    }
    const Flushed flushed = FlushPending(index, &PollWorker);
    pg::Call([&] { UnlockDuty(index, Duty::kFlush); });
    return flushed == Flushed::kAll ? Step::kMore : Step::kDone;
}

Step MergeStep(Relation index, Task* task) {
    if (!pg::Call([&] { return TryLockDuty(index, Duty::kMerge); })) {
        return task->tidy ? Step::kWait : Step::kDone;
    }
    const uint32 parked = pg::Call([&] {
        const uint32 left = storage::ReleaseParked(index);
        InvalidateCatalogSnapshot();
        return left;
    });
    Step step = Step::kDone;
    if (MergeSegments(index, MergeAim::kTidy, &PollWorker)) {
        step = Step::kMore;
    } else if (task->tidy && task->moves < kMostMoves && MoveTowardsFront(index, &PollWorker)) {
        ++task->moves;
        step = Step::kMore;
    } else if (task->tidy && parked > 0) {
        pg::Call([&] { storage::LetHorizonPass(index); });
        step = Step::kWait;
    }
    pg::Call([&] { UnlockDuty(index, Duty::kMerge); });
    return step;
}

Step CutStep(Relation index) {
    if (!pg::Call([&] { return TryLockDuty(index, Duty::kMerge); })) {
        return Step::kWait;
    }
    storage::Cut cut = storage::Cut::kBusy;
    if (pg::Call([&] { return TryLockDuty(index, Duty::kFlush); })) {
        ForgetUnfinished(index);
        cut = pg::Call([&] { return storage::CutFreeEnd(index); });
        pg::Call([&] { UnlockDuty(index, Duty::kFlush); });
    }
    pg::Call([&] { UnlockDuty(index, Duty::kMerge); });
    switch (cut) {
        case storage::Cut::kSome:
            return Step::kMore;
        case storage::Cut::kBusy:
            return Step::kWait;
        case storage::Cut::kNothing:
            break;
    }
    return Step::kDone;
}

// One transaction.
Step TakeStep(Task* task) {
    StartTransactionCommand();
    if (DatabaseIsBeingDropped()) {
        CommitTransactionCommand();
        return Step::kLeave;
    }
    bool in_the_way = false;
    Relation index = OpenIndex(task->index, &in_the_way);
    Step step = Step::kGone;
    if (index != nullptr) {
        pgstat_report_activity(STATE_RUNNING,
                               psprintf("namedex: maintaining index \"%s\"",
                                        RelationGetRelationName(index)));
        // No catalog snapshot either holds VACUUM up meanwhile.
        InvalidateCatalogSnapshot();
        index_at_work = index;
        step = pg::Enter(index, [&] {
            try {
                Step taken = task->tidy ? Step::kDone : FlushStep(index);
                if (taken == Step::kDone) {
                    taken = MergeStep(index, task);
                }
                if (taken == Step::kDone && task->tidy) {
                    taken = CutStep(index);
                }
                return taken;
            } catch (const GiveWay&) {
                in_the_way = true;
                return Step::kLeave;
            }
        });
    }
    if (in_the_way) {
        AbortCurrentTransaction();  // releases the locks of what was broken off
        step = task->tidy ? Step::kWait : Step::kLeave;
    } else {
        if (index != nullptr) {
            relation_close(index, NoLock);
        }
        CommitTransactionCommand();
    }
    pgstat_report_activity(STATE_IDLE, nullptr);
    return step;
}

// Between transactions. False: it is time to leave.
bool Wait() {
    const int events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                                 kWaitMilliseconds, PG_WAIT_EXTENSION);
    if ((events & WL_LATCH_SET) != 0) {
        ResetLatch(MyLatch);
    }
    CHECK_FOR_INTERRUPTS();
    StartTransactionCommand();
    const bool leave = DatabaseIsBeingDropped();
    CommitTransactionCommand();
    return !leave;
}

// As TakeStep; an error is reported, and ends the work on that index only.
Step TakeStepOrReport(Task* task) {
    volatile Step step = Step::kGone;
    PG_TRY();
    {
        step = TakeStep(task);
    }
    PG_CATCH();
    {
        if (geterrcode() == ERRCODE_QUERY_CANCELED) {
            PG_RE_THROW();
        }
        HOLD_INTERRUPTS();
        EmitErrorReport();
        AbortCurrentTransaction();
        MemoryContextSwitchTo(TopMemoryContext);
        FlushErrorState();
        pgstat_report_activity(STATE_IDLE, nullptr);
        RESUME_INTERRUPTS();
    }
    PG_END_TRY();
    return step;
}

// In rounds, of a few steps for each index that has something to do or to wait for, until there is
// none, it has taken too long, or the next one can do it.
void Tidy(Oid first) {
    const TidyList list = ListIndexesToTidy(first);
    auto* tasks =
        static_cast<Task*>(MemoryContextAlloc(TopMemoryContext, list.count * sizeof(Task)));
    for (int i = 0; i < list.count; ++i) {
        tasks[i] = {list.indexes[i], true, 0};
    }
    int count = list.count;
    for (int waits = 0; waits <= kWaits;) {
        int left = 0;
        bool more = false;
        for (int i = 0; i < count; ++i) {
            CHECK_FOR_INTERRUPTS();
            Step step = Step::kMore;
            for (int steps = 0; step == Step::kMore && steps < kStepsPerRound; ++steps) {
                step = TakeStepOrReport(&tasks[i]);
            }
            if (step == Step::kLeave) {
                return;
            }
            more = more || step == Step::kMore;
            if (step == Step::kMore || step == Step::kWait) {
                tasks[left++] = tasks[i];
            }
        }
        count = left;
        if (count == 0 || (list.all && IsAnotherNext())) {
            return;
        }
        if (!more) {
            ++waits;
            if (!Wait()) {
                return;
            }
        }
    }
}

}  // namespace

Started StartWorker(Relation index) {
    static TimestampTz started_at = 0;
    static Oid started_for = InvalidOid;
    if (!HasWorkers(index)) {
        return Started::kNever;
    }
    const TimestampTz now = GetCurrentTimestamp();
    if ((started_for == RelationGetRelid(index) &&
         !TimestampDifferenceExceeds(started_at, now, kStartMilliseconds)) ||
        IsHeldByAnother(index, Duty::kFlush)) {
        return Started::kYes;
    }
    if (!Register(index, false)) {
        return Started::kNotNow;
    }
    started_at = now;
    started_for = RelationGetRelid(index);
    return Started::kYes;
}

void StartTidying(Relation index) {
    if (HasWorkers(index)) {
        Register(index, true);  // if not, VACUUM will do it
    }
}

void RegisterWorkerSetting() {
    DefineCustomBoolVariable(
        "namedex.background_worker",
        "Lets a background worker move pending rows into segments and merge segments.",
        "If off, or if there is no free worker slot, the session whose insert passes "
        "pending_list_limit does it.",
        &background_worker, true, PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

}  // namespace namedex::am

void namedex_maintenance_worker(Datum) {
    using namespace namedex;
    am::Orders orders;
    memcpy(&orders, MyBgworkerEntry->bgw_extra, sizeof orders);
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(orders.database, InvalidOid,
                                              BGWORKER_BYPASS_ALLOWCONN);
    pgstat_report_appname("namedex maintenance");
    // Nothing is lost if the last steps are undone by a crash.
    SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_OVERRIDE);
    // What sessions are told to hold to is not for this one, as it is not for autovacuum's.
    SetConfigOption("statement_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("lock_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
    compat::NoTransactionTimeout();
    if (!orders.tidy) {
        am::Task task{orders.index, false, 0};
        while (am::TakeStep(&task) == am::Step::kMore) {
        }
    } else {
        StartTransactionCommand();
        const bool turn = am::TakeTidyTurn();
        CommitTransactionCommand();
        if (turn) {
            am::Tidy(orders.index);
        }
    }
}
