#include "storage/pending.hpp"

#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "pg/pause_point.hpp"
#include "storage/free_blocks.hpp"
#include "storage/page_log.hpp"

extern "C" {
#include "port/pg_crc32c.h"
}

namespace namedex::storage {

namespace {

constexpr uint16 kSealed = 1;  // page flag
constexpr uint16 kDead = 1;    // record flags
constexpr uint16 kLongRow = 2;

// Unaligned: read and written by memcpy.
struct RecordHeader {
    uint16 size;
    uint16 flags;
    uint16 block_hi;
    uint16 block_lo;
    uint16 offset;
    uint16 crc_hi;
    uint16 crc_lo;
};
static_assert(sizeof(RecordHeader) == 14);

struct LongRow {
    uint32 block;
    uint32 size;
};

ItemPointerData TidOf(const RecordHeader& header) {
    ItemPointerData tid;
    ItemPointerSet(&tid, (static_cast<BlockNumber>(header.block_hi) << 16) | header.block_lo,
                   header.offset);
    return tid;
}

// CRC-32C of heap address and row, which never change.
uint32 RecordCrc(const RecordHeader& header, const char* row, uint32 size) {
    pg_crc32c crc;
    INIT_CRC32C(crc);
    COMP_CRC32C(crc, &header.block_hi, 3 * sizeof(uint16));
    COMP_CRC32C(crc, row, size);
    FIN_CRC32C(crc);
    return crc;
}

// Reads the record at `at` of a page with `used` payload bytes.
RecordHeader ReadRecord(Relation index, const uint8* payload, uint32 used, uint32 at) {
    RecordHeader header;
    if (used - at < sizeof header) {
        pg::ReportIndexCorrupted(index, "a pending record is cut off");
    }
    memcpy(&header, payload + at, sizeof header);
    if (header.size < sizeof header || header.size > used - at || header.offset == 0) {
        pg::ReportIndexCorrupted(index, "a pending record is damaged");
    }
    return header;
}

// What a page that should be page `sequence` of an owner is instead: `kGone`, if it has another
// owner now. Reports damage.
enum class Met { kExpected, kGone };

Met MeetPage(Relation index, const char* page, PageKind kind, OwnerId owner, uint32 sequence) {
    const char* problem = WrongWithPage(page, kind, owner, sequence);
    if (problem == nullptr) {
        return Met::kExpected;
    }
    const PageSpecial* special = SpecialOf(page);
    if (!PageIsNew(const_cast<char*>(page)) && special->magic == kPageMagic &&
        special->owner != owner) {
        return Met::kGone;
    }
    pg::ReportIndexCorrupted(index, problem, "The page is one of pending rows.");
}

// Reads a block that a page has named.
Buffer ReadNamedBlock(Relation index, BlockNumber block) {
    if (block >= RelationGetNumberOfBlocks(index)) {
        pg::ReportIndexCorrupted(index, "a pending page lies past the index's end");
    }
    return ReadBuffer(index, block);
}

// Takes up to `count` blocks off the reserve, which may be free; `meta` is the metapage's contents
// then.
uint32 TakeGuesses(Relation index, uint32 count, BlockNumber* guesses, MetaData* meta) {
    Buffer buffer = ReadBuffer(index, kMetaBlock);
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    CopyMeta(index, BufferGetPage(buffer), meta);
    uint32 taken = 0;
    while (taken < count && meta->reserve_count > 0) {
        guesses[taken++] = PopReserve(meta);
    }
    if (taken > 0) {
        PageEdit edit(index);
        WriteMeta(edit.Register(buffer), *meta);
        edit.Commit();
    }
    UnlockReleaseBuffer(buffer);
    return taken;
}

// Writes a long row to value pages, last page first, so that each can name the next.
BlockNumber WriteValuePages(Relation index, OwnerId owner, const char* row, uint32 size) {
    const uint32 pages = (size + core::kPagePayload - 1) / core::kPagePayload;
    auto* guesses = static_cast<BlockNumber*>(palloc(pages * sizeof(BlockNumber)));
    MetaData meta;
    const uint32 guess_count = TakeGuesses(index, pages, guesses, &meta);
    uint32 guess = 0;
    const BlockNumber blocks = RelationGetNumberOfBlocks(index);
    BlockNumber next = InvalidBlockNumber;
    for (uint32 n = pages; n-- > 0;) {
        CHECK_FOR_INTERRUPTS();
        const uint32 begin = n * core::kPagePayload;
        const uint32 used = std::min(size - begin, core::kPagePayload);
        Buffer buffer = InvalidBuffer;
        while (!BufferIsValid(buffer) && guess < guess_count) {
            const BlockNumber block = guesses[guess++];
            if (block != kMetaBlock && block < blocks) {
                buffer = TryFreeBlock(index, block, meta, nullptr);
            }
        }
        if (!BufferIsValid(buffer)) {
            buffer = compat::ExtendLocked(index, MAIN_FORKNUM, nullptr);
        }
        Page page = BufferGetPage(buffer);
        InitPage(page, PageKind::kPendingValue, owner, n);
        memcpy(PayloadOf(page), row + begin, used);
        SetUsed(page, used);
        SpecialOf(page)->next = next;
        FinishFreshPage(index, buffer, true);
        next = BufferGetBlockNumber(buffer);
        UnlockReleaseBuffer(buffer);
    }
    pfree(guesses);
    return next;
}

// Copies a long row out of its value pages into palloc'd memory; null if they are gone.
char* ReadValuePages(Relation index, OwnerId owner, const LongRow& value) {
    if (value.size > MaxAllocSize) {
        pg::ReportIndexCorrupted(index, "a pending row has an impossible length");
    }
    char* row = static_cast<char*>(palloc(value.size));
    uint32 done = 0;
    BlockNumber block = value.block;
    for (uint32 n = 0; done < value.size; ++n) {
        CHECK_FOR_INTERRUPTS();
        if (block == InvalidBlockNumber) {
            pg::ReportIndexCorrupted(index, "a long pending row is cut off");
        }
        Buffer buffer = ReadNamedBlock(index, block);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        const char* page = static_cast<const char*>(BufferGetPage(buffer));
        const Met met = MeetPage(index, page, PageKind::kPendingValue, owner, n);
        const uint32 used = UsedOf(page);
        const bool fits = used > 0 && used <= value.size - done;
        if (met == Met::kExpected && fits) {
            memcpy(row + done, ConstPayloadOf(page), used);
            block = SpecialOf(page)->next;
        }
        UnlockReleaseBuffer(buffer);
        if (met == Met::kGone) {
            pfree(row);
            return nullptr;
        }
        if (!fits) {
            pg::ReportIndexCorrupted(index, "a long pending row has a page of a wrong length");
        }
        done += used;
    }
    return row;
}

void AppendRecord(Page page, const char* record, uint32 size) {
    const uint32 used = UsedOf(static_cast<const char*>(page));
    memcpy(PayloadOf(page) + used, record, size);
    SetUsed(page, used + size);
}

// The lane of this backend.
uint32 MyLane() {
    return static_cast<uint32>(MyProcPid) % kLanes;
}

// Starts the lane's chain if it has none.
void StartChain(Relation index, uint32 lane) {
    Buffer meta_buffer = ReadBuffer(index, kMetaBlock);
    LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
    MetaData meta;
    CopyMeta(index, BufferGetPage(meta_buffer), &meta);
    if (meta.lanes[lane].id == 0) {
        Buffer buffer = TakeReserved(index, &meta);
        const BlockNumber block = BufferGetBlockNumber(buffer);
        meta.lanes[lane] = {TakeId(index, &meta), block, block, 1, 0, 0};
        PageEdit edit(index);
        InitPage(edit.RegisterNew(buffer), PageKind::kPending, meta.lanes[lane].id, 0);
        WriteMeta(edit.Register(meta_buffer), meta);
        edit.Commit();
        UnlockReleaseBuffer(buffer);
    }
    UnlockReleaseBuffer(meta_buffer);
}

// A chain's tail, as somebody knew it: its page says whether it still is one that takes rows.
struct TailHint {
    OwnerId id;  // 0: not known
    BlockNumber tail;
};

// Makes the hint name the lane's present tail.
void FindTail(Relation index, TailHint* hint) {
    const uint32 lane = MyLane();
    PendingChain chain = ReadLane(index, lane);
    while (chain.id == 0) {
        StartChain(index, lane);
        chain = ReadLane(index, lane);
    }
    if (hint->id == chain.id && hint->tail == chain.tail) {
        pg::ReportIndexCorrupted(index, "the last page of a pending chain does not take rows");
    }
    *hint = {chain.id, chain.tail};
}

}  // namespace

uint32 InsertPending(Relation index, ItemPointer tid, const char* row, uint32 size) {
    RecordHeader header;
    header.flags = 0;
    const BlockNumber heap_block = ItemPointerGetBlockNumber(tid);
    header.block_hi = static_cast<uint16>(heap_block >> 16);
    header.block_lo = static_cast<uint16>(heap_block);
    header.offset = ItemPointerGetOffsetNumber(tid);
    const uint32 crc = RecordCrc(header, row, size);
    header.crc_hi = static_cast<uint16>(crc >> 16);
    header.crc_lo = static_cast<uint16>(crc);
    const bool is_long = size > kMaxInlineRow;
    LongRow long_row{InvalidBlockNumber, size};
    OwnerId long_row_owner = 0;
    uint32 value_pages = 0;
    const uint32 body_size = is_long ? static_cast<uint32>(sizeof long_row) : size;
    if (is_long) {
        header.flags = kLongRow;
        value_pages = (size + core::kPagePayload - 1) / core::kPagePayload;
    }
    header.size = static_cast<uint16>(sizeof header + body_size);
    char record[sizeof header + kMaxInlineRow];
    memcpy(record, &header, sizeof header);
    memcpy(record + sizeof header, row, is_long ? 0 : size);

    // Where this backend has last appended, if the file has not been cut off or replaced since.
    TailHint hint{0, RelationGetTargetBlock(index)};
    if (hint.tail == InvalidBlockNumber) {
        FindTail(index, &hint);
    }
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (is_long && hint.id != 0 && long_row_owner != hint.id) {
            // Those of a chain that was sealed in the meantime go with it.
            long_row.block = WriteValuePages(index, hint.id, row, size);
            long_row_owner = hint.id;
            memcpy(record + sizeof header, &long_row, sizeof long_row);
        }
        pg::PauseAt("insert");
        Buffer buffer = ReadNamedBlock(index, hint.tail);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        const char* page = static_cast<const char*>(BufferGetPage(buffer));
        const PageSpecial* special = SpecialOf(page);
        // A chain that is gone has a sealed tail.
        if (WrongWithPage(page, PageKind::kPending, hint.id != 0 ? hint.id : special->owner,
                          special->sequence) != nullptr ||
            (special->flags & kSealed) != 0 || (is_long && hint.id == 0)) {
            UnlockReleaseBuffer(buffer);
            FindTail(index, &hint);
            continue;
        }
        hint.id = special->owner;
        if (special->next != InvalidBlockNumber) {
            hint.tail = special->next;
            UnlockReleaseBuffer(buffer);
            continue;
        }
        const bool fits = UsedOf(page) + header.size <= core::kPagePayload;
        if (fits && !is_long) {
            AppendToPage(index, buffer, record, header.size);
            UnlockReleaseBuffer(buffer);
            RelationSetTargetBlock(index, hint.tail);
            return 0;
        }
        // The metapage counts pages and knows the tail: changed in the same record.
        Buffer meta_buffer = ReadBuffer(index, kMetaBlock);
        LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
        MetaData meta;
        CopyMeta(index, BufferGetPage(meta_buffer), &meta);
        PendingChain* chain = std::find_if(meta.lanes, meta.lanes + kLanes,
                                           [&](const PendingChain& c) { return c.id == hint.id; });
        if (chain == meta.lanes + kLanes || chain->tail != hint.tail) {
            pg::ReportIndexCorrupted(index, "the metapage and a pending chain disagree on its end");
        }
        chain->value_pages += value_pages;
        Buffer next_buffer = InvalidBuffer;
        if (fits) {
            PageEdit edit(index);
            AppendRecord(edit.Register(buffer), record, header.size);
            WriteMeta(edit.Register(meta_buffer), meta);
            edit.Commit();
        } else {
            next_buffer = TakeReserved(index, &meta);
            hint.tail = BufferGetBlockNumber(next_buffer);
            chain->tail = hint.tail;
            PageEdit edit(index);
            SpecialOf(edit.Register(buffer))->next = hint.tail;
            Page next_page = edit.RegisterNew(next_buffer);
            InitPage(next_page, PageKind::kPending, hint.id, chain->pages++);
            AppendRecord(next_page, record, header.size);
            WriteMeta(edit.Register(meta_buffer), meta);
            edit.Commit();
            UnlockReleaseBuffer(next_buffer);
        }
        UnlockReleaseBuffer(meta_buffer);
        UnlockReleaseBuffer(buffer);
        RelationSetTargetBlock(index, hint.tail);
        return PendingPages(meta);
    }
}

