/*
 * Scans: amgettuple streams, amgetbitmap collects.
 *
 * Segments are searched one after the other, each in windows of ordinals. A plain scan starts with
 * a small window and widens it, so that LIMIT 20 costs little and a full scan is not slowed down.
 * The pending rows come last: those that were there when the set of contents was read. Every scan
 * drops tombstoned rows.
 *
 * A segment is given back as soon as it is searched to its end, and with it the memory of its rows,
 * so that what a query holds is bounded however many segments, columns and partitions it reads: the
 * executor keeps a scan to the query's end. A scan that is left in the middle keeps the segment in
 * which it stands.
 *
 * A scan's C++ state hangs on a memory context of its own: when the scan is aborted the context's
 * reset callback destroys it, without touching buffer pins, which have gone with their resource
 * owner by then.
 */
#include "am/am.hpp"
#include "am/fold_check.hpp"
#include "am/index_snapshot.hpp"
#include "am/pending_cache.hpp"
#include "am/scan_keys.hpp"
#include "core/pending_query.hpp"
#include "core/segment_query.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "pg/scratch_resource.hpp"

namespace namedex::am {

using core::RowBitmap;
using core::RowOrdinal;
using core::RowSet;

namespace {

// A bitmap of the window takes 2 MB at most.
constexpr std::uint64_t kMaxWindow = std::uint64_t{1} << 24;
constexpr std::uint64_t kFirstWindow = 8192;
constexpr std::uint64_t kMaxStreamWindow = std::uint64_t{1} << 20;
// How much a window grows: a list that is short is read again for every window.
constexpr std::uint64_t kWindowGrowth = 8;
// A plain scan wants about this many rows from its first window.
constexpr std::uint64_t kFirstRows = 256;

class Scan {
  public:
    Scan(Relation index, MemoryContext context)
        : index_(index),
          memory_(context),
          keys_(index),
          contents_(index),
          keys_context_(pg::Call([&] {
              return AllocSetContextCreate(context, "namedex scan keys", ALLOCSET_SMALL_SIZES);
          })),
          dead_(&memory_),
          pending_(&memory_),
          tids_(&memory_) {}

    void Restart(const ScanKeyData* keys, int count) {
        query_.reset();
        conditions_.reset();
        MemoryContextReset(keys_context_);
        MemoryContext caller = MemoryContextSwitchTo(keys_context_);
        conditions_.emplace(keys_, keys, count);
        MemoryContextSwitchTo(caller);
        opened_ = false;
        tids_.clear();
        next_tid_ = 0;
    }

    // Fetches the next TID of a plain scan.
    bool Next(Snapshot snapshot, ItemPointer tid) {
        Open(snapshot);
        while (next_tid_ == tids_.size()) {
            tids_.clear();
            next_tid_ = 0;
            if (!FillWindow()) {
                return false;
            }
        }
        *tid = tids_[next_tid_++];
        return true;
    }

    int64 Collect(Snapshot snapshot, TIDBitmap* bitmap) {
        Open(snapshot);
        const bool check_again = recheck() || compat::BitmapScanMaySkipHeapWrongly();
        int64 total = 0;
        const auto flush = [&] {
            pg::PollInterrupts();
            if (!tids_.empty()) {
                pg::Call([&] {
                    tbm_add_tuples(bitmap, tids_.data(), static_cast<int>(tids_.size()),
                                   check_again);
                });
                total += static_cast<int64>(tids_.size());
                tids_.clear();
            }
        };
        if (!conditions_->nothing()) {
            for (std::unique_ptr<OpenSegment>& segment : contents_.segments()) {
                OpenQuery(*segment);
                const std::uint64_t rows = segment->reader.row_count();
                for (std::uint64_t lo = 0; lo < rows; lo += kMaxWindow) {
                    Evaluate(*segment, lo, std::min(rows, lo + kMaxWindow), flush);
                }
                flush();
                query_.reset();
                contents_.Close(segment);
            }
        }
        opened_ = false;  // its segments are gone
        tids_.insert(tids_.end(), pending_.begin(), pending_.end());
        for (const PendingView& view : views_) {
            EvaluateView(view);
            flush();
        }
        flush();
        views_.clear();
        pending_ = std::pmr::vector<ItemPointerData>(&memory_);
        FreeBatch();
        return total;
    }

