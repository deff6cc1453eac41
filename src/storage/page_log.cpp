#include "storage/page_log.hpp"

#include "pg/compat.hpp"
#include "storage/metapage.hpp"

namespace namedex::storage {

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
