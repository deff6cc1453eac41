/*
 * VACUUM: ambulkdelete marks rows dead, amvacuumcleanup does what is due of
 * am/maintenance.hpp and renews the fold signature (fold_check.hpp).
 *
 * ambulkdelete shows every live TID to the callback, also for CREATE INDEX CONCURRENTLY, which
 * collects them that way, and sets tombstones where the callback says so. It notes the numbers of
 * dead rows in the metapage, before the server frees the heap's line pointers: a scan that starts
 * after that knows that there are tombstones to look at.
 */
#include "am/am.hpp"
#include "am/fold_check.hpp"
#include "am/index_snapshot.hpp"
#include "am/maintenance.hpp"
#include "am/maintenance_worker.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "pg/context_resource.hpp"
#include "pg/pause_point.hpp"
#include "storage/page_log.hpp"
#include "storage/reclaim.hpp"

namespace namedex::am {

using core::RowBitmap;
using core::RowOrdinal;

namespace {

constexpr std::uint32_t kRowsPerBatch = core::kTombstonesPerPage;

// Puts a segment's number of dead rows into the metapage.
void NoteDead(Relation index, storage::OwnerId segment_id, uint32 dead) {
    pg::Call([&] {
        Buffer buffer = ReadBuffer(index, storage::kMetaBlock);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        storage::PageEdit edit(index);
        Page page = edit.Register(buffer);
        storage::MetaData* meta = storage::MetaOf(page);
        for (uint32 i = 0; i < meta->segment_count; ++i) {
            if (meta->segments[i].segment_id == segment_id) {
                meta->segments[i].dead = dead;
            }
        }
        ++meta->generation;
        storage::SumMeta(page);
        edit.Commit();
        UnlockReleaseBuffer(buffer);
    });
}

// Pending rows may have died: who has kept flags of theirs reads them again.
void NotePendingDeletes(Relation index) {
    Buffer buffer = ReadBuffer(index, storage::kMetaBlock);
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    storage::PageEdit edit(index);
    Page page = edit.Register(buffer);
    ++storage::MetaOf(page)->pending_deletes;
    storage::SumMeta(page);
    edit.Commit();
    UnlockReleaseBuffer(buffer);
}

// Flushes, after merging if the list of segments is full.
void FlushWithRoom(Relation index) {
    for (;;) {
        pg::Call([&] { LockDuty(index, Duty::kFlush); });
        const Flushed flushed = FlushPending(index, &pg::PollInterrupts);
        pg::Call([&] { UnlockDuty(index, Duty::kFlush); });
        if (flushed == Flushed::kAll) {
            return;
        }
        pg::Call([&] { LockDuty(index, Duty::kMerge); });
        const bool merged = MergeSegments(index, MergeAim::kTidy, &pg::PollInterrupts);
        pg::Call([&] { UnlockDuty(index, Duty::kMerge); });
        if (!merged) {
            return;  // too many segments are parked: later
        }
    }
}

struct Deleted {
    uint32 removed = 0;  // now
    uint32 dead = 0;     // altogether
};

// Shows a segment's live rows to the callback. The metapage says that a segment has dead rows
// before its first tombstone is set, and how many at the end: a VACUUM that is interrupted leaves
// tombstones that scans heed.
Deleted DeleteFromSegment(Relation index, OpenSegment& segment, IndexBulkDeleteCallback callback,
                          void* callback_state) {
    const std::uint32_t rows = segment.reader.row_count();
    const core::SectionRange& tombstones =
        segment.reader.header()[core::SegmentSection::kTombstones];
    RowBitmap dead;
    std::vector<RowOrdinal> ordinals;
    std::vector<ItemPointerData> tids;
    std::vector<RowOrdinal> condemned;
    Deleted deleted;
    bool noted = segment.pages.entry().dead > 0;
    for (std::uint64_t lo = 0; lo < rows; lo += kRowsPerBatch) {
        const auto hi = static_cast<RowOrdinal>(std::min<std::uint64_t>(rows, lo + kRowsPerBatch));
        ReadTombstones(segment, static_cast<RowOrdinal>(lo), hi, dead);
        deleted.dead += static_cast<uint32>(dead.Count());
        ordinals.clear();
        tids.clear();
        condemned.clear();
        segment.reader.tids().ForEach(static_cast<RowOrdinal>(lo), hi,
                                      [&](RowOrdinal row, core::Tid tid) {
                                          if (!dead.Test(row)) {
                                              ItemPointerData pointer;
                                              ItemPointerSet(&pointer, tid.block, tid.offset);
                                              ordinals.push_back(row);
                                              tids.push_back(pointer);
                                          }
                                      });
        condemned.resize(tids.size());
        const std::size_t count = pg::Call([&] {
            compat::VacuumDelayPoint();
            std::size_t n = 0;
            for (std::size_t i = 0; i < tids.size(); ++i) {
                if (callback(&tids[i], callback_state)) {
                    condemned[n++] = ordinals[i];
                }
            }
            return n;
        });
        if (count > 0 && !noted) {
            NoteDead(index, segment.pages.entry().segment_id, 1);
            noted = true;
        }
        const uint32 set =
            segment.pages.SetTombstones(tombstones.first_page, condemned.data(), count);
        deleted.removed += set;
        deleted.dead += set;
    }
    segment.reader.Release();
    if (deleted.dead != segment.pages.entry().dead) {
        NoteDead(index, segment.pages.entry().segment_id, deleted.dead);
    }
    return deleted;
}

IndexBulkDeleteResult* NewStats() {
    return static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
}

}  // namespace

IndexBulkDeleteResult* BulkDelete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                  IndexBulkDeleteCallback callback, void* callback_state) {
    if (stats == nullptr) {
        stats = NewStats();
    }
    return pg::Enter(info->index, [&] {
        // Rows must not move from pending into a segment behind this scan's back, so pending rows
        // come first and flushes may go on then: what they write has been looked at. Segments must
        // stay listed to the end.
        pg::Call([&] {
            LockDuty(info->index, Duty::kMerge);
            LockDuty(info->index, Duty::kFlush);
        });
        IndexSnapshot contents(info->index, std::pmr::get_default_resource());
        contents.OpenSegments(nullptr);
        double left = 0;
        double removed = 0;
        pg::Call([&] {
            bool any = false;
            storage::ForEachChain(contents.meta(), [&](const storage::PendingChain& chain) {
                any = true;
                storage::DeletePending(info->index, chain, callback, callback_state, &left,
                                       &removed);
            });
            if (any) {
                NotePendingDeletes(info->index);
            }
            UnlockDuty(info->index, Duty::kFlush);
            pg::PauseAt("pending rows vacuumed");
        });
        for (std::unique_ptr<OpenSegment>& segment : contents.segments()) {
            const Deleted deleted =
                DeleteFromSegment(info->index, *segment, callback, callback_state);
            left += static_cast<double>(segment->pages.entry().rows) - deleted.dead;
            removed += deleted.removed;
        }
        pg::Call([&] { UnlockDuty(info->index, Duty::kMerge); });
        stats->num_index_tuples = left;
        stats->estimated_count = false;
        stats->tuples_removed += removed;
        return stats;
    });
}