    // The scan has come to its end without an error.
    void Close() {
        query_.reset();
        contents_.Close();
    }

    bool recheck() const { return conditions_ && conditions_->recheck(); }
    void Abandon() noexcept { contents_.Abandon(); }

  private:
    void Open(Snapshot snapshot) {
        snapshot_ = snapshot;
        if (opened_) {
            return;
        }
        contents_.Open(
            snapshot,
            [this] {
                pending_.clear();
                views_.clear();
            },
            [this](const storage::PendingChain& chain) { return ReadChain(chain); });
        CheckFolds(contents_, keys_);
        opened_ = true;
        segment_ = 0;
        pending_given_ = false;
    }

    // Long chains are searched at once, the others when their turn comes.
    bool ReadChain(const storage::PendingChain& chain) {
        if (conditions_->nothing()) {
            return true;
        }
        if (IsKept(chain)) {
            std::optional<PendingView> view =
                ViewChain(index_, contents_.meta(), chain, keys_, snapshot_);
            if (view && view->rows > 0) {
                views_.push_back(*view);
            }
            return view.has_value();
        }
        return contents_.VisitRows(
            chain, snapshot_, [this](const ItemPointerData& tid, std::string_view row) {
                if (keys_.Accepts(conditions_->conditions(), row)) {
                    pending_.push_back(tid);
                }
            });
    }

    void AddTid(core::Tid tid) {
        if (tid.offset < FirstOffsetNumber || tid.offset > MaxHeapTuplesPerPage) {
            core::ThrowCorrupt("a row has an impossible place in the table");
        }
        ItemPointerData pointer;
        ItemPointerSet(&pointer, tid.block, tid.offset);
        tids_.push_back(pointer);
    }

    // Appends the TIDs of a view's live rows that satisfy the conditions.
    void EvaluateView(const PendingView& view) {
        core::PendingQuery query(view.chain->rows(), conditions_->conditions(), view.rows, &memory_,
                                 &pg::PollInterrupts);
        std::pmr::vector<RowOrdinal> rows(&memory_);
        query.Evaluate(0, view.rows, rows);
        for (const RowOrdinal row : rows) {
            if (!view.chain->IsDead(row)) {
                AddTid(view.chain->rows().tid(row));
            }
        }
    }

    void OpenQuery(OpenSegment& segment) {
        query_.emplace(segment.reader, conditions_->conditions(), keys_.folders(), &memory_,
                       &pg::PollInterrupts);
    }

    // Appends the TIDs of the live rows of [lo, hi) that satisfy the conditions; calls `flush` when
    // there are many.
    template <typename Flush>
    void Evaluate(OpenSegment& segment, std::uint64_t lo, std::uint64_t hi, Flush&& flush) {
        constexpr std::size_t kBatch = 4096;
        RowSet rows(&memory_);
        query_->Evaluate(static_cast<RowOrdinal>(lo), static_cast<RowOrdinal>(hi), rows);
        if (segment.pages.entry().dead > 0) {
            DropDead(segment, rows);
        }
        core::TidMapReader& map = segment.reader.tids();
        const auto add = [this](std::uint32_t block, std::uint16_t offset) {
            AddTid({block, offset});
        };
        if (rows.dense()) {
            map.ForEachSet(rows.bits(),
                           [&](std::uint32_t block, const std::uint16_t* offsets, std::size_t n) {
                               for (std::size_t i = 0; i < n; ++i) {
                                   add(block, offsets[i]);
                               }
                               if (tids_.size() >= kBatch) {
                                   flush();
                               }
                           });
        } else {
            for (const RowOrdinal row : rows.list()) {
                const core::Tid tid = map.At(row);
                add(tid.block, tid.offset);
                if (tids_.size() >= kBatch) {
                    flush();
                }
            }
        }
    }

