#include "am/heap_rows.hpp"

#include "pg/boundary.hpp"

extern "C" {
#include "access/parallel.h"
}

namespace namedex::am {

namespace {

class HeapRows {
  public:
    HeapRows(Relation index, SegmentBuild& build) : index_(index), build_(build) {}

    void Add(ItemPointer tid, const Datum* values, const bool* is_null) {
        const BlockNumber block = ItemPointerGetBlockNumber(tid);
        if (block != block_) {
            Flush();
            if (block_ != InvalidBlockNumber && block < block_) {
                build_.BeginRun();  // a table access method that gives out blocks in another order
            }
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
        // A block of large values is passed on in parts; what comes behind its turn begins a new
        // run.
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

struct Reading {
    HeapRows* rows;
    Relation index;
    MemoryContext row_context;
};

void TakeRow(Relation, ItemPointer tid, Datum* values, bool* is_null, bool, void* argument) {
    auto* reading = static_cast<Reading*>(argument);
    pg::Enter(reading->index, [&] {
        MemoryContext caller = MemoryContextSwitchTo(reading->row_context);
        reading->rows->Add(tid, values, is_null);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(reading->row_context);
    });
}

}  // namespace

double ReadHeapRows(Relation heap, Relation index, IndexInfo* info, SegmentBuild& build,
                    TableScanDesc scan) {
    HeapRows rows(index, build);
    Reading reading{&rows, index, pg::Call([] {
                        return AllocSetContextCreate(CurrentMemoryContext, "namedex build row",
                                                     ALLOCSET_DEFAULT_SIZES);
                    })};
    // Only a scan of its own may be told not to be synchronized; a parallel one was when it was
    // made.
    const double heap_tuples = pg::Call([&] {
        return table_index_build_scan(heap, index, info, scan != nullptr, !IsParallelWorker(),
                                      TakeRow, &reading, scan);
    });
    rows.Flush();
    pg::Call([&] { MemoryContextDelete(reading.row_context); });
    return heap_tuples;
}

}  // namespace namedex::am
