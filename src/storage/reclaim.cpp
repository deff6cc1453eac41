#include "storage/reclaim.hpp"

#include <algorithm>

#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "storage/free_blocks.hpp"
#include "storage/page_log.hpp"
#include "storage/segment_pages.hpp"

extern "C" {
#include "catalog/storage.h"
#include "storage/proc.h"
}

namespace namedex::storage {

namespace {

// It is worth a lock that keeps everybody out, and on standbys ends queries, to cut off as many
// blocks as this, and this share of the file.
constexpr BlockNumber kLeastCut = 64;
constexpr BlockNumber kCutShare = 16;
// So long everybody may be kept out at a time.
constexpr int kCutMilliseconds = 50;
// So long it is looked, before that, whether there is anything to cut off.
constexpr int kLookMilliseconds = 5000;

bool IsPinned(Relation index, BlockNumber root) {
    Buffer buffer = ReadBuffer(index, root);
    const bool alone = ConditionalLockBufferForCleanup(buffer);
    if (alone) {
        LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
    }
    ReleaseBuffer(buffer);
    return !alone;
}

// The number of blocks up to the last one of a listed or parked segment.
BlockNumber EndOfSegments(Relation index, const MetaData& meta) {
    BlockNumber end = kMetaBlock + 1;
    auto* extents = static_cast<BlockRun*>(palloc(kMaxExtents * sizeof(BlockRun)));
    const auto add = [&](OwnerId id, BlockNumber root) {
        end = std::max(end, root + 1);
        const uint32 count = ReadExtents(index, id, root, extents);
        for (uint32 i = 0; i < count; ++i) {
            end = std::max(end, extents[i].start + extents[i].count);
        }
    };
    for (uint32 i = 0; i < meta.segment_count; ++i) {
        add(meta.segments[i].segment_id, meta.segments[i].root);
    }
    for (uint32 i = 0; i < meta.parked_count; ++i) {
        add(meta.parked[i].segment_id, meta.parked[i].root);
    }
    pfree(extents);
    return end;
}

uint32 ReservedFrom(const MetaData& meta, BlockNumber begin) {
    uint32 count = 0;
    for (uint32 i = 0; i < meta.reserve_count; ++i) {
        count += meta.reserve[i].start >= begin ? meta.reserve[i].count : 0;
    }
    return count;
}

// Where the free blocks at the file's end begin; looks no further than `least`, nor for longer.
BlockNumber BeginOfFreeEnd(Relation index, const MetaData& meta, BlockNumber blocks,
                           BlockNumber least, int milliseconds) {
    const TimestampTz begun = GetCurrentTimestamp();
    BlockNumber end = blocks;
    while (end > least &&
           !TimestampDifferenceExceeds(begun, GetCurrentTimestamp(), milliseconds)) {
        CHECK_FOR_INTERRUPTS();
        const Buffer buffer = TryFreeBlock(index, end - 1, meta, nullptr);
        if (!BufferIsValid(buffer)) {
            break;
        }
        UnlockReleaseBuffer(buffer);
        --end;
    }
    return end;
}

bool IsUsedByOthers(Relation index) {
    LOCKTAG tag;
    SET_LOCKTAG_RELATION(tag, index->rd_lockInfo.lockRelId.dbId,
                         index->rd_lockInfo.lockRelId.relId);
    int count = 0;
    pfree(GetLockConflicts(&tag, AccessExclusiveLock, &count));
    return count > 0;
}

}  // namespace

void Park(MetaData* meta, OwnerId segment_id) {
    uint32 kept = 0;
    for (uint32 i = 0; i < meta->segment_count; ++i) {
        const SegmentEntry& entry = meta->segments[i];
        if (entry.segment_id == segment_id) {
            meta->parked[meta->parked_count++] = {entry.segment_id, entry.root, 0};
        } else {
            meta->segments[kept++] = entry;
        }
    }
    for (uint32 i = kept; i < meta->segment_count; ++i) {
        meta->segments[i] = {};
    }
    meta->segment_count = kept;
}

void StampParked(Relation index, Buffer meta_buffer) {
    MetaData meta;
    CopyMeta(index, BufferGetPage(meta_buffer), &meta);
    bool changed = false;
    for (uint32 i = 0; i < meta.parked_count; ++i) {
        if (meta.parked[i].horizon == 0) {
            meta.parked[i].horizon = U64FromFullTransactionId(ReadNextFullTransactionId());
            changed = true;
        }
    }
    if (changed) {
        PageEdit edit(index);
        WriteMeta(edit.Register(meta_buffer), meta);
        edit.Commit();
    }
}

void UseTransactionId() {
    // VACUUM's would be in the way of all that standbys' snapshots see until it ends.
    if (!IsInParallelMode() && (MyProc->statusFlags & PROC_IN_VACUUM) == 0) {
        GetTopTransactionId();
    }
}

void LetHorizonPass(Relation index) {
    MetaData meta;
    ReadMeta(index, &meta);
    const uint64 next = U64FromFullTransactionId(ReadNextFullTransactionId());
    for (uint32 i = 0; i < meta.parked_count; ++i) {
        if (meta.parked[i].horizon >= next) {
            UseTransactionId();
            return;
        }
    }
}

uint32 ReleaseParked(Relation index) {
    Buffer meta_buffer = ReadBuffer(index, kMetaBlock);
    LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
    StampParked(index, meta_buffer);  // what a crash has left without a horizon
    MetaData meta;
    CopyMeta(index, BufferGetPage(meta_buffer), &meta);
    LockBuffer(meta_buffer, BUFFER_LOCK_UNLOCK);
    const Oid table = index->rd_index->indrelid;
    if (meta.parked_count == 0 || !ConditionalLockRelationOid(table, AccessShareLock)) {
        ReleaseBuffer(meta_buffer);
        return meta.parked_count;
    }
    Relation heap = try_relation_open(table, NoLock);
    if (heap != nullptr) {
        GetOldestNonRemovableTransactionId(heap);  // brings what the next call knows up to date
    }
    OwnerId gone[kMaxParked];
    uint32 gone_count = 0;
    uint64 horizon = 0;
    for (uint32 i = 0; heap != nullptr && i < meta.parked_count; ++i) {
        const ParkedSegment& parked = meta.parked[i];
        if (GlobalVisCheckRemovableFullXid(heap, FullTransactionIdFromU64(parked.horizon)) &&
            !IsPinned(index, parked.root)) {
            gone[gone_count++] = parked.segment_id;
            horizon = std::max(horizon, parked.horizon);
        }
    }
    if (gone_count > 0) {
        if (RelationNeedsWAL(index) && XLogStandbyInfoActive()) {
            compat::LogReuse(index, heap, kMetaBlock, FullTransactionIdFromU64(horizon));
        }
        LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
        CopyMeta(index, BufferGetPage(meta_buffer), &meta);
        uint32 kept = 0;
        for (uint32 i = 0; i < meta.parked_count; ++i) {
            if (std::find(gone, gone + gone_count, meta.parked[i].segment_id) == gone + gone_count) {
                meta.parked[kept++] = meta.parked[i];
            }
        }
        for (uint32 i = kept; i < meta.parked_count; ++i) {
            meta.parked[i] = {};
        }
        meta.parked_count = kept;
        PageEdit edit(index);
        WriteMeta(edit.Register(meta_buffer), meta);
        edit.Commit();
        LockBuffer(meta_buffer, BUFFER_LOCK_UNLOCK);
    }
    ReleaseBuffer(meta_buffer);
    if (heap != nullptr) {
        relation_close(heap, NoLock);
    }
    UnlockRelationOid(table, AccessShareLock);
    return meta.parked_count;
}

bool HasFreeEnd(Relation index) {
    MetaData meta;
    ReadMeta(index, &meta);
    const BlockNumber blocks = RelationGetNumberOfBlocks(index);
    const BlockNumber end = EndOfSegments(index, meta);
    const BlockNumber least = std::max(kLeastCut, blocks / kCutShare);
    return blocks >= uint64{end} + ReservedFrom(meta, end) + least;
}

Cut CutFreeEnd(Relation index) {
    if (!HasFreeEnd(index)) {
        return Cut::kNothing;
    }
    MetaData meta;
    ReadMeta(index, &meta);
    BlockNumber blocks = RelationGetNumberOfBlocks(index);
    // Whoever asks for the lock has used up a transaction id, whether it is to be had or not, and
    // standbys are told of it: so only if there is something to gain.
    if (BeginOfFreeEnd(index, meta, blocks, blocks - kLeastCut, kLookMilliseconds) >
        blocks - kLeastCut) {
        return Cut::kNothing;
    }
    if (IsUsedByOthers(index) || !ConditionalLockRelation(index, AccessExclusiveLock)) {
        return Cut::kBusy;
    }
    ReadMeta(index, &meta);
    blocks = RelationGetNumberOfBlocks(index);
    const BlockNumber end = BeginOfFreeEnd(index, meta, blocks, EndOfSegments(index, meta),
                                           kCutMilliseconds);
    const bool cut = blocks >= uint64{end} + kLeastCut;
    if (cut) {
        RelationTruncate(index, end);
    }
    UnlockRelation(index, AccessExclusiveLock);
    return cut ? Cut::kSome : Cut::kNothing;
}

}  // namespace namedex::storage
