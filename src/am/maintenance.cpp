#include "am/maintenance.hpp"

#include "am/index_snapshot.hpp"
#include "am/options.hpp"
#include "am/segment_build.hpp"
#include "core/merge_policy.hpp"
#include "core/segment_merger.hpp"
#include "pg/boundary.hpp"
#include "pg/pause_point.hpp"
#include "storage/free_blocks.hpp"
#include "storage/page_log.hpp"
#include "storage/reclaim.hpp"

namespace namedex::am {

using storage::MetaData;
using storage::OwnerId;
using storage::SegmentEntry;

namespace {

// Above so many segments flushes wait for more rows, twice as many for each segment more.
constexpr uint32 kCalmSegments = core::kMostSegments + 1;
constexpr uint32 kMaxPatience = 4;  // doublings
// What merges may take beside the listed segments' pages: this share of them, and some.
constexpr double kRoomShare = 0.6;
constexpr double kRoomPages = 64;
constexpr uint32 kCrowded = storage::kMaxSegments / 2;
// Segments are moved when the file is longer than this many quarters of what is used of it.
constexpr uint64 kLongFileQuarters = 5;

MetaData ReadMeta(Relation index) {
    return pg::Call([&] {
        MetaData meta;
        storage::ReadMeta(index, &meta);
        return meta;
    });
}

// Changes the metapage: change(meta) on a copy, which is written in one record.
template <typename Change>
void ChangeMeta(Relation index, Change&& change) {
    pg::Call([&] {
        Buffer buffer = ReadBuffer(index, storage::kMetaBlock);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        MetaData meta;
        storage::CopyMeta(index, BufferGetPage(buffer), &meta);
        change(&meta);
        storage::PageEdit edit(index);
        storage::WriteMeta(edit.Register(buffer), meta);
        edit.Commit();
        storage::StampParked(index, buffer);
        UnlockReleaseBuffer(buffer);
    });
}

// Takes an id for what a duty is going to write. What its predecessor left unfinished becomes free.
OwnerId ReserveId(Relation index, Duty duty) {
    OwnerId id = 0;
    ChangeMeta(index, [&](MetaData* meta) {
        id = storage::TakeId(index, meta);
        (duty == Duty::kFlush ? meta->flushing : meta->merging) = id;
    });
    return id;
}

void AddSegment(Relation index, MetaData* meta, const SegmentEntry& entry) {
    if (meta->segment_count == storage::kMaxSegments) {
        elog(ERROR, "index \"%s\" has too many segments", RelationGetRelationName(index));
    }
    meta->segments[meta->segment_count++] = entry;
}

// Drops the chains that `flushed` lists as sealed, whose pages become the reserve, and lists the
// segment of their rows, folded under the rules `folded` (none if there were no rows).
void PublishFlush(Relation index, const MetaData& flushed, const SegmentEntry* segment,
                  storage::FoldSignature folded, const std::vector<BlockNumber>& blocks) {
    const auto most = static_cast<uint32>(PendingLimitBytes(index) / BLCKSZ);
    ChangeMeta(index, [&](MetaData* meta) {
        if (segment != nullptr) {
            if (meta->fold_signature != folded) {
                meta->fold_signature =
                    meta->segment_count == 0 ? folded : storage::kMixedFolds;
            }
            AddSegment(index, meta, *segment);
        }
        uint32 kept = 0;
        for (uint32 i = 0; i < meta->sealed_count; ++i) {
            bool done = false;
            for (uint32 n = 0; n < flushed.sealed_count; ++n) {
                done = done || flushed.sealed[n].id == meta->sealed[i].id;
            }
            if (!done) {
                meta->sealed[kept++] = meta->sealed[i];
            }
        }
        for (uint32 i = kept; i < meta->sealed_count; ++i) {
            meta->sealed[i] = {};
        }
        meta->sealed_count = kept;
        meta->flushing = 0;
        ++meta->generation;
        storage::AddToReserve(meta, blocks.data(), blocks.size(), most);
    });
}

// Replaces `sources` by `merged` (null: they had no live rows).
void PublishMerge(Relation index, const std::vector<SegmentEntry>& sources,
                  const SegmentEntry* merged) {
    ChangeMeta(index, [&](MetaData* meta) {
        for (const SegmentEntry& source : sources) {
            storage::Park(meta, source.segment_id);
        }
        if (merged != nullptr) {
            AddSegment(index, meta, *merged);
        }
        meta->merging = 0;
        ++meta->generation;
    });
    pg::Call([] { storage::UseTransactionId(); });
}

// The live rows of sealed chains, in memory, to be put in TID order.
class SealedRows {
  public:
    // Reads all rows of the sealed chains that `meta` lists, handing them on in batches of about
    // `batch_bytes`.
    template <typename Take>
    void Read(Relation index, const MetaData& meta, std::size_t batch_bytes, Take&& take) {
        const auto add = [&](const storage::PendingRow& row) {
            if (!row.dead) {
                rows_.push_back({row.tid, text_.size(), row.size});
                text_.append(row.row, row.size);
            }
            return text_.size() + rows_.size() * sizeof(Row) <= batch_bytes;
        };
        using Add = decltype(add);
        for (uint32 i = 0; i < meta.sealed_count; ++i) {
            storage::PendingCursor cursor = storage::BeginOf(meta.sealed[i]);
            for (storage::Visited visited = storage::Visited::kStopped;
                 visited == storage::Visited::kStopped;) {
                visited = pg::Call([&] {
                    return storage::VisitPending(
                        index, meta.sealed[i], &cursor, nullptr,
                        [](void* state, const storage::PendingRow& row) {
                            return pg::Enter(
                                [&] { return (*static_cast<const Add*>(state))(row); });
                        },
                        const_cast<void*>(static_cast<const void*>(&add)));
                });
                if (visited == storage::Visited::kGone) {
                    core::ThrowCorrupt("a sealed pending chain has a page of another owner");
                }
                if (visited == storage::Visited::kStopped) {
                    HandOn(take);
                }
            }
        }
        HandOn(take);
    }