namespace {

enum class Look { kRows, kFlags };

// Visits the rows of the copy of a page from payload byte `*at` on, up to `used`; moves `*at`.
Visited VisitPage(Relation index, const char* page, OwnerId owner, uint32* at, uint32 used,
                  Look look, PendingVisit visit, void* state) {
    const uint8* payload = ConstPayloadOf(page);
    while (*at < used) {
        const RecordHeader header = ReadRecord(index, payload, used, *at);
        PendingRow row{TidOf(header), (header.flags & kDead) != 0, nullptr, 0};
        char* long_row = nullptr;
        if (look == Look::kRows) {
            row.row = reinterpret_cast<const char*>(payload) + *at + sizeof header;
            row.size = header.size - static_cast<uint32>(sizeof header);
            if ((header.flags & kLongRow) != 0) {
                LongRow value;
                if (row.size != sizeof value) {
                    pg::ReportIndexCorrupted(index, "a pending record is damaged");
                }
                memcpy(&value, row.row, sizeof value);
                long_row = ReadValuePages(index, owner, value);
                if (long_row == nullptr) {
                    return Visited::kGone;
                }
                row.row = long_row;
                row.size = value.size;
            }
            const uint32 crc = static_cast<uint32>(header.crc_hi) << 16 | header.crc_lo;
            if (RecordCrc(header, row.row, row.size) != crc) {
                pg::ReportIndexCorrupted(index, "a pending record fails its checksum");
            }
        }
        const bool go_on = visit(state, row);
        if (long_row != nullptr) {
            pfree(long_row);
        }
        *at += header.size;
        if (!go_on) {
            return Visited::kStopped;
        }
    }
    return Visited::kAll;
}

// Copies page `sequence` of a chain. False: gone.
bool CopyPendingPage(Relation index, OwnerId owner, BlockNumber block, uint32 sequence,
                     Snapshot snapshot, char* copy) {
    CHECK_FOR_INTERRUPTS();
    Buffer buffer = ReadNamedBlock(index, block);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    if (snapshot != nullptr) {
        compat::CheckSnapshotAge(snapshot, index, BufferGetPage(buffer));
    }
    memcpy(copy, BufferGetPage(buffer), BLCKSZ);
    UnlockReleaseBuffer(buffer);
    return MeetPage(index, copy, PageKind::kPending, owner, sequence) == Met::kExpected;
}

}  // namespace

