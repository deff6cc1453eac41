/*
 * namedex_check(index, heapallindexed): verifies every structure of an index.
 *
 * First that every pending chain has its pages and no block belongs to two things, then every page of
 * every segment (kind, segment, number, CRC-32C), then that a segment's parts
 * agree with one another (core/segment_check.hpp), then that no TID is alive twice, unused or past
 * the table's end, and on request that every heap row visible now is found under its TID with its
 * value. The contents are read as by a scan; the heap's snapshot is taken before, so a row it shows
 * was in the index by then.
 *
 * Memory: 16 bytes a row.
 */
#include "am/fold_check.hpp"
#include "am/index_keys.hpp"
#include "am/index_snapshot.hpp"
#include "am/maintenance.hpp"
#include "core/segment_check.hpp"
#include "core/value_reader.hpp"
#include "inspect/access.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::inspect {

namespace {

using core::RowOrdinal;

std::uint64_t Number(std::uint32_t block, std::uint16_t offset) {
    return std::uint64_t{block} << 16 | offset;
}

// FNV-1a over the encoded row.
std::uint64_t HashRow(std::string_view row) {
    std::uint64_t hash = 0xCBF29CE484222325u;
    for (const char c : row) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    }
    return hash;
}

struct IndexedRow {
    std::uint64_t tid;
    std::uint64_t hash;

    friend bool operator<(const IndexedRow& a, const IndexedRow& b) { return a.tid < b.tid; }
};

class Checker {
  public:
    Checker(Relation index, Relation heap, bool with_values)
        : index_(index),
          heap_(heap),
          with_values_(with_values),
          keys_(index),
          contents_(index, std::pmr::get_default_resource()) {}

