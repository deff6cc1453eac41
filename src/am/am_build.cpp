/*
 * Building an index: the heap is read in block order, rows become one segment, the metapage lists it.
 *
 * The scan is never synchronized with others, so that rows come in block order; heap-only tuples come under
 * their chain's root, so the rows of one block are put in order of their offsets before they are passed on.
 */
#include "am/am.hpp"
#include "am/segment_build.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "storage/metapage.hpp"
#include "storage/page_log.hpp"

namespace namedex::am {

namespace {

enum Phase : int64 {
    kPhaseScan = PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE + 1,
    kPhaseWrite,
};

class HeapRows {
  public:
    HeapRows(Relation index, SegmentBuild& build) : index_(index), build_(build) {}

    void Add(ItemPointer tid, const Datum* values, const bool* is_null) {
        const BlockNumber block = ItemPointerGetBlockNumber(tid);
        if (block != block_) {
            Flush();
            block_ = block;
            flushed_ = InvalidOffsetNumber;
        } else if (text_.size() > kMaxHeldBytes) {
            Flush();
        }
        Row row;
        row.offset = ItemPointerGetOffsetNumber(tid);
        row.begin = text_.size();
        EncodeRow(index_, values, is_null, text_);
        row.end = text_.size();
        rows_.push_back(row);
    }

    void Flush() {
        const auto before = [](const Row& a, const Row& b) { return a.offset < b.offset; };
        if (!std::is_sorted(rows_.begin(), rows_.end(), before)) {
            std::sort(rows_.begin(), rows_.end(), before);
        }
        // A block of large values is passed on in parts; what comes behind its turn begins a new run.
        if (!rows_.empty() && rows_.front().offset < flushed_) {
            build_.BeginRun();
        }
        for (const Row& row : rows_) {
            flushed_ = row.offset;
            build_.Add({block_, row.offset},
                       std::string_view(text_).substr(row.begin, row.end - row.begin));
        }
        rows_.clear();
        text_.clear();
    }

  private:
    struct Row {
        OffsetNumber offset;
        std::size_t begin;
        std::size_t end;
    };

    static constexpr std::size_t kMaxHeldBytes = std::size_t{1} << 20;

    Relation index_;
    SegmentBuild& build_;
    OffsetNumber flushed_ = InvalidOffsetNumber;  // the last offset of the block that was passed on
    BlockNumber block_ = InvalidBlockNumber;
    std::vector<Row> rows_;
    std::string text_;
};

struct BuildState {
    HeapRows* rows;
    Relation index;
    MemoryContext row_context;
};

void BuildCallback(Relation, ItemPointer tid, Datum* values, bool* is_null, bool, void* argument) {
    auto* state = static_cast<BuildState*>(argument);
    pg::Enter(state->index, [&] {
        MemoryContext caller = MemoryContextSwitchTo(state->row_context);
        state->rows->Add(tid, values, is_null);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(state->row_context);
    });
}

void WriteMetaPage(Relation index, storage::FoldSignature signature) {
    Buffer buffer = compat::ExtendLocked(index, MAIN_FORKNUM, nullptr);
    if (BufferGetBlockNumber(buffer) != storage::kMetaBlock) {
        elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
    }
    storage::InitMetaPage(BufferGetPage(buffer), signature);
    storage::FinishFreshPage(index, buffer, false);
    UnlockReleaseBuffer(buffer);
}

// Lists the one segment of a new index. The whole file is logged afterwards.
void ListSegment(Relation index, const storage::SegmentEntry& entry) {
    Buffer buffer = ReadBuffer(index, storage::kMetaBlock);
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    storage::MetaData* meta = storage::MetaOf(BufferGetPage(buffer));
    meta->segments[0] = entry;
    meta->segment_count = 1;
    meta->next_segment_id = entry.segment_id + 1;
    MarkBufferDirty(buffer);
    UnlockReleaseBuffer(buffer);
}

}  // namespace

IndexBuildResult* Build(Relation heap, Relation index, IndexInfo* info) {
    return pg::Enter(index, [&] {
        IndexKeys keys(index);
        pg::Call([&] { WriteMetaPage(index, keys.fold_version()); });
        SegmentBuild build(keys, MaintenanceMemory());
        HeapRows rows(index, build);
        BuildState state{&rows, index, pg::Call([] {
                             return AllocSetContextCreate(CurrentMemoryContext, "namedex build row",
                                                          ALLOCSET_DEFAULT_SIZES);
                         })};
        pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, kPhaseScan);
        const double heap_tuples = pg::Call([&] {
            return table_index_build_scan(heap, index, info, false, true, BuildCallback, &state,
                                          nullptr);
        });
        rows.Flush();
        pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, kPhaseWrite);
        const double index_tuples = static_cast<double>(build.row_count());
        if (build.row_count() > 0) {
            storage::SegmentEntry entry;
            build.Finish(index, 1, false, &entry);
            pg::Call([&] { ListSegment(index, entry); });
        }
        return pg::Call([&] {
            storage::LogWholeIndex(index);
            MemoryContextDelete(state.row_context);
            auto* result = static_cast<IndexBuildResult*>(palloc(sizeof(IndexBuildResult)));
            result->heap_tuples = heap_tuples;
            result->index_tuples = index_tuples;
            return result;
        });
    });
}

void BuildEmpty(Relation index) {
    pg::Enter(index, [&] {
        const IndexKeys keys(index);
        pg::Call([&] {
            Page page = static_cast<Page>(palloc(BLCKSZ));
            storage::InitMetaPage(page, keys.fold_version());
            storage::WriteInitFork(index, page);
            pfree(page);
        });
    });
}

char* BuildPhaseName(int64 phase) {
    switch (phase) {
        case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
            return const_cast<char*>("initializing");
        case kPhaseScan:
            return const_cast<char*>("scanning table");
        case kPhaseWrite:
            return const_cast<char*>("writing segment");
        default:
            return nullptr;
    }
}

}  // namespace namedex::am
