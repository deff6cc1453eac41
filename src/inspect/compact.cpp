/*
 * namedex_compact(index): pending rows and all segments become one segment, while others read and
 * write.
 *
 * The locks on table and index are those of an insert. A stronger one, waited for with a snapshot in
 * hand, would be a deadlock with CREATE INDEX CONCURRENTLY, which has it and waits for snapshots.
 *
 * What was merged stays readable for scans that have begun, this statement's own snapshot among
 * them; so its blocks are given up, and the file is made shorter, by a worker afterwards or by the
 * next VACUUM.
 */
#include "am/maintenance.hpp"
#include "am/maintenance_worker.hpp"
#include "inspect/access.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "storage/reclaim.hpp"

namespace namedex::inspect {

namespace {

void Compact(Relation index) {
    using am::Duty;
    pg::Call([&] {
        am::LockDuty(index, Duty::kMerge);
        am::LockDuty(index, Duty::kFlush);
    });
    if (am::FlushPending(index, &pg::PollInterrupts) == am::Flushed::kNoRoom) {
        am::MergeSegments(index, am::MergeAim::kOne, &pg::PollInterrupts);
        am::FlushPending(index, &pg::PollInterrupts);
    }
    pg::Call([&] {
        am::UnlockDuty(index, Duty::kFlush);
        storage::ReleaseParked(index);
    });
    const bool one = am::MergeSegments(index, am::MergeAim::kOne, &pg::PollInterrupts) ||
                     pg::Call([&] {
                         storage::MetaData meta;
                         storage::ReadMeta(index, &meta);
                         return meta.segment_count <= 1;
                     });
    pg::Call([&] {
        if (!one) {
            ereport(WARNING,
                    (errmsg("index \"%s\" was not compacted", RelationGetRelationName(index)),
                     errdetail("Merged segments are kept for old snapshots, and there is no room for "
                               "more of them."),
                     errhint("End long transactions and try again.")));
        }
        am::UnlockDuty(index, Duty::kMerge);
        am::StartTidying(index);
    });
}

}  // namespace

}  // namespace namedex::inspect

NAMEDEX_FUNCTION(namedex_compact) {
    using namespace namedex;
    const Oid oid = PG_GETARG_OID(0);
    return pg::Enter(oid, [&] {
        Relation index = pg::Call([&] {
            if (RecoveryInProgress()) {
                ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                                errmsg("recovery is in progress"),
                                errhint("Indexes cannot be compacted during recovery.")));
            }
            return inspect::OpenIndex(oid, inspect::Right::kMaintain, RowExclusiveLock);
        });
        inspect::Compact(index);
        pg::Call([&] { relation_close(index, NoLock); });
        PG_RETURN_VOID();
    });
}