    void CheckIndex() {
        contents_.Open(
            nullptr, [this] { rows_.clear(); },
            [this](const storage::PendingChain& chain) {
                return contents_.VisitRows(
                    chain, nullptr, [this](const ItemPointerData& tid, std::string_view row) {
                        AddPending(tid, row);
                    });
            });
        CheckBlocks();
        // Folds that were right when they were stored are no damage; searches raise the same error.
        am::CheckFolds(contents_, keys_);
        heap_blocks_ = pg::Call([&] { return RelationGetNumberOfBlocks(heap_); });
        for (const std::unique_ptr<am::OpenSegment>& segment : contents_.segments()) {
            CheckPages(*segment);
            core::CheckSegment(segment->reader, keys_.folders(),
                               &pg::PollInterrupts);
            AddSegment(*segment);
            segment->reader.Trim();
        }
        std::sort(rows_.begin(), rows_.end());
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const auto block = static_cast<BlockNumber>(rows_[i].tid >> 16);
            if (block >= heap_blocks_) {
                Fail("an entry points past the table's end", rows_[i].tid);
            }
            if (i > 0 && rows_[i].tid == rows_[i - 1].tid) {
                Fail("a row is in the index twice", rows_[i].tid);
            }
        }
    }

    // A row of the heap that the snapshot shows.
    void CheckHeapRow(ItemPointer tid, const Datum* values, const bool* is_null) {
        const std::uint64_t number =
            Number(ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
        const auto found = std::lower_bound(rows_.begin(), rows_.end(), IndexedRow{number, 0});
        if (found == rows_.end() || found->tid != number) {
            Fail("a row of the table is not in the index", number);
        }
        encoded_.clear();
        am::EncodeRow(index_, values, is_null, encoded_);
        if (found->hash != HashRow(encoded_)) {
            Fail("a row of the table is in the index with another value", number);
        }
    }

    // Every entry must have a line pointer in the heap that is in use.
    void CheckHeapLines() {
        std::vector<std::uint8_t> used;
        std::uint64_t block = UINT64_MAX;
        for (const IndexedRow& row : rows_) {
            if (row.tid >> 16 != block) {
                block = row.tid >> 16;
                used = UsedLines(static_cast<BlockNumber>(block));
            }
            const std::size_t offset = row.tid & 0xFFFF;
            if (offset >= used.size() || used[offset] == 0) {
                Fail("an entry points to an unused line pointer", row.tid);
            }
        }
    }

  private:
    [[noreturn]] void Fail(const char* problem, std::uint64_t tid) {
        core::ThrowCorrupt(problem, "The row is (" + std::to_string(tid >> 16) + "," +
                                        std::to_string(tid & 0xFFFF) + ") of the table.");
    }

    void AddPending(const ItemPointerData& tid, std::string_view row) {
        rows_.push_back({Number(ItemPointerGetBlockNumber(&tid), ItemPointerGetOffsetNumber(&tid)),
                         with_values_ ? HashRow(row) : 0});
    }

    // Every chain has the pages that the metapage counts, and no block belongs to two.
    void CheckBlocks() {
        std::vector<storage::BlockRun> used{{storage::kMetaBlock, 1}};
        const storage::MetaData& meta = contents_.meta();
        const auto add_segment = [&](storage::OwnerId id, BlockNumber root) {
            std::vector<storage::BlockRun> extents(storage::kMaxExtents);
            const uint32 count = pg::Call(
                [&] { return storage::ReadExtents(index_, id, root, extents.data()); });
            used.insert(used.end(), extents.begin(), extents.begin() + count);
            used.push_back({root, 1});
        };
        for (uint32 i = 0; i < meta.segment_count; ++i) {
            add_segment(meta.segments[i].segment_id, meta.segments[i].root);
        }
        for (uint32 i = 0; i < meta.parked_count; ++i) {
            add_segment(meta.parked[i].segment_id, meta.parked[i].root);
        }
        storage::ForEachChain(meta, [&](const storage::PendingChain& chain) {
            std::vector<BlockNumber> blocks;
            const bool there = pg::Call([&] {
                return storage::VisitPendingPages(
                    index_, chain,
                    [](void* state, BlockNumber block) {
                        pg::Enter([&] {
                            static_cast<std::vector<BlockNumber>*>(state)->push_back(block);
                        });
                    },
                    &blocks);
            });
            if (!there) {
                return;  // flushed since
            }
            if (blocks.size() < chain.pages || blocks[chain.pages - 1] != chain.tail) {
                core::ThrowCorrupt("a pending chain has lost pages",
                                   "It has " + std::to_string(blocks.size()) + " of " +
                                       std::to_string(chain.pages) + " pages, its first is block " +
                                       std::to_string(chain.head) + ".");
            }
            // Later ones may lie where a parked segment was given up since.
            for (uint32 i = 0; i < chain.pages; ++i) {
                used.push_back({blocks[i], 1});
            }
        });
        std::sort(used.begin(), used.end(), [](const auto& a, const auto& b) {
            return a.start < b.start;
        });
        for (std::size_t i = 1; i < used.size(); ++i) {
            if (uint64{used[i - 1].start} + used[i - 1].count > used[i].start) {
                core::ThrowCorrupt("a block belongs to two parts of the index",
                                   "It is block " + std::to_string(used[i].start) + ".");
            }
        }
    }

    void CheckPages(am::OpenSegment& segment) {
        const core::SectionRange& tombstones =
            segment.reader.header()[core::SegmentSection::kTombstones];
        const storage::SegmentEntry& entry = segment.pages.entry();
        CheckPage(entry.root, storage::PageKind::kSegmentRoot, entry.segment_id, 0, true);
        for (uint32 page = 0; page < segment.pages.page_count(); ++page) {
            const bool immutable =
                page < tombstones.first_page ||
                page >= tombstones.first_page + tombstones.page_count;
            CheckPage(segment.pages.BlockOf(page), storage::PageKind::kSegmentData,
                      entry.segment_id, page, immutable);
        }
    }

    void CheckPage(BlockNumber block, storage::PageKind kind, uint32 segment_id, uint32 sequence,
                   bool immutable) {
        const char* problem = pg::Call([&]() -> const char* {
            CHECK_FOR_INTERRUPTS();
            Buffer buffer = ReadBuffer(index_, block);
            LockBuffer(buffer, BUFFER_LOCK_SHARE);
            const auto* page = static_cast<const char*>(BufferGetPage(buffer));
            const char* wrong = storage::WrongWithPage(page, kind, segment_id, sequence);
            if (wrong == nullptr && immutable &&
                storage::SpecialOf(page)->crc != storage::PageCrc(page)) {
                wrong = "a page fails its checksum";
            }
            UnlockReleaseBuffer(buffer);
            return wrong;
        });
        if (problem != nullptr) {
            core::ThrowCorrupt(problem, "The page is block " + std::to_string(block) + ", page " +
                                            std::to_string(sequence) + " of segment " +
                                            std::to_string(segment_id) + ".");
        }
    }

    void AddSegment(am::OpenSegment& segment) {
        const std::uint32_t count = segment.reader.row_count();
        core::RowBitmap dead;
        am::ReadTombstones(segment, 0, count, dead);
        // An interrupted VACUUM may leave more than are counted, but never tombstones of which
        // scans do not know.
        const std::uint64_t marked = dead.Count();
        std::uint32_t counted = segment.pages.entry().dead;
        if (marked > 0 && counted == 0) {
            // On a standby, VACUUM may have been replayed since the metapage was read; the count comes
            // before the tombstones.
            counted = DeadNow(segment.pages.entry().segment_id);
        }
        if ((marked > 0 && counted == 0) || (marked < counted && counted > 1)) {
            core::ThrowCorrupt("the tombstones of a segment and the metapage's count disagree");
        }
        if (segment.reader.header().include_types() != keys_.include_types()) {
            core::ThrowCorrupt("a segment has INCLUDE columns of other types than the index");
        }
        std::vector<std::unique_ptr<core::ValueReader>> values;
        for (std::uint32_t i = 0; with_values_ && i < keys_.size(); ++i) {
            values.push_back(std::make_unique<core::ValueReader>(segment.reader.column(i)));
        }
        segment.reader.tids().ForEach(0, count, [&](RowOrdinal row, core::Tid tid) {
            if (row % 1024 == 0) {
                pg::PollInterrupts();
            }
            if (dead.Test(row)) {
                return;
            }
            encoded_.clear();
            for (const std::unique_ptr<core::ValueReader>& value : values) {
                if (value->Load(row) == core::ForwardReader::kNull) {
                    core::PutVarint(encoded_, 0);
                } else {
                    const std::string_view text = value->Original();
                    core::PutVarint(encoded_, text.size() + 1);
                    encoded_.append(text);
                }
            }
            for (std::uint32_t i = 0; with_values_ && i < segment.reader.include_count(); ++i) {
                std::string_view bytes;
                if (!segment.reader.include(i).Read(row, bytes)) {
                    core::PutVarint(encoded_, 0);
                } else {
                    core::PutVarint(encoded_, bytes.size() + 1);
                    encoded_.append(bytes);
                }
            }
            rows_.push_back({Number(tid.block, tid.offset), with_values_ ? HashRow(encoded_) : 0});
        });
        segment.reader.Release();
    }

    // What the metapage counts for a segment now; 1 if it does not list it any more.
    uint32 DeadNow(storage::OwnerId segment_id) {
        return pg::Call([&] {
            storage::MetaData meta;
            storage::ReadMeta(index_, &meta);
            for (uint32 i = 0; i < meta.segment_count; ++i) {
                if (meta.segments[i].segment_id == segment_id) {
                    return meta.segments[i].dead;
                }
            }
            return uint32{1};
        });
    }

    std::vector<std::uint8_t> UsedLines(BlockNumber block) {
        std::vector<std::uint8_t> used(MaxHeapTuplesPerPage + 1);
        std::uint8_t* out = used.data();
        pg::Call([&] {
            CHECK_FOR_INTERRUPTS();
            Buffer buffer = ReadBuffer(heap_, block);
            LockBuffer(buffer, BUFFER_LOCK_SHARE);
            Page page = BufferGetPage(buffer);
            const OffsetNumber last =
                std::min<OffsetNumber>(PageGetMaxOffsetNumber(page), MaxHeapTuplesPerPage);
            for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
                out[offset] = ItemIdIsUsed(PageGetItemId(page, offset)) ? 1 : 0;
            }
            UnlockReleaseBuffer(buffer);
        });
        return used;
    }

    Relation index_;
    Relation heap_;
    bool with_values_;
    am::IndexKeys keys_;
    am::IndexSnapshot contents_;
    BlockNumber heap_blocks_ = 0;
    std::vector<IndexedRow> rows_;
    std::string encoded_;
};

