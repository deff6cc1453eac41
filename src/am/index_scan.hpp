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
 * *Index-only scans* return a row without its heap tuple if it is certain that the snapshot sees it
 * (am/certify.hpp). Any other row is looked up in the heap before it is returned, when its turn has
 * come; so is every pending row.
 *
 * The processes of a parallel scan take windows in turn (am/parallel_scan.hpp).
 *
 * A segment is given back as soon as it is searched to its end, and with it the memory of its rows,
 * so that what a query holds is bounded however many segments, columns and partitions it reads: the
 * executor keeps a scan to the query's end. A scan that is left in the middle keeps the segment in
 * which it stands. Only of pending rows in chains that are too long to be kept (am/pending_cache.hpp)
 * an index-only scan holds copies of all that it will return.
 */
#pragma once

#include "am/certify.hpp"
#include "am/index_snapshot.hpp"
#include "am/parallel_scan.hpp"
#include "am/pending_cache.hpp"
#include "am/returned_tuple.hpp"
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
    // What only an index-only scan needs.
    struct IndexOnly {
        IndexOnly(IndexScan& scan, IndexScanDesc descriptor)
            : read(pg::Call([&] { return ColumnsReadFrom(descriptor); })),
              tuple(scan.index_, scan.keys_, scan.context_),
              certifier(descriptor->heapRelation, &scan.memory_),
              heap(descriptor->heapRelation, scan.context_) {}

        ColumnsRead read;
        ReturnedTuple tuple;
        Certifier certifier;
        HeapLookup heap;
    };

    enum class Source : std::uint8_t { kRows, kEncoded };

    void Open(Snapshot snapshot);
    bool ReadChain(const storage::PendingChain& chain);
    void BeginSegment(OpenSegment& segment);
    void EndSegment();
    void Evaluate(std::uint64_t lo, std::uint64_t hi);
    void ForgetRows();
    bool HasRows() const;
    bool FillBatch(OpenSegment& segment);
    template <typename Fn>
    void ForEachInView(const PendingView& view, Fn&& fn);
    const FoundRow* NextFound(Snapshot snapshot);
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
    ParallelScan* shared_ = nullptr;  // with other processes; null: this one scans alone
    bool opened_ = false;
    Snapshot snapshot_ = nullptr;  // of the current call
    std::vector<PendingView> views_;
    std::optional<PendingView> view_;  // whose rows are in found_
    // Of chains that are not kept: their rows, and for an index-only scan what they are.
    std::pmr::vector<FoundRow> pending_;
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
    std::pmr::vector<FoundRow> found_;  // the batch
    std::size_t next_found_ = 0;
    Source source_ = Source::kRows;  // of found_
};

}  // namespace namedex::am
