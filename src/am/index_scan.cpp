#include "am/index_scan.hpp"

#include "am/dead_rows.hpp"
#include "am/fold_check.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::am {

using core::RowOrdinal;
using core::RowSet;

namespace {

// A bitmap of the window takes 2 MB at most.
constexpr std::uint64_t kMaxWindow = std::uint64_t{1} << 24;
constexpr std::uint64_t kFirstWindow = 8192;
// How much a window grows: a list that is short is read again for every window, and a LIMIT may need
// little of the last one.
constexpr std::uint64_t kWindowGrowth = 4;
// A plain scan wants about this many rows from its first window.
constexpr std::uint64_t kFirstRows = 256;
// Rows of a batch, roughly: so many that what a batch takes for itself does not count, and so few
// that they stay in the processor's caches.
constexpr std::uint64_t kBatchRows = 8192;

inline ItemPointerData PointerTo(core::Tid tid) {
    if (tid.offset < FirstOffsetNumber || tid.offset > MaxHeapTuplesPerPage) {
        core::ThrowCorrupt("a row has an impossible place in the table");
    }
    ItemPointerData pointer;
    ItemPointerSet(&pointer, tid.block, tid.offset);
    return pointer;
}

}  // namespace

IndexScan::IndexScan(Relation index, MemoryContext context)
    : index_(index),
      context_(context),
      memory_(context),
      keys_(index),
      contents_(index),
      keys_context_(pg::Call([&] {
          return AllocSetContextCreate(context, "namedex scan keys", ALLOCSET_SMALL_SIZES);
      })),
      pending_(&memory_),
      encoded_(&memory_),
      rows_(&memory_),
      found_(&memory_) {}

void IndexScan::Restart(IndexScanDesc scan) {
    query_.reset();
    if (only_) {
        only_->tuple.Forget();
    }
    conditions_.reset();
    MemoryContextReset(keys_context_);
    MemoryContext caller = MemoryContextSwitchTo(keys_context_);
    conditions_.emplace(keys_, scan->keyData, scan->numberOfKeys);
    MemoryContextSwitchTo(caller);
    shared_ = ParallelScan::Of(scan);
    opened_ = false;
    ForgetRows();
    view_.reset();
    found_.clear();
    next_found_ = 0;
}

void IndexScan::Close() {
    query_.reset();
    only_.reset();
    contents_.Close();
}

void IndexScan::Abandon() noexcept {
    contents_.Abandon();
    if (only_) {
        only_->certifier.Abandon();
    }
}

void IndexScan::Open(Snapshot snapshot) {
    snapshot_ = snapshot;
    if (opened_) {
        return;
    }
    if (only_) {
        const bool may_be_rechecked = recheck() || !IsMVCCSnapshot(snapshot);
        only_->tuple.Want(only_->read.always | (may_be_rechecked ? only_->read.on_recheck : 0));
    }
    if (shared_ != nullptr && !shared_->IsFirst()) {
        pg::Call([] { pg::PauseAt("list shared"); });
        contents_.OpenSegments(shared_->list());
        pending_.clear();
        encoded_.clear();
        views_.clear();
    } else {
        contents_.Open(
            snapshot,
            [this] {
                pending_.clear();
                encoded_.clear();
                views_.clear();
            },
            [this](const storage::PendingChain& chain) { return ReadChain(chain); });
        if (shared_ != nullptr) {
            shared_->Publish(contents_.meta());
            pg::Call([] { pg::PauseAt("list shared"); });
        }
    }
    CheckFolds(contents_, keys_);
    opened_ = true;
    segment_ = 0;
    pending_given_ = false;
}

// Long chains are searched at once, the others when their turn comes.
bool IndexScan::ReadChain(const storage::PendingChain& chain) {
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
                pending_.push_back({static_cast<RowOrdinal>(encoded_.size()), tid, false});
                if (only_ && only_->tuple.reads_values()) {
                    encoded_.emplace_back(row);
                }
            }
        });
}

// ---------------------------------------------------------------- the rows of a segment

void IndexScan::BeginSegment(OpenSegment& segment) {
    query_.emplace(segment.reader, conditions_->conditions(), keys_.folders(), &memory_,
                   &pg::PollInterrupts);
    if (only_) {
        only_->tuple.ReadFrom(segment.reader);
    }
}

// Gives the segment back, if it is begun.
void IndexScan::EndSegment() {
    if (query_) {
        if (only_) {
            only_->tuple.Forget();
        }
        query_.reset();
        contents_.Close(contents_.segments()[segment_]);
        FreeBatch();
    }
}

// Makes rows_ the rows of [lo, hi) that satisfy the conditions, dead or not.
void IndexScan::Evaluate(std::uint64_t lo, std::uint64_t hi) {
    query_->Evaluate(static_cast<RowOrdinal>(lo), static_cast<RowOrdinal>(hi), rows_);
    const std::uint64_t count = rows_.Count();
    if (count == 0) {
        ForgetRows();
        return;
    }
    next_row_ = rows_.dense() ? lo : 0;
    batch_ = rows_.dense() ? std::max(kBatchRows, (hi - lo) * kBatchRows / count) : kBatchRows;
}

