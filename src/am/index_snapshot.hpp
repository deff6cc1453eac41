/*
 * One consistent set of an index's contents: the segments, pinned, and a place to read pending
 * rows.
 *
 * Open reads the metapage, opens the segments it lists, lets the caller read the pending chains,
 * and reads the generation again; if it has changed in between, everything is dropped and done once
 * more. Segments that are open still and listed still are kept, and those that were closed may be
 * found opened in the backend's cache (segment_cache.hpp), so a rescan costs little.
 */
#pragma once

#include "am/segment_cache.hpp"
#include "pg/boundary.hpp"
#include "pg/pause_point.hpp"
#include "storage/metapage.hpp"
#include "storage/pending.hpp"

namespace namedex::am {

// The segments of a set of contents, and what is to be known of the index to read them.
struct SegmentList {
    uint64 identity;
    storage::FoldSignature fold_signature;
    uint32 count;
    storage::SegmentEntry segments[storage::kMaxSegments];
};

class IndexSnapshot {
  public:
    // Segments come from the backend's cache; Close gives them back to it.
    explicit IndexSnapshot(Relation index) : index_(index) {}
    // Segments are read anew, in `memory`.
    IndexSnapshot(Relation index, std::pmr::memory_resource* memory)
        : index_(index), memory_(memory) {}
    IndexSnapshot(const IndexSnapshot&) = delete;
    IndexSnapshot& operator=(const IndexSnapshot&) = delete;

    // `read_chain(chain)` is called for every pending chain and returns false if the chain turns
    // out to be gone, `restart()` before each attempt. `snapshot` (may be null) is checked against
    // the age of what is read.
    template <typename Restart, typename ReadChain>
    void Open(Snapshot snapshot, Restart&& restart, ReadChain&& read_chain) {
        for (;;) {
            restart();
            OpenSegments(snapshot);
            pg::Call([] { pg::PauseAt("segments opened"); });
            bool there = true;
            storage::ForEachChain(meta_, [&](const storage::PendingChain& chain) {
                if (there && !read_chain(chain)) {
                    there = false;
                    CheckGone(chain.id);
                }
            });
            pg::Call([] { pg::PauseAt("chains read"); });
            if (there && ReadNow(nullptr).generation == meta_.generation) {
                return;
            }
        }
    }

    // For read_chain: visit_row(tid, encoded row) is called for every live row of a chain.
    template <typename VisitRow>
    bool VisitRows(const storage::PendingChain& chain, Snapshot snapshot, VisitRow&& visit_row) {
        using Visit = std::remove_reference_t<VisitRow>;
        return pg::Call([&] {
            storage::PendingCursor cursor = storage::BeginOf(chain);
            return storage::VisitPending(
                       index_, chain, &cursor, snapshot,
                       [](void* state, const storage::PendingRow& row) {
                           return pg::Enter([&] {
                               if (!row.dead) {
                                   (*static_cast<Visit*>(state))(
                                       row.tid, std::string_view(row.row, row.size));
                               }
                               return true;
                           });
                       },
                       const_cast<void*>(static_cast<const void*>(&visit_row))) ==
                   storage::Visited::kAll;
        });
    }

    // What the metapage says of a segment at this moment; none: it is not listed any more.
    std::optional<storage::SegmentEntry> EntryNow(storage::OwnerId segment_id, Snapshot snapshot);

    // Segments only.
    void OpenSegments(Snapshot snapshot);
    // Those of a list that another process of a parallel scan has found.
    void OpenSegments(const SegmentList& list);

    // A segment of segments(), or all of them, is not needed any more, and nothing went wrong with
    // it. Without it, they are dropped. What is closed is null; OpenSegments opens it again.
    void Close(std::unique_ptr<OpenSegment>& segment);
    void Close();

    const storage::MetaData& meta() const { return meta_; }
    std::vector<std::unique_ptr<OpenSegment>>& segments() { return segments_; }

    // Forgets every pin: their resource owner is gone.
    void Abandon() noexcept {
        for (const std::unique_ptr<OpenSegment>& segment : segments_) {
            if (segment) {  // null: closed, or in a list that was being renewed
                segment->pages.Abandon();
            }
        }
    }

  private:
    class RootPins;
    void PinRoots(RootPins& pins);
    void TakeSegments(RootPins& pins);
    bool IsOpen(storage::OwnerId segment_id) const;
    // Throws kCorrupt if the chain is still listed.
    void CheckGone(storage::OwnerId chain);
    storage::MetaData ReadNow(Snapshot snapshot);

    Relation index_;
    std::pmr::memory_resource* memory_ = nullptr;  // null: segments come from the cache
    storage::MetaData meta_{};
    std::vector<std::unique_ptr<OpenSegment>> segments_;
};

// The dead rows of [lo, hi) of a segment.
inline void ReadTombstones(OpenSegment& segment, core::RowOrdinal lo, core::RowOrdinal hi,
                           core::RowBitmap& dead, Snapshot snapshot = nullptr) {
    const core::SectionRange& section = segment.reader.header()[core::SegmentSection::kTombstones];
    segment.pages.ReadTombstones(section.first_page, lo, hi, dead, snapshot);
}

}  // namespace namedex::am