Visited VisitPending(Relation index, const PendingChain& chain, PendingCursor* cursor,
                     Snapshot snapshot, PendingVisit visit, void* state) {
    char* copy = static_cast<char*>(palloc(BLCKSZ));
    Visited visited = Visited::kAll;
    for (;;) {
        if (!CopyPendingPage(index, chain.id, cursor->block, cursor->sequence, snapshot, copy)) {
            visited = Visited::kGone;
            break;
        }
        visited = VisitPage(index, copy, chain.id, &cursor->at, UsedOf(copy), Look::kRows, visit,
                            state);
        const BlockNumber next = SpecialOf(static_cast<const char*>(copy))->next;
        if (visited != Visited::kAll || next == InvalidBlockNumber) {
            break;
        }
        *cursor = {next, cursor->sequence + 1, 0};
    }
    pfree(copy);
    return visited;
}

Visited VisitPendingFlags(Relation index, const PendingChain& chain, const PendingCursor& end,
                          PendingVisit visit, void* state) {
    char* copy = static_cast<char*>(palloc(BLCKSZ));
    BlockNumber block = chain.head;
    Visited visited = Visited::kAll;
    for (uint32 sequence = 0; visited == Visited::kAll && sequence <= end.sequence; ++sequence) {
        if (!CopyPendingPage(index, chain.id, block, sequence, nullptr, copy)) {
            visited = Visited::kGone;
            break;
        }
        uint32 at = 0;
        visited = VisitPage(index, copy, chain.id, &at,
                            sequence < end.sequence ? UsedOf(copy) : end.at, Look::kFlags, visit,
                            state);
        block = SpecialOf(static_cast<const char*>(copy))->next;
    }
    pfree(copy);
    return visited;
}