IndexBulkDeleteResult* VacuumCleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
    if (info->analyze_only) {
        return stats;
    }
    const bool counted = stats != nullptr;
    if (stats == nullptr) {
        stats = NewStats();
    }
    return pg::Enter(info->index, [&] {
        pg::Call([] { pg::PauseAt("vacuum cleanup"); });
        FlushWithRoom(info->index);
        pg::Call([&] {
            LockDuty(info->index, Duty::kMerge);
            storage::ReleaseParked(info->index);
        });
        while (MergeSegments(info->index, MergeAim::kTidy, &pg::PollInterrupts)) {
        }
        MoveTowardsFront(info->index, &pg::PollInterrupts);
        pg::Call([&] {
            storage::ReleaseParked(info->index);
            LockDuty(info->index, Duty::kFlush);
        });
        ForgetUnfinished(info->index);
        RenewFoldSignature(info->index);
        pg::Call([&] {
            UnlockDuty(info->index, Duty::kFlush);
            UnlockDuty(info->index, Duty::kMerge);
            // This transaction is in the way of giving up what it has parked; and standbys would keep
            // a lock for cutting off the file's end until it commits.
            storage::MetaData meta;
            storage::ReadMeta(info->index, &meta);
            if (meta.parked_count > 0 || storage::HasFreeEnd(info->index)) {
                StartTidying(info->index);
            }
        });
        if (!counted) {
            IndexSnapshot contents(info->index, std::pmr::get_default_resource());
            contents.Open(
                nullptr, [&] { stats->num_index_tuples = 0; },
                [&](const storage::PendingChain& chain) {
                    return contents.VisitRows(
                        chain, nullptr, [&](const ItemPointerData&, std::string_view) {
                            ++stats->num_index_tuples;
                        });
                });
            for (const std::unique_ptr<OpenSegment>& segment : contents.segments()) {
                const storage::SegmentEntry& entry = segment->pages.entry();
                stats->num_index_tuples += static_cast<double>(entry.rows) - entry.dead;
            }
            stats->estimated_count = false;
        }
        stats->num_pages = pg::Call([&] { return RelationGetNumberOfBlocks(info->index); });
        return stats;
    });
}

}  // namespace namedex::am
