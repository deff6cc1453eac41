/*
 * One scan of an index, in the three ways the server asks for rows: one TID after the other
 * (plain), one index tuple after the other (index-only), all TIDs at once (bitmap).
 *
 * Segments are searched one after the other, each in windows of ordinals. A plain or index-only
 * scan starts with a small window and widens it, so that LIMIT 20 costs little and a full scan is
 * not slowed down. The rows of a window, a bitmap or a list, are turned into TIDs batch by batch.
 * The pending rows come last: those that were there when the set of contents was read. Every scan
 * drops tombstoned rows.
 *
 * *Index-only scans* return a row without its heap tuple, so they have to know that the snapshot
 * sees it. Of each batch, in this order: (a) read the TIDs; (b) read their pages' bits in the
 * visibility map; (c) read the metapage and, if it counts dead rows of the segment, the tombstones.
 * A row whose bit is set, that is not dead, and whose segment is listed still is *certain*. Any
 * other that is not dead is looked up in the heap before it is returned; so is every pending row.
 * docs/concurrency.md says why that is right.
 *
 * The processes of a parallel scan take windows in turn (am/parallel_scan.hpp).
 *
 * A segment is given back as soon as it is searched to its end, and with it the memory of its rows,
 * so that what a query holds is bounded however many segments, columns and partitions it reads: the
 * executor keeps a scan to the query's end. A scan that is left in the middle keeps the segment in
 * which it stands.
 */
#pragma once

#include "am/index_snapshot.hpp"
#include "am/index_tuple.hpp"
#include "am/parallel_scan.hpp"
#include "am/pending_cache.hpp"
#include "am/scan_keys.hpp"
#include "am/visibility.hpp"
#include "core/pending_query.hpp"
#include "core/segment_query.hpp"
#include "pg/scratch_resource.hpp"

namespace namedex::am {

class IndexScan {
  public:
    // `context` lives as long as the scan.
    IndexScan(Relation index, MemoryContext context);
    IndexScan(const IndexScan&) = delete;
    IndexScan& operator=(const IndexScan&) = delete;

    // Takes over the scan keys, and begins anew.
    void Restart(IndexScanDesc scan);

    // The next row of a plain scan.
    std::optional<ItemPointerData> Next(Snapshot snapshot);

    // The next row of an index-only scan: one that the scan's snapshot sees. The tuple is valid
    // until the next call.
    struct Tuple {
        ItemPointerData tid;
        HeapTuple tuple;
    };
    std::optional<Tuple> NextTuple(IndexScanDesc scan);

    // Adds all rows to the bitmap; returns how many.
    int64 Collect(Snapshot snapshot, TIDBitmap* bitmap);

    // The scan has come to its end without an error.
    void Close();
    // After an abort: the pins are gone with their resource owner.
    void Abandon() noexcept;

    // Whether rows must be looked at again whatever the snapshot.
    bool recheck() const { return conditions_ && conditions_->recheck(); }

  private:
    // A row that satisfies the conditions.
    struct Found {
        core::RowOrdinal row;  // in what is being searched: a segment, a view, or encoded_
        ItemPointerData tid;
        bool certain;  // the snapshot sees it, and the heap need not be asked
    };
    static_assert(sizeof(Found) == 12);

    // What only an index-only scan needs.
    struct IndexOnly {
        IndexOnly(IndexScan& scan, IndexScanDesc descriptor)
            : read(pg::Call([&] { return ColumnsReadFrom(descriptor); })),
              tuple(scan.index_, scan.keys_, scan.context_),
              visibility(descriptor->heapRelation),
              heap(descriptor->heapRelation, scan.context_),
              blocks(&scan.memory_),
              visible(&scan.memory_) {}

        ColumnsRead read;
        IndexTuple tuple;
        VisibilityMap visibility;
        HeapLookup heap;
        // Of the window: the heap's blocks that have a row in it, and whether each is all-visible.
        std::pmr::vector<BlockNumber> blocks;
        std::pmr::vector<std::uint8_t> visible;
    };

    enum class Source : std::uint8_t { kRows, kEncoded };
    class DeadRows;

    void Open(Snapshot snapshot);
    bool ReadChain(const storage::PendingChain& chain);
    void BeginSegment(OpenSegment& segment);
    void EndSegment();
    void Evaluate(std::uint64_t lo, std::uint64_t hi);
    void DropDead(OpenSegment& segment);
    void ForgetRows();
    bool HasRows() const;
    bool FillBatch(OpenSegment& segment);
    void Certify(OpenSegment& segment);
    template <typename Fn>
    void ForEachInView(const PendingView& view, Fn&& fn);
    const Found* NextFound(Snapshot snapshot);
    struct Window {
        std::uint64_t begin;
        std::uint64_t end;
    };
    std::optional<Window> NextWindow();
    std::optional<Window> NextChunk();
    bool FillFromSegments();
    bool FillFromPending();
    void FreeBatch();

    Relation index_;
    MemoryContext context_;
    pg::ScratchResource memory_;
    IndexKeys keys_;
    IndexSnapshot contents_;
    MemoryContext keys_context_;  // of what the conditions point to
    std::optional<ScanConditions> conditions_;
    std::optional<IndexOnly> only_;
    core::RowBitmap dead_;
    ParallelScan* shared_ = nullptr;  // with other processes; null: this one scans alone
    bool opened_ = false;
    Snapshot snapshot_ = nullptr;  // of the current call
    std::vector<PendingView> views_;
    std::optional<PendingView> view_;  // whose rows are in found_
    // Of chains that are not kept: their rows, and for an index-only scan what they are.
    std::pmr::vector<Found> pending_;
    std::pmr::vector<std::pmr::string> encoded_;
    bool pending_given_ = false;
    std::size_t segment_ = 0;
    std::optional<core::SegmentQuery> query_;  // of that segment, once it is begun
    std::uint64_t window_begin_ = 0;
    std::uint64_t window_ = 0;
    // The rows of the window that satisfy the conditions, and how far they are turned into TIDs: an
    // ordinal of a bitmap, a place in a list.
    core::RowSet rows_;
    std::uint64_t next_row_ = 0;
    std::uint64_t batch_ = 0;        // ordinals, or places, a batch
    std::pmr::vector<Found> found_;  // the batch
    std::size_t next_found_ = 0;
    Source source_ = Source::kRows;  // of found_
};

}  // namespace namedex::am