  private:
    struct Row {
        ItemPointerData tid;
        std::size_t begin;
        std::size_t size;
    };

    template <typename Take>
    void HandOn(Take&& take) {
        if (rows_.empty()) {
            return;
        }
        std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
            return ItemPointerCompare(const_cast<ItemPointer>(&a.tid),
                                      const_cast<ItemPointer>(&b.tid)) < 0;
        });
        take([this](SegmentBuild& build) {
            for (const Row& row : rows_) {
                build.Add({ItemPointerGetBlockNumber(&row.tid),
                           ItemPointerGetOffsetNumber(&row.tid)},
                          std::string_view(text_).substr(row.begin, row.size));
            }
        });
        rows_.clear();
        text_.clear();
    }

    std::vector<Row> rows_;
    std::string text_;
};

// The blocks of the sealed chains, ascending.
std::vector<BlockNumber> SealedBlocks(Relation index, const MetaData& meta) {
    std::vector<BlockNumber> blocks;
    const auto add = [](void* state, BlockNumber block) {
        pg::Enter([&] { static_cast<std::vector<BlockNumber>*>(state)->push_back(block); });
    };
    for (uint32 i = 0; i < meta.sealed_count; ++i) {
        pg::Call([&] {
            storage::VisitPendingPages(index, meta.sealed[i], add, &blocks);
            if (meta.sealed[i].value_pages > 0) {
                storage::VisitValuePages(index, meta.sealed[i], add, &blocks);
            }
        });
    }
    std::sort(blocks.begin(), blocks.end());
    return blocks;
}

