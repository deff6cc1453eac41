#include "am/segment_flush.hpp"

#include "am/index_snapshot.hpp"
#include "am/segment_build.hpp"
#include "core/segment_merger.hpp"
#include "pg/boundary.hpp"
#include "storage/page_log.hpp"

namespace namedex::am {

using storage::MetaData;
using storage::SegmentEntry;

namespace {

// So many segments of one tier become one of the next.
constexpr std::size_t kTierSegments = 4;
// Rows of the lowest tier; every further tier is kTierSegments times as large.
constexpr std::uint64_t kTierRows = 65536;

MetaData ReadMeta(Relation index) {
    return pg::Call([&] {
        MetaData meta;
        storage::ReadMeta(index, &meta);
        return meta;
    });
}

// Takes segment ids that nothing else will ever have, even if what they are for never comes to be.
uint32 ReserveSegmentId(Relation index) {
    return pg::Call([&] {
        Buffer buffer = ReadBuffer(index, storage::kMetaBlock);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        storage::PageEdit edit(index);
        const uint32 id = storage::MetaOf(edit.Register(buffer))->next_segment_id++;
        edit.Commit();
        UnlockReleaseBuffer(buffer);
        return id;
    });
}

// Replaces the segments with the ids in `gone` by `added`; drops the sealed chain if `drop_sealed`.
// `folded` says under which rules the added segments were folded, if that was done just now: the
// index may be older than they.
void Publish(Relation index, const std::vector<uint32>& gone,
             const std::vector<SegmentEntry>& added, bool drop_sealed,
             std::optional<storage::FoldSignature> folded) {
    pg::Call([&] {
        Buffer buffer = ReadBuffer(index, storage::kMetaBlock);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        storage::PageEdit edit(index);
        MetaData* meta = storage::MetaOf(edit.Register(buffer));
        if (folded && !added.empty() && meta->fold_signature != *folded) {
            meta->fold_signature = meta->segment_count == 0 ? *folded : storage::kMixedFolds;
        }
        uint32 kept = 0;
        for (uint32 i = 0; i < meta->segment_count; ++i) {
            if (std::find(gone.begin(), gone.end(), meta->segments[i].segment_id) == gone.end()) {
                meta->segments[kept++] = meta->segments[i];
            }
        }
        for (const SegmentEntry& entry : added) {
            if (kept == storage::kMaxSegments) {
                elog(ERROR, "index \"%s\" has too many segments", RelationGetRelationName(index));
            }
            meta->segments[kept++] = entry;
        }
        memset(meta->segments + kept, 0, (storage::kMaxSegments - kept) * sizeof(SegmentEntry));
        meta->segment_count = kept;
        if (drop_sealed) {
            meta->sealed = storage::kNoPending;
        }
        ++meta->generation;
        edit.Commit();
        UnlockReleaseBuffer(buffer);
    });
}

// The live rows of the sealed chain, in memory, to be put in TID order.
class SealedRows {
  public:
    explicit SealedRows(const storage::PendingChain& chain) : chain_(chain) {}