void IndexScan::ForgetRows() {
    rows_.Start(0, 0, false);
    next_row_ = 0;
}

bool IndexScan::HasRows() const {
    return next_row_ < (rows_.dense() ? rows_.hi() : rows_.list().size());
}

// Puts the next of rows_ into found_, those that are dead left out; false if there are none.
bool IndexScan::FillBatch(OpenSegment& segment) {
    core::TidMapReader& map = segment.reader.tids();
    while (HasRows()) {
        if (!rows_.dense()) {
            const std::pmr::vector<RowOrdinal>& list = rows_.list();
            const std::uint64_t end = std::min<std::uint64_t>(list.size(), next_row_ + batch_);
            for (; next_row_ < end; ++next_row_) {
                const RowOrdinal row = list[next_row_];
                found_.push_back({row, PointerTo(map.At(row)), false});
            }
        } else {
            const auto lo = static_cast<RowOrdinal>(next_row_);
            const auto hi =
                static_cast<RowOrdinal>(std::min<std::uint64_t>(rows_.hi(), next_row_ + batch_));
            next_row_ = hi;
            map.ForEachSet(rows_.bits(), lo, hi,
                           [&](std::uint32_t block, const std::uint16_t* offsets, std::size_t n) {
                               for (std::size_t i = 0; i < n; ++i) {
                                   found_.push_back({0, PointerTo({block, offsets[i]}), false});
                               }
                           });
            FoundRow* found = found_.data();
            rows_.bits().ForEach(lo, hi, [&](RowOrdinal row) { (found++)->row = row; });
            Assert(found == found_.data() + found_.size());
        }
        if (only_ && !found_.empty()) {
            only_->certifier.Certify(contents_, segment, snapshot_, found_);
        }
        if (!found_.empty()) {
            source_ = Source::kRows;
            return true;
        }
    }
    return false;
}

// ---------------------------------------------------------------- pending rows

// The live rows of a view that satisfy the conditions.
template <typename Fn>
void IndexScan::ForEachInView(const PendingView& view, Fn&& fn) {
    core::PendingQuery query(view.chain->rows(), conditions_->conditions(), view.rows, &memory_,
                             &pg::PollInterrupts);
    std::pmr::vector<RowOrdinal> rows(&memory_);
    query.Evaluate(0, view.rows, rows);
    for (const RowOrdinal row : rows) {
        if (!view.chain->IsDead(row)) {
            fn(row, PointerTo(view.chain->rows().tid(row)));
        }
    }
}

// ---------------------------------------------------------------- all at once

int64 IndexScan::Collect(Snapshot snapshot, TIDBitmap* bitmap) {
    constexpr std::size_t kBatch = 4096;
    Open(snapshot);
    const bool check_again = recheck() || compat::BitmapScanMaySkipHeapWrongly();
    std::pmr::vector<ItemPointerData> tids(&memory_);
    int64 total = 0;
    const auto flush = [&] {
        pg::PollInterrupts();
        if (!tids.empty()) {
            pg::Call([&] {
                tbm_add_tuples(bitmap, tids.data(), static_cast<int>(tids.size()), check_again);
            });
            total += static_cast<int64>(tids.size());
            tids.clear();
        }
    };
    const auto add = [&](core::Tid tid) {
        tids.push_back(PointerTo(tid));
        if (tids.size() >= kBatch) {
            flush();
        }
    };
    if (!conditions_->nothing()) {
        for (segment_ = 0; segment_ < contents_.segments().size(); ++segment_) {
            OpenSegment* const segment = contents_.segments()[segment_].get();
            BeginSegment(*segment);
            core::TidMapReader& map = segment->reader.tids();
            const std::uint64_t rows = segment->reader.row_count();
            for (std::uint64_t lo = 0; lo < rows; lo += kMaxWindow) {
                Evaluate(lo, std::min(rows, lo + kMaxWindow));
                if (segment->pages.entry().dead > 0) {
                    DeadRows(*segment, snapshot_, &memory_).TakeOutOf(rows_);
                }
                if (rows_.dense()) {
                    map.ForEachSet(rows_.bits(), [&](std::uint32_t block,
                                                     const std::uint16_t* offsets, std::size_t n) {
                        for (std::size_t i = 0; i < n; ++i) {
                            add({block, offsets[i]});
                        }
                    });
                } else {
                    for (const RowOrdinal row : rows_.list()) {
                        add(map.At(row));
                    }
                }
            }
            flush();
            EndSegment();
        }
    }
    opened_ = false;  // its segments are gone
    for (const FoundRow& found : pending_) {
        tids.push_back(found.tid);
    }
    for (const PendingView& view : views_) {
        ForEachInView(view, [&](RowOrdinal, const ItemPointerData& tid) { tids.push_back(tid); });
        flush();
    }
    flush();
    views_.clear();
    pending_ = std::pmr::vector<FoundRow>(&memory_);
    FreeBatch();
    return total;
}