    void DropDead(OpenSegment& segment, RowSet& rows) {
        if (rows.dense()) {
            ReadTombstones(segment, rows.lo(), rows.hi(), dead_, snapshot_);
            rows.bits().AndNot(dead_);
            return;
        }
        const std::uint64_t row_count = segment.reader.row_count();
        std::uint64_t read_to = 0;
        rows.Retain([&](RowOrdinal row) {
            if (row >= read_to) {
                const std::uint64_t lo = row / core::kTombstonesPerPage * core::kTombstonesPerPage;
                read_to = std::min(row_count, lo + core::kTombstonesPerPage);
                ReadTombstones(segment, static_cast<RowOrdinal>(lo),
                               static_cast<RowOrdinal>(read_to), dead_, snapshot_);
            }
            return !dead_.Test(row);
        });
    }

    // Puts the next TIDs into tids_; false when there are none left.
    bool FillWindow() {
        if (conditions_->nothing()) {
            return false;
        }
        std::vector<std::unique_ptr<OpenSegment>>& segments = contents_.segments();
        while (segment_ < segments.size()) {
            OpenSegment& segment = *segments[segment_];
            const std::uint64_t rows = segment.reader.row_count();
            if (!query_) {
                OpenQuery(segment);
                window_begin_ = 0;
                const std::uint64_t expected = std::max<std::uint64_t>(query_->estimate(), 1);
                window_ = std::max(kFirstWindow, rows * kFirstRows / expected);
            }
            if (window_begin_ == rows) {
                query_.reset();
                contents_.Close(segments[segment_++]);
                FreeBatch();
                continue;
            }
            const std::uint64_t end = std::min(rows, window_begin_ + window_);
            Evaluate(segment, window_begin_, end, [] {});
            window_begin_ = end;
            window_ = std::min(std::max(window_, kMaxStreamWindow), window_ * kWindowGrowth);
            segment.reader.Release();
            if (!tids_.empty()) {
                return true;
            }
        }
        if (!pending_given_) {
            pending_given_ = true;
            tids_.swap(pending_);
            if (!tids_.empty()) {
                return true;
            }
        }
        while (!views_.empty()) {
            const PendingView view = std::move(views_.back());
            views_.pop_back();
            EvaluateView(view);
            if (!tids_.empty()) {
                return true;
            }
        }
        FreeBatch();
        return false;
    }

    // Gives back the memory of what has been handed on.
    void FreeBatch() {
        tids_ = std::pmr::vector<ItemPointerData>(&memory_);
        dead_ = RowBitmap(&memory_);
    }

