#include "storage/pending.hpp"

#include "pg/boundary.hpp"
#include "pg/compat.hpp"
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

void CheckPendingPage(Relation index, Page page) {
    if (const char* problem =
            WrongWithPage(static_cast<const char*>(page), PageKind::kPending, 0, 0)) {
        pg::ReportIndexCorrupted(index, problem, "The page is one of pending rows.");
    }
}

// Writes a long row to value pages, last page first, so that each can name the next.
BlockNumber WriteValuePages(Relation index, const char* row, uint32 size) {
    const uint32 pages = (size + core::kPagePayload - 1) / core::kPagePayload;
    BlockNumber next = InvalidBlockNumber;
    for (uint32 n = pages; n-- > 0;) {
        CHECK_FOR_INTERRUPTS();
        const uint32 begin = n * core::kPagePayload;
        const uint32 used = std::min(size - begin, core::kPagePayload);
        Buffer buffer = compat::ExtendLocked(index, MAIN_FORKNUM, nullptr);
        Page page = BufferGetPage(buffer);
        InitPage(page, PageKind::kPendingValue, 0, n);
        memcpy(PayloadOf(page), row + begin, used);
        SetUsed(page, used);
        SpecialOf(page)->next = next;
        FinishFreshPage(index, buffer, true);
        next = BufferGetBlockNumber(buffer);
        UnlockReleaseBuffer(buffer);
    }
    return next;
}

// Copies a long row out of its value pages into palloc'd memory.
char* ReadValuePages(Relation index, const LongRow& value) {
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
        Buffer buffer = ReadBuffer(index, block);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        const char* page = static_cast<const char*>(BufferGetPage(buffer));
        const char* problem = WrongWithPage(page, PageKind::kPendingValue, 0, n);
        const uint32 used = problem == nullptr ? UsedOf(page) : 0;
        if (problem == nullptr && (used == 0 || used > value.size - done)) {
            problem = "a long pending row has a page of a wrong length";
        }
        if (problem == nullptr) {
            memcpy(row + done, ConstPayloadOf(page), used);
            block = SpecialOf(page)->next;
        }
        UnlockReleaseBuffer(buffer);
        if (problem != nullptr) {
            pg::ReportIndexCorrupted(index, problem);
        }
        done += used;
    }
    return row;
}

void AppendRecord(Page page, const RecordHeader& header, const char* body, uint32 body_size) {
    const uint32 used = UsedOf(static_cast<const char*>(page));
    char* to = PayloadOf(page) + used;
    memcpy(to, &header, sizeof header);
    memcpy(to + sizeof header, body, body_size);
    SetUsed(page, used + header.size);
}

// Starts the chain of an index that has none.
void StartChain(Relation index) {
    Buffer meta_buffer = ReadBuffer(index, kMetaBlock);
    LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
    MetaData meta;
    CopyMeta(index, BufferGetPage(meta_buffer), &meta);
    if (meta.pending.head == InvalidBlockNumber) {
        Buffer buffer = compat::ExtendLocked(index, MAIN_FORKNUM, nullptr);
        PageEdit edit(index);
        Page page = edit.RegisterNew(buffer);
        InitPage(page, PageKind::kPending, 0, 0);
        const BlockNumber block = BufferGetBlockNumber(buffer);
        MetaData* edited = MetaOf(edit.Register(meta_buffer));
        edited->pending = {block, block, 1, 0};
        ++edited->generation;
        edit.Commit();
        UnlockReleaseBuffer(buffer);
    }
    UnlockReleaseBuffer(meta_buffer);
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
    LongRow long_row;
    uint32 value_pages = 0;
    if (size > kMaxInlineRow) {
        value_pages = (size + core::kPagePayload - 1) / core::kPagePayload;
        long_row = {WriteValuePages(index, row, size), size};
        header.flags = kLongRow;
        row = reinterpret_cast<const char*>(&long_row);
        size = sizeof long_row;
    }
    header.size = static_cast<uint16>(sizeof header + size);

    BlockNumber tail = InvalidBlockNumber;
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (tail == InvalidBlockNumber) {
            MetaData meta;
            ReadMeta(index, &meta);
            tail = meta.pending.tail;
            if (tail == InvalidBlockNumber) {
                StartChain(index);
                continue;
            }
        }
        Buffer buffer = ReadBuffer(index, tail);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        Page page = BufferGetPage(buffer);
        CheckPendingPage(index, page);
        const PageSpecial* special = SpecialOf(page);
        if ((special->flags & kSealed) != 0) {
            UnlockReleaseBuffer(buffer);
            tail = InvalidBlockNumber;
            continue;
        }
        if (special->next != InvalidBlockNumber) {
            tail = special->next;
            UnlockReleaseBuffer(buffer);
            continue;
        }
        const bool fits = UsedOf(static_cast<const char*>(page)) + header.size <= core::kPagePayload;
        if (fits && value_pages == 0) {
            PageEdit edit(index);
            AppendRecord(edit.Register(buffer), header, row, size);
            edit.Commit();
            UnlockReleaseBuffer(buffer);
            return 0;
        }
        if (fits) {
            Buffer meta_buffer = ReadBuffer(index, kMetaBlock);
            LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
            PageEdit edit(index);
            AppendRecord(edit.Register(buffer), header, row, size);
            const uint32 pages = MetaOf(edit.Register(meta_buffer))->pending.pages += value_pages;
            edit.Commit();
            UnlockReleaseBuffer(meta_buffer);
            UnlockReleaseBuffer(buffer);
            return pages;
        }
        // A new tail: linked, filled and made known in one record.
        Buffer next_buffer = compat::ExtendLocked(index, MAIN_FORKNUM, nullptr);
        Buffer meta_buffer = ReadBuffer(index, kMetaBlock);
        LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
        PageEdit edit(index);
        const BlockNumber next = BufferGetBlockNumber(next_buffer);
        SpecialOf(edit.Register(buffer))->next = next;
        Page next_page = edit.RegisterNew(next_buffer);
        InitPage(next_page, PageKind::kPending, 0, 0);
        AppendRecord(next_page, header, row, size);
        PendingChain* chain = &MetaOf(edit.Register(meta_buffer))->pending;
        chain->tail = next;
        const uint32 pages = chain->pages += 1 + value_pages;
        edit.Commit();
        UnlockReleaseBuffer(meta_buffer);
        UnlockReleaseBuffer(next_buffer);
        UnlockReleaseBuffer(buffer);
        return pages;
    }
}