struct HeapScan {
    Checker* checker;
    MemoryContext row_context;
};

void HeapCallback(Relation index, ItemPointer tid, Datum* values, bool* is_null, bool,
                  void* argument) {
    auto* scan = static_cast<HeapScan*>(argument);
    MemoryContext caller = MemoryContextSwitchTo(scan->row_context);
    pg::Enter(index, [&] { scan->checker->CheckHeapRow(tid, values, is_null); });
    MemoryContextSwitchTo(caller);
    MemoryContextReset(scan->row_context);
}

// An index whose table had broken HOT chains when it was built is of use to newer snapshots only.
void CheckSnapshotSuits(Relation index, Snapshot snapshot) {
    if (index->rd_index->indcheckxmin &&
        !TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
                               snapshot->xmin)) {
        ereport(ERROR,
                (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                 errmsg("index \"%s\" cannot be verified using this transaction's snapshot",
                        RelationGetRelationName(index))));
    }
}

// Shows every heap row that `snapshot` sees to the checker, under the offset of its chain's root.
// Expressions run as the table's owner, restricted. This function ereports.
void ScanHeap(Relation heap, Relation index, Snapshot snapshot, Checker* checker) {
    Oid user;
    int security;
    GetUserIdAndSecContext(&user, &security);
    SetUserIdAndSecContext(heap->rd_rel->relowner, security | SECURITY_RESTRICTED_OPERATION);
    const int nest_level = NewGUCNestLevel();
    compat::RestrictSearchPathForUserCode();
    IndexInfo* info = BuildIndexInfo(index);
    info->ii_Concurrent = true;  // an MVCC snapshot decides what is shown
    info->ii_Unique = false;
    info->ii_ExclusionOps = nullptr;
    info->ii_ExclusionProcs = nullptr;
    info->ii_ExclusionStrats = nullptr;
    TableScanDesc scan = table_beginscan_strat(heap, snapshot, 0, nullptr, true, false);
    HeapScan state{checker, AllocSetContextCreate(CurrentMemoryContext, "namedex check row",
                                                  ALLOCSET_DEFAULT_SIZES)};
    table_index_build_scan(heap, index, info, false, false, HeapCallback, &state, scan);
    MemoryContextDelete(state.row_context);
    AtEOXact_GUC(false, nest_level);
    SetUserIdAndSecContext(user, security);
}

}  // namespace

}  // namespace namedex::inspect

