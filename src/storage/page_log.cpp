#include "storage/page_log.hpp"

#include "pg/compat.hpp"
#include "storage/metapage.hpp"

namespace namedex::storage {

namespace {

// A part of a block's data in a Generic WAL record, as generic_redo reads it: offset on the page,
// length, and the bytes that belong there.
struct Fragment {
    OffsetNumber offset;
    OffsetNumber length;
};
static_assert(sizeof(Fragment) == 4);

}  // namespace

void AppendToPage(Relation index, Buffer buffer, const char* bytes, uint32 size) {
    Page page = BufferGetPage(buffer);
    const auto at = static_cast<OffsetNumber>(reinterpret_cast<PageHeader>(page)->pd_lower);
    const auto end = static_cast<LocationIndex>(at + size);
    const Fragment bytes_at{at, static_cast<OffsetNumber>(size)};
    const Fragment lower_at{offsetof(PageHeaderData, pd_lower), sizeof(LocationIndex)};
    START_CRIT_SECTION();
    memcpy(static_cast<char*>(page) + at, bytes, size);
    reinterpret_cast<PageHeader>(page)->pd_lower = end;
    MarkBufferDirty(buffer);
    if (RelationNeedsWAL(index)) {
        const auto add = [](const void* data, uint32 length) {
            XLogRegisterBufData(0, static_cast<char*>(const_cast<void*>(data)), length);
        };
        XLogBeginInsert();
        XLogRegisterBuffer(0, buffer, REGBUF_STANDARD);
        add(&lower_at, sizeof lower_at);
        add(&end, sizeof end);
        add(&bytes_at, sizeof bytes_at);
        add(bytes, size);
        const XLogRecPtr record_end = XLogInsert(RM_GENERIC_ID, 0);
        PageSetLSN(page, record_end);
    }
    END_CRIT_SECTION();
}

void FinishFreshPage(Relation index, Buffer buffer, bool log) {
    START_CRIT_SECTION();
    MarkBufferDirty(buffer);
    if (log && RelationNeedsWAL(index)) {
        log_newpage_buffer(buffer, true);
    }
    END_CRIT_SECTION();
}

void LogWholeIndex(Relation index) {
    if (RelationNeedsWAL(index)) {
        log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
    }
}

void WriteInitFork(Relation index, Page page) {
    // Generic WAL would log nothing for an unlogged relation, and the init fork must reach standbys
    // and survive a crash, so it is written and logged here explicitly.
    PageSetChecksumInplace(page, kMetaBlock);
    SMgrRelation smgr = RelationGetSmgr(index);
    smgrextend(smgr, INIT_FORKNUM, kMetaBlock, static_cast<char*>(page), true);
    compat::LogNewPage(compat::FileOf(index), INIT_FORKNUM, kMetaBlock, page, true);
    smgrimmedsync(smgr, INIT_FORKNUM);
}

}  // namespace namedex::storage