void VisitPending(Relation index, const PendingChain& chain, Snapshot snapshot, PendingVisit visit,
                  void* state) {
    char* copy = static_cast<char*>(palloc(BLCKSZ));
    for (BlockNumber block = chain.head; block != InvalidBlockNumber;) {
        CHECK_FOR_INTERRUPTS();
        Buffer buffer = ReadBuffer(index, block);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        if (snapshot != nullptr) {
            compat::CheckSnapshotAge(snapshot, index, BufferGetPage(buffer));
        }
        memcpy(copy, BufferGetPage(buffer), BLCKSZ);
        UnlockReleaseBuffer(buffer);
        CheckPendingPage(index, copy);
        const uint8* payload = ConstPayloadOf(copy);
        const uint32 used = UsedOf(copy);
        for (uint32 at = 0; at < used;) {
            const RecordHeader header = ReadRecord(index, payload, used, at);
            if ((header.flags & kDead) == 0) {
                PendingRow row;
                row.tid = TidOf(header);
                row.row = reinterpret_cast<const char*>(payload) + at + sizeof header;
                row.size = header.size - sizeof header;
                char* long_row = nullptr;
                if ((header.flags & kLongRow) != 0) {
                    LongRow value;
                    if (row.size != sizeof value) {
                        pg::ReportIndexCorrupted(index, "a pending record is damaged");
                    }
                    memcpy(&value, row.row, sizeof value);
                    long_row = ReadValuePages(index, value);
                    row.row = long_row;
                    row.size = value.size;
                }
                const uint32 crc = static_cast<uint32>(header.crc_hi) << 16 | header.crc_lo;
                if (RecordCrc(header, row.row, row.size) != crc) {
                    pg::ReportIndexCorrupted(index, "a pending record fails its checksum");
                }
                visit(state, row);
                if (long_row != nullptr) {
                    pfree(long_row);
                }
            }
            at += header.size;
        }
        block = SpecialOf(static_cast<const char*>(copy))->next;
    }
    pfree(copy);
}

void DeletePending(Relation index, const PendingChain& chain, IndexBulkDeleteCallback callback,
                   void* callback_state, double* left, double* removed) {
    // The callback sees a copy: it is core code, and may take its time. Records do not move
    // meanwhile, and what is appended is of rows that VACUUM does not know.
    char* copy = static_cast<char*>(palloc(BLCKSZ));
    for (BlockNumber block = chain.head; block != InvalidBlockNumber;) {
        compat::VacuumDelayPoint();
        Buffer buffer = ReadBuffer(index, block);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        memcpy(copy, BufferGetPage(buffer), BLCKSZ);
        LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
        CheckPendingPage(index, copy);
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
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        MetaData meta;
        ReadMeta(index, &meta);
        if (meta.sealed.head != InvalidBlockNumber) {
            return true;
        }
        if (meta.pending.head == InvalidBlockNumber) {
            return false;
        }
        BlockNumber tail = meta.pending.tail;
        Buffer buffer = ReadBuffer(index, tail);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        Page page = BufferGetPage(buffer);
        CheckPendingPage(index, page);
        const bool last = SpecialOf(page)->next == InvalidBlockNumber;
        Buffer meta_buffer = ReadBuffer(index, kMetaBlock);
        LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
        CopyMeta(index, BufferGetPage(meta_buffer), &meta);
        const bool same = meta.pending.tail == tail && meta.sealed.head == InvalidBlockNumber;
        if (last && same) {
            PageEdit edit(index);
            SpecialOf(edit.Register(buffer))->flags |= kSealed;
            MetaData* edited = MetaOf(edit.Register(meta_buffer));
            edited->sealed = edited->pending;
            edited->pending = kNoPending;
            ++edited->generation;
            edit.Commit();
        }
        UnlockReleaseBuffer(meta_buffer);
        UnlockReleaseBuffer(buffer);
    }
}

}  // namespace namedex::storage