    // Reads all rows, handing them on in batches of about `batch_bytes`.
    template <typename Take>
    void Read(Relation index, std::size_t batch_bytes, Take&& take) {
        const auto add = [&](const storage::PendingRow& row) {
            rows_.push_back({row.tid, text_.size(), row.size});
            text_.append(row.row, row.size);
            if (text_.size() + rows_.size() * sizeof(Row) > batch_bytes) {
                HandOn(take);
            }
        };
        using Add = decltype(add);
        pg::Call([&] {
            storage::VisitPending(
                index, chain_, nullptr,
                [](void* state, const storage::PendingRow& row) {
                    pg::Enter([&] { (*static_cast<const Add*>(state))(row); });
                },
                const_cast<void*>(static_cast<const void*>(&add)));
        });
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

    storage::PendingChain chain_;
    std::vector<Row> rows_;
    std::string text_;
};

std::uint64_t TierOf(const SegmentEntry& entry) {
    std::uint64_t tier = 0;
    for (std::uint64_t rows = entry.rows / kTierRows; rows > 0; rows /= kTierSegments) {
        ++tier;
    }
    return tier;
}

void MergeThese(Relation index, const std::vector<SegmentEntry>& entries) {
    std::pmr::memory_resource* memory = std::pmr::get_default_resource();
    std::vector<std::unique_ptr<OpenSegment>> segments;
    std::vector<std::unique_ptr<core::RowBitmap>> dead;
    std::vector<core::MergeSource> sources;
    std::vector<uint32> gone;
    std::uint64_t live = 0;
    for (const SegmentEntry& entry : entries) {
        segments.push_back(std::make_unique<OpenSegment>(index, entry, memory));
        dead.push_back(std::make_unique<core::RowBitmap>(memory));
        ReadTombstones(*segments.back(), 0, segments.back()->reader.row_count(), *dead.back());
        sources.push_back({&segments.back()->reader, dead.back().get()});
        gone.push_back(entry.segment_id);
        live += entry.rows - dead.back()->Count();
    }
    std::vector<SegmentEntry> added;
    if (live > 0) {
        SegmentEntry entry{};
        entry.segment_id = ReserveSegmentId(index);
        storage::SegmentPagesWriter pages(index, entry.segment_id, true);
        storage::TemporaryPagesFactory temporary;
        core::SegmentOptions options;
        options.poll = &pg::PollInterrupts;
        options.gram_memory = std::min(options.gram_memory, MaintenanceMemory() / 4);
        const core::SegmentStats stats =
            core::MergeSegments(sources, pages, temporary, options, memory);
        entry.root = pages.Finish(stats.header);
        entry.rows = stats.header.row_count;
        added.push_back(entry);
    }
    Publish(index, gone, added, false, std::nullopt);
}

}  // namespace

namespace {

// The index as an object with sub-object 1. Not a page lock: other locks may not be taken under one
// of those.
LOCKTAG MaintenanceTag(Relation index) {
    LOCKTAG tag;
    SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, RelationGetRelid(index), 1);
    return tag;
}

}  // namespace

void LockMaintenance(Relation index) {
    const LOCKTAG tag = MaintenanceTag(index);
    LockAcquire(&tag, ExclusiveLock, false, false);
}

bool TryLockMaintenance(Relation index) {
    const LOCKTAG tag = MaintenanceTag(index);
    return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

void UnlockMaintenance(Relation index) {
    const LOCKTAG tag = MaintenanceTag(index);
    LockRelease(&tag, ExclusiveLock, false);
}

void FlushPending(Relation index) {
    // Twice at most: a chain left sealed by an interrupted flush, then what has come in since.
    for (int round = 0; round < 2; ++round) {
        const bool left_over = ReadMeta(index).sealed.head != InvalidBlockNumber;
        if (!pg::Call([&] { return storage::SealPending(index); })) {
            return;
        }
        const MetaData meta = ReadMeta(index);
        IndexKeys keys(index);
        std::vector<SegmentEntry> added;
        SealedRows rows(meta.sealed);
        SegmentBuild build(keys, MaintenanceMemory() / 2);
        rows.Read(index, MaintenanceMemory() / 3, [&](auto&& feed) {
            build.BeginRun();
            feed(build);
        });
        if (build.row_count() > 0) {
            SegmentEntry entry;
            build.Finish(index, ReserveSegmentId(index), true, &entry);
            added.push_back(entry);
        }
        // Should the list be full, the segments that are there make room first.
        if (meta.segment_count == storage::kMaxSegments) {
            MergeThese(index, {meta.segments, meta.segments + meta.segment_count});
        }
        Publish(index, {}, added, true, keys.fold_version());
        if (!left_over) {
            return;
        }
    }
}

void MergeSmallSegments(Relation index) {
    for (;;) {
        const MetaData meta = ReadMeta(index);
        std::vector<SegmentEntry> entries(meta.segments, meta.segments + meta.segment_count);
        std::stable_sort(
            entries.begin(), entries.end(),
            [](const SegmentEntry& a, const SegmentEntry& b) { return a.rows < b.rows; });
        // The lowest tier that is full, with everything below it.
        std::size_t take = 0;
        for (std::size_t begin = 0; begin < entries.size() && take == 0;) {
            std::size_t end = begin;
            while (end < entries.size() && TierOf(entries[end]) == TierOf(entries[begin])) {
                ++end;
            }
            if (end - begin >= kTierSegments) {
                take = end;
            }
            begin = end;
        }
        if (take < 2) {
            return;
        }
        entries.resize(take);
        MergeThese(index, entries);
    }
}

}  // namespace namedex::am