bool VisitPendingPages(Relation index, const PendingChain& chain,
                       void (*visit)(void* state, BlockNumber block), void* state) {
    char* copy = static_cast<char*>(palloc(BLCKSZ));
    bool there = true;
    BlockNumber block = chain.head;
    for (uint32 sequence = 0; there && block != InvalidBlockNumber; ++sequence) {
        there = CopyPendingPage(index, chain.id, block, sequence, nullptr, copy);
        if (there) {
            visit(state, block);
        }
        block = SpecialOf(static_cast<const char*>(copy))->next;
    }
    pfree(copy);
    return there;
}

bool VisitValuePages(Relation index, const PendingChain& chain,
                     void (*visit)(void* state, BlockNumber block), void* state) {
    char* copy = static_cast<char*>(palloc(BLCKSZ));
    bool there = true;
    BlockNumber next = chain.head;
    for (uint32 sequence = 0; there && next != InvalidBlockNumber; ++sequence) {
        there = CopyPendingPage(index, chain.id, next, sequence, nullptr, copy);
        next = SpecialOf(static_cast<const char*>(copy))->next;
        const uint8* payload = ConstPayloadOf(copy);
        const uint32 used = there ? UsedOf(copy) : 0;
        for (uint32 at = 0; there && at < used;) {
            const RecordHeader header = ReadRecord(index, payload, used, at);
            LongRow value{InvalidBlockNumber, 0};
            if ((header.flags & kLongRow) != 0 && header.size == sizeof header + sizeof value) {
                memcpy(&value, payload + at + sizeof header, sizeof value);
            }
            BlockNumber block = value.block;
            for (uint32 n = 0; there && block != InvalidBlockNumber; ++n) {
                Buffer buffer = ReadNamedBlock(index, block);
                LockBuffer(buffer, BUFFER_LOCK_SHARE);
                const char* page = static_cast<const char*>(BufferGetPage(buffer));
                there = MeetPage(index, page, PageKind::kPendingValue, chain.id, n) ==
                        Met::kExpected;
                const BlockNumber after = SpecialOf(page)->next;
                UnlockReleaseBuffer(buffer);
                if (there) {
                    visit(state, block);
                }
                block = after;
            }
            at += header.size;
        }
    }
    pfree(copy);
    return there;
}