    Relation index_;
    pg::ScratchResource memory_;
    IndexKeys keys_;
    IndexSnapshot contents_;
    MemoryContext keys_context_;  // of what the conditions point to
    std::optional<ScanConditions> conditions_;
    RowBitmap dead_;
    bool opened_ = false;
    Snapshot snapshot_ = nullptr;  // of the current call
    std::vector<PendingView> views_;
    std::pmr::vector<ItemPointerData> pending_;  // of chains that are not kept
    bool pending_given_ = false;
    std::size_t segment_ = 0;
    std::optional<core::SegmentQuery> query_;
    std::uint64_t window_begin_ = 0;
    std::uint64_t window_ = 0;
    std::pmr::vector<ItemPointerData> tids_;
    std::size_t next_tid_ = 0;
};

// What scan->opaque points to; lives in the scan's own memory context.
struct ScanHandle {
    Scan* scan;
    MemoryContext context;
    bool restarted;
    MemoryContextCallback callback;
};

ScanHandle* HandleOf(IndexScanDesc scan) {
    return static_cast<ScanHandle*>(scan->opaque);
}

void DestroyAfterAbort(void* argument) {
    auto* handle = static_cast<ScanHandle*>(argument);
    if (handle->scan != nullptr) {
        handle->scan->Abandon();
        delete handle->scan;
        handle->scan = nullptr;
    }
}

// The scan, ready to run: made and restarted when first needed, so that amrescan stays cheap.
Scan& Ready(IndexScanDesc descriptor) {
    ScanHandle* handle = HandleOf(descriptor);
    if (handle->scan == nullptr) {
        handle->scan = new Scan(descriptor->indexRelation, handle->context);
    }
    if (!handle->restarted) {
        handle->scan->Restart(descriptor->keyData, descriptor->numberOfKeys);
        handle->restarted = true;
        compat::CountIndexSearch(descriptor);
    }
    return *handle->scan;
}

// Where a query needs no column at all, the planner makes an index-only scan of any index that can
// be scanned without conditions. No column is returned yet, so such a scan gets tuples of NULLs; it
// is given only rows that were found visible in the heap, so it does not matter what the executor
// reads in the visibility map later.
bool IsVisible(IndexScanDesc scan, ItemPointerData tid) {
    return pg::Call([&] {
        CHECK_FOR_INTERRUPTS();
        bool all_dead;
        return table_index_fetch_tuple_check(scan->heapRelation, &tid, scan->xs_snapshot,
                                             &all_dead);
    });
}

void FormEmptyTuple(IndexScanDesc scan) {
    MemoryContext caller = MemoryContextSwitchTo(HandleOf(scan)->context);
    TupleDesc descriptor = RelationGetDescr(scan->indexRelation);
    const auto columns = static_cast<Size>(descriptor->natts);
    auto* values = static_cast<Datum*>(palloc0(sizeof(Datum) * columns));
    auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * columns));
    memset(nulls, true, sizeof(bool) * columns);
    scan->xs_hitup = heap_form_tuple(descriptor, values, nulls);
    scan->xs_hitupdesc = descriptor;
    MemoryContextSwitchTo(caller);
}

// Whether rows must be looked at again whatever the conditions: only an MVCC snapshot makes sure
// that a TID still names the row that was indexed.
bool NeedsRecheck(IndexScanDesc descriptor) {
    return descriptor->xs_snapshot != nullptr && !IsMVCCSnapshot(descriptor->xs_snapshot);
}

}  // namespace

IndexScanDesc BeginScan(Relation index, int nkeys, int norderbys) {
    IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "namedex scan", ALLOCSET_DEFAULT_SIZES);
    auto* handle = static_cast<ScanHandle*>(MemoryContextAllocZero(context, sizeof(ScanHandle)));
    handle->context = context;
    handle->callback.func = DestroyAfterAbort;
    handle->callback.arg = handle;
    MemoryContextRegisterResetCallback(context, &handle->callback);
    scan->opaque = handle;
    return scan;
}

void Rescan(IndexScanDesc scan, ScanKey keys, int, ScanKey, int) {
    if (keys != nullptr && scan->numberOfKeys > 0) {
        memmove(scan->keyData, keys, static_cast<size_t>(scan->numberOfKeys) * sizeof(ScanKeyData));
    }
    HandleOf(scan)->restarted = false;
}

bool GetTuple(IndexScanDesc scan, ScanDirection) {
    return pg::Enter(scan->indexRelation, [&] {
        Scan& state = Ready(scan);
        ItemPointerData tid;
        do {
            if (!state.Next(scan->xs_snapshot, &tid)) {
                return false;
            }
        } while (scan->xs_want_itup && !IsVisible(scan, tid));
        if (scan->xs_want_itup && scan->xs_hitup == nullptr) {
            pg::Call([&] { FormEmptyTuple(scan); });
        }
        scan->xs_heaptid = tid;
        scan->xs_recheck = state.recheck() || NeedsRecheck(scan);
        return true;
    });
}

int64 GetBitmap(IndexScanDesc scan, TIDBitmap* bitmap) {
    return pg::Enter(scan->indexRelation,
                     [&] { return Ready(scan).Collect(scan->xs_snapshot, bitmap); });
}

void EndScan(IndexScanDesc scan) {
    ScanHandle* handle = HandleOf(scan);
    pg::Enter(scan->indexRelation, [&] {
        const std::unique_ptr<Scan> state(handle->scan);
        handle->scan = nullptr;
        if (state != nullptr) {
            state->Close();
        }
    });
    MemoryContextDelete(handle->context);
}

}  // namespace namedex::am