// ---------------------------------------------------------------- one after the other

std::optional<ItemPointerData> IndexScan::Next(Snapshot snapshot) {
    const FoundRow* found = NextFound(snapshot);
    return found != nullptr ? std::optional(found->tid) : std::nullopt;
}

std::optional<IndexScan::Tuple> IndexScan::NextTuple(IndexScanDesc scan) {
    if (!only_) {
        only_.emplace(*this, scan);
        opened_ = false;
    }
    while (const FoundRow* found = NextFound(scan->xs_snapshot)) {
        if (view_) {
            view_->chain->rows();  // throws, if an update of the chain has failed meanwhile
        }
        // The executor counts the look-ups of rows that it is given, as "Heap Fetches".
        if (found->certain || only_->heap.IsVisible(scan, found->tid)) {
            return Tuple{found->tid, source_ == Source::kEncoded && !encoded_.empty()
                                         ? only_->tuple.Form(encoded_[found->row])
                                         : only_->tuple.Form(found->row)};
        }
        if (only_->read.counts != nullptr) {
            only_->read.counts->ntuples2 += 1;
        }
    }
    return std::nullopt;
}

const FoundRow* IndexScan::NextFound(Snapshot snapshot) {
    Open(snapshot);
    while (next_found_ == found_.size()) {
        found_.clear();
        next_found_ = 0;
        if (conditions_->nothing() || !(FillFromSegments() || FillFromPending())) {
            FreeBatch();
            return nullptr;
        }
    }
    return &found_[next_found_++];
}

// The rows of segment_ to be searched next; none when all segments are done.
std::optional<IndexScan::Window> IndexScan::NextWindow() {
    std::vector<std::unique_ptr<OpenSegment>>& segments = contents_.segments();
    for (; segment_ < segments.size(); ++segment_) {
        OpenSegment& segment = *segments[segment_];
        const std::uint64_t rows = segment.reader.row_count();
        if (!query_) {
            BeginSegment(segment);
            window_begin_ = 0;
            const std::uint64_t expected = std::max<std::uint64_t>(query_->estimate(), 1);
            window_ = std::max(kFirstWindow, rows * kFirstRows / expected);
        }
        if (window_begin_ < rows) {
            const Window window{window_begin_, std::min(rows, window_begin_ + window_)};
            window_begin_ = window.end;
            window_ = std::min(kMaxWindow, window_ * kWindowGrowth);
            return window;
        }
        EndSegment();
    }
    return std::nullopt;
}

// The same for a parallel scan.
std::optional<IndexScan::Window> IndexScan::NextChunk() {
    const std::optional<ParallelScan::Chunk> chunk = shared_->TakeChunk();
    if (!chunk || chunk->segment != segment_) {
        EndSegment();
    }
    if (!chunk) {
        return std::nullopt;
    }
    segment_ = chunk->segment;
    if (!query_) {
        BeginSegment(*contents_.segments().at(segment_));
    }
    return Window{chunk->begin, chunk->end};
}

// Puts the next rows into found_; false when there is none left in the segments.
bool IndexScan::FillFromSegments() {
    for (;;) {
        if (HasRows() && FillBatch(*contents_.segments()[segment_])) {
            return true;
        }
        const std::optional<Window> window = shared_ != nullptr ? NextChunk() : NextWindow();
        if (!window) {
            return false;
        }
        OpenSegment& segment = *contents_.segments()[segment_];
        segment.reader.Release();
        Evaluate(window->begin, window->end);
        if (!only_ && segment.pages.entry().dead > 0) {
            DeadRows(segment, snapshot_, &memory_).TakeOutOf(rows_);
        }
    }
}

// The same for pending rows.
bool IndexScan::FillFromPending() {
    if (!pending_given_) {
        pending_given_ = true;
        found_.swap(pending_);
        if (!found_.empty()) {
            source_ = Source::kEncoded;
            return true;
        }
    }
    if (only_) {
        only_->tuple.Forget();
    }
    encoded_ = std::pmr::vector<std::pmr::string>(&memory_);
    view_.reset();
    while (!views_.empty()) {
        view_ = std::move(views_.back());
        views_.pop_back();
        ForEachInView(*view_, [this](RowOrdinal row, const ItemPointerData& tid) {
            found_.push_back({row, tid, false});
        });
        if (!found_.empty()) {
            source_ = Source::kRows;
            if (only_) {
                only_->tuple.ReadFrom(view_->chain->rows());
            }
            return true;
        }
    }
    return false;
}

// Gives back the memory of what has been handed on.
void IndexScan::FreeBatch() {
    found_ = std::pmr::vector<FoundRow>(&memory_);
    next_found_ = 0;
    rows_ = RowSet(&memory_);
    next_row_ = 0;
    if (only_) {
        only_->certifier.Free();
    }
}

}  // namespace namedex::am