void DeletePending(Relation index, const PendingChain& chain, IndexBulkDeleteCallback callback,
                   void* callback_state, double* left, double* removed) {
    // The callback sees a copy: it is core code, and may take its time. Records do not move
    // meanwhile, and what is appended is of rows that VACUUM does not know.
    char* copy = static_cast<char*>(palloc(BLCKSZ));
    BlockNumber block = chain.head;
    for (uint32 sequence = 0; block != InvalidBlockNumber; ++sequence) {
        compat::VacuumDelayPoint();
        Buffer buffer = ReadNamedBlock(index, block);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        memcpy(copy, BufferGetPage(buffer), BLCKSZ);
        LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
        if (MeetPage(index, copy, PageKind::kPending, chain.id, sequence) == Met::kGone) {
            pg::ReportIndexCorrupted(index, "a pending chain has a page of another owner");
        }
        const uint8* payload = ConstPayloadOf(copy);
        const uint32 used = UsedOf(copy);
        uint32 dead[core::kPagePayload / sizeof(RecordHeader)];
        uint32 dead_count = 0;
        for (uint32 at = 0; at < used;) {
            const RecordHeader header = ReadRecord(index, payload, used, at);
            if ((header.flags & kDead) == 0) {
                ItemPointerData tid = TidOf(header);
                if (callback(&tid, callback_state)) {
                    dead[dead_count++] = at;
                } else {
                    ++*left;
                }
            }
            at += header.size;
        }
        if (dead_count > 0) {
            LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
            PageEdit edit(index);
            char* edited = PayloadOf(edit.Register(buffer));
            for (uint32 i = 0; i < dead_count; ++i) {
                RecordHeader header;
                memcpy(&header, edited + dead[i], sizeof header);
                header.flags |= kDead;
                memcpy(edited + dead[i], &header, sizeof header);
            }
            edit.Commit();
            LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
            *removed += dead_count;
        }
        ReleaseBuffer(buffer);
        block = SpecialOf(static_cast<const char*>(copy))->next;
    }
    pfree(copy);
}