// `aim`: kOne leaves nothing else in the file.
void MergeThese(Relation index, const std::vector<SegmentEntry>& entries, MergeAim aim,
                Poll poll) {
    std::pmr::memory_resource* memory = std::pmr::get_default_resource();
    const OwnerId id = ReserveId(index, Duty::kMerge);
    std::vector<std::unique_ptr<OpenSegment>> segments;
    std::vector<std::unique_ptr<core::RowBitmap>> dead;
    std::vector<core::MergeSource> sources;
    std::uint64_t live = 0;
    double expected_pages = 0;
    for (const SegmentEntry& entry : entries) {
        // The merge lock keeps it listed.
        const Buffer root = pg::Call([&] { return ReadBuffer(index, entry.root); });
        segments.push_back(std::make_unique<OpenSegment>(index, entry, root, memory));
        dead.push_back(std::make_unique<core::RowBitmap>(memory));
        ReadTombstones(*segments.back(), 0, segments.back()->reader.row_count(), *dead.back());
        sources.push_back({&segments.back()->reader, dead.back().get()});
        const std::uint64_t alive = entry.rows - dead.back()->Count();
        live += alive;
        expected_pages += segments.back()->pages.page_count() * static_cast<double>(alive) /
                          std::max(entry.rows, 1U);
    }
    SegmentEntry merged{};
    if (live > 0) {
        merged.segment_id = id;
        storage::SegmentPagesWriter pages(index, id, true);
        if (aim == MergeAim::kOne) {
            pages.SpareFront(static_cast<uint64>(expected_pages));
        }
        storage::TemporaryPagesFactory temporary;
        core::SegmentOptions options;
        options.poll = poll;
        options.gram_memory = std::min(options.gram_memory, MaintenanceMemory() / 4);
        const core::SegmentStats stats =
            core::MergeSegments(sources, pages, temporary, options, memory);
        merged.root = pages.Finish(stats.header);
        merged.rows = stats.header.row_count;
    }
    pg::Call([] { pg::PauseAt("merge written"); });
    PublishMerge(index, entries, live > 0 ? &merged : nullptr);
}

// The index as an object with the duty as sub-object. Not a page lock: other locks may not be taken
// under one of those.
LOCKTAG TagOf(Relation index, Duty duty) {
    LOCKTAG tag;
    SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, RelationGetRelid(index),
                       static_cast<uint16>(duty));
    return tag;
}

struct Place {
    BlockNumber end;  // of its highest extent
    uint64 pages;
};

Place PlaceOf(Relation index, OwnerId segment_id, BlockNumber root) {
    std::vector<storage::BlockRun> extents(storage::kMaxExtents);
    const uint32 count = pg::Call(
        [&] { return storage::ReadExtents(index, segment_id, root, extents.data()); });
    Place place{root + 1, 1};
    for (uint32 i = 0; i < count; ++i) {
        place.end = std::max(place.end, extents[i].start + extents[i].count);
        place.pages += extents[i].count;
    }
    return place;
}

// Whether a merge of `chosen` would take much room beside what earlier ones take that may still be
// read. It can wait, unless the list of segments gets full.
bool TakesTooMuchRoom(Relation index, const MetaData& meta,
                      const std::vector<SegmentEntry>& chosen) {
    if (meta.segment_count > kCrowded) {
        return false;
    }
    uint64 listed = 0;
    double extra = 0;
    for (uint32 i = 0; i < meta.segment_count; ++i) {
        const SegmentEntry& entry = meta.segments[i];
        const uint64 pages = PlaceOf(index, entry.segment_id, entry.root).pages;
        listed += pages;
        for (const SegmentEntry& c : chosen) {
            if (c.segment_id == entry.segment_id && entry.rows > 0) {
                extra += static_cast<double>(pages) * (entry.rows - entry.dead) / entry.rows;
            }
        }
    }
    if (extra == 0) {
        return false;
    }
    for (uint32 i = 0; i < meta.parked_count; ++i) {
        extra += static_cast<double>(
            PlaceOf(index, meta.parked[i].segment_id, meta.parked[i].root).pages);
    }
    return extra > kRoomShare * static_cast<double>(listed) + kRoomPages;
}

}  // namespace

void LockDuty(Relation index, Duty duty) {
    const LOCKTAG tag = TagOf(index, duty);
    LockAcquire(&tag, ExclusiveLock, false, false);
}