NAMEDEX_FUNCTION(namedex_check) {
    using namespace namedex;
    const Oid oid = PG_GETARG_OID(0);
    const bool heapallindexed = PG_GETARG_BOOL(1);
    return pg::Enter(oid, [&] {
        struct Opened {
            Relation index;
            Relation heap;
            Snapshot snapshot;
        };
        // The merge lock keeps ambulkdelete out, and line pointers are freed only after that: what
        // VACUUM removes is not taken for missing. A standby cannot have the lock: there line
        // pointers are not looked at. (A lock on the table that keeps VACUUM out, waited for with a
        // snapshot in hand, would be a deadlock with CREATE INDEX CONCURRENTLY.)
        const bool standby = RecoveryInProgress();
        const LOCKMODE lock = AccessShareLock;
        const Opened opened = pg::Call([&] {
            Opened o;
            o.index = inspect::OpenIndex(oid, inspect::Right::kOwner, lock);
            o.heap = table_open(o.index->rd_index->indrelid, lock);
            if (!standby) {
                am::LockDuty(o.index, am::Duty::kMerge);
            }
            o.snapshot = heapallindexed ? RegisterSnapshot(GetTransactionSnapshot()) : nullptr;
            if (heapallindexed) {
                inspect::CheckSnapshotSuits(o.index, o.snapshot);
            }
            return o;
        });
        inspect::Checker checker(opened.index, opened.heap, heapallindexed);
        checker.CheckIndex();
        if (!standby) {
            checker.CheckHeapLines();
        }
        pg::Call([&] {
            if (heapallindexed) {
                inspect::ScanHeap(opened.heap, opened.index, opened.snapshot, &checker);
                UnregisterSnapshot(opened.snapshot);
            }
            if (!standby) {
                am::UnlockDuty(opened.index, am::Duty::kMerge);
            }
            table_close(opened.heap, lock);
            relation_close(opened.index, lock);
        });
        PG_RETURN_VOID();
    });
}