bool SealPending(Relation index) {
    for (uint32 lane = 0; lane < kLanes;) {
        CHECK_FOR_INTERRUPTS();
        const PendingChain chain = ReadLane(index, lane);
        if (chain.id == 0) {
            ++lane;
            continue;
        }
        pg::PauseAt("seal");
        Buffer buffer = ReadBuffer(index, chain.tail);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        Buffer meta_buffer = ReadBuffer(index, kMetaBlock);
        LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
        MetaData meta;
        CopyMeta(index, BufferGetPage(meta_buffer), &meta);
        const PendingChain& now = meta.lanes[lane];
        const bool full = meta.sealed_count == kMaxSealed;
        // Else it has grown by a page in the meantime.
        if (!full && now.id == chain.id && now.tail == chain.tail) {
            if (const char* problem =
                    WrongWithPage(static_cast<const char*>(BufferGetPage(buffer)),
                                  PageKind::kPending, chain.id, chain.pages - 1)) {
                pg::ReportIndexCorrupted(index, problem, "The page is one of pending rows.");
            }
            meta.sealed[meta.sealed_count++] = now;
            meta.lanes[lane] = {};
            PageEdit edit(index);
            SpecialOf(edit.Register(buffer))->flags |= kSealed;
            WriteMeta(edit.Register(meta_buffer), meta);
            edit.Commit();
        }
        UnlockReleaseBuffer(meta_buffer);
        UnlockReleaseBuffer(buffer);
        if (full) {
            break;
        }
    }
    MetaData meta;
    ReadMeta(index, &meta);
    return meta.sealed_count > 0;
}

}  // namespace namedex::storage