bool TryLockDuty(Relation index, Duty duty) {
    const LOCKTAG tag = TagOf(index, duty);
    return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

void UnlockDuty(Relation index, Duty duty) {
    const LOCKTAG tag = TagOf(index, duty);
    LockRelease(&tag, ExclusiveLock, false);
}

Flushed FlushPending(Relation index, Poll poll) {
    // Twice at most: chains left sealed by an interrupted flush may leave no room to seal others.
    for (int round = 0; round < 2; ++round) {
        if (ReadMeta(index).segment_count == storage::kMaxSegments) {
            return Flushed::kNoRoom;
        }
        if (!pg::Call([&] { return storage::SealPending(index); })) {
            return Flushed::kAll;
        }
        const MetaData meta = ReadMeta(index);
        const OwnerId id = ReserveId(index, Duty::kFlush);
        IndexKeys keys(index);
        SealedRows rows;
        SegmentBuild build(keys, MaintenanceMemory() / 2, poll);
        rows.Read(index, meta, MaintenanceMemory() / 3, [&](auto&& feed) {
            build.BeginRun();
            feed(build);
        });
        SegmentEntry entry{};
        const bool any = build.row_count() > 0;
        if (any) {
            build.Finish(index, id, true, &entry);
        }
        pg::Call([] { pg::PauseAt("flush written"); });
        PublishFlush(index, meta, any ? &entry : nullptr, keys.fold_version(),
                     SealedBlocks(index, meta));
        if (meta.sealed_count <= storage::kMaxSealed - storage::kLanes) {
            break;
        }
    }
    return Flushed::kAll;
}

bool MergeSegments(Relation index, MergeAim aim, Poll poll) {
    const MetaData meta = ReadMeta(index);
    std::vector<SegmentEntry> chosen;
    if (aim == MergeAim::kOne) {
        // The one segment is to lie at the front of the file.
        ChangeMeta(index, [](MetaData* m) {
            memset(m->reserve, 0, sizeof m->reserve);
            m->reserve_count = 0;
        });
        if (meta.segment_count > 1 || (meta.segment_count == 1 && meta.segments[0].dead > 0)) {
            chosen.assign(meta.segments, meta.segments + meta.segment_count);
        }
    } else {
        std::vector<core::SegmentSize> sizes;
        for (uint32 i = 0; i < meta.segment_count; ++i) {
            sizes.push_back({meta.segments[i].rows, meta.segments[i].dead});
        }
        for (const std::size_t i : core::ChooseMerge(sizes)) {
            chosen.push_back(meta.segments[i]);
        }
        if (!chosen.empty() && TakesTooMuchRoom(index, meta, chosen)) {
            return false;
        }
    }
    if (chosen.empty() || meta.parked_count + chosen.size() > storage::kMaxParked) {
        return false;
    }
    MergeThese(index, chosen, aim, poll);
    return true;
}

bool MoveTowardsFront(Relation index, Poll poll) {
    const MetaData meta = ReadMeta(index);
    if (meta.parked_count > 0 || meta.segment_count == 0) {
        return false;
    }
    uint64 used = 1;
    storage::ForEachChain(meta, [&](const storage::PendingChain& chain) {
        used += chain.pages + chain.value_pages;
    });
    std::optional<Place> last;
    SegmentEntry entry{};
    for (uint32 i = 0; i < meta.segment_count; ++i) {
        const Place place =
            PlaceOf(index, meta.segments[i].segment_id, meta.segments[i].root);
        used += place.pages;
        if (!last || place.end > last->end) {
            last = place;
            entry = meta.segments[i];
        }
    }
    const uint64 blocks = pg::Call([&] { return RelationGetNumberOfBlocks(index); });
    if (blocks < used + last->pages || uint64{last->end} * 4 <= used * kLongFileQuarters) {
        return false;
    }
    // It must end before where it ends now, also if short runs are passed over.
    if (storage::FreeBlocks(index).CountBefore(last->end) < last->pages) {
        return false;
    }
    MergeThese(index, {entry}, MergeAim::kTidy, poll);
    return true;
}

void ForgetUnfinished(Relation index) {
    const MetaData meta = ReadMeta(index);
    if (meta.flushing != 0 || meta.merging != 0) {
        ChangeMeta(index, [](MetaData* m) {
            m->flushing = 0;
            m->merging = 0;
        });
    }
}

std::size_t FlushThreshold(Relation index, uint32 segments) {
    const uint32 above = segments > kCalmSegments ? segments - kCalmSegments : 0;
    return PendingLimitBytes(index) << std::min(above, kMaxPatience);
}

void MaintainNow(Relation index, Poll poll) {
    if (pg::Call([&] { return TryLockDuty(index, Duty::kFlush); })) {
        FlushPending(index, poll);
        pg::Call([&] { UnlockDuty(index, Duty::kFlush); });
    }
    if (pg::Call([&] { return TryLockDuty(index, Duty::kMerge); })) {
        pg::Call([&] { storage::ReleaseParked(index); });
        while (MergeSegments(index, MergeAim::kTidy, poll)) {
        }
        pg::Call([&] {
            storage::ReleaseParked(index);
            UnlockDuty(index, Duty::kMerge);
        });
    }
}

}  // namespace namedex::am
