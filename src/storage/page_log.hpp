/*
 * The one place that decides how a page is logged.
 *
 * - PageEdit changes up to four existing or new pages in one Generic WAL record; a crash keeps all of
 *   it or nothing. Edit only the copies that Register returns.
 * - AppendToPage adds bytes behind a page's used ones in a Generic WAL record of one page, made by
 *   itself: GenericXLogFinish finds out what has changed by comparing the whole page byte by byte,
 *   which took more than everything else of an insert.
 * - FinishFreshPage logs a page that was filled in a shared buffer and that nothing refers to yet, as a
 *   whole image: the pages of a new segment, in order, before the segment is published.
 *
 * All do nothing beyond marking buffers dirty for relations that need no WAL.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::storage {

class PageEdit {
  public:
    explicit PageEdit(Relation index) : state_(GenericXLogStart(index)) {}

    // The copy of an exclusively locked page that is to be edited.
    Page Register(Buffer buffer) { return GenericXLogRegisterBuffer(state_, buffer, 0); }
    // The same for a page whose old contents do not matter: the record holds all of it.
    Page RegisterNew(Buffer buffer) {
        return GenericXLogRegisterBuffer(state_, buffer, GENERIC_XLOG_FULL_IMAGE);
    }
    void Commit() { GenericXLogFinish(state_); }

  private:
    GenericXLogState* state_;
};

// Appends `size` bytes to the used ones of an exclusively locked page, which has room for them.
void AppendToPage(Relation index, Buffer buffer, const char* bytes, uint32 size);

// Marks a filled page that nothing refers to yet dirty and, if `log`, logs its image. The buffer is
// exclusively locked and stays so.
void FinishFreshPage(Relation index, Buffer buffer, bool log);

// After ambuild: logs every page of the new relation, if it needs WAL.
void LogWholeIndex(Relation index);

// Writes and logs `page` as block 0 of an unlogged index's init fork.
void WriteInitFork(Relation index, Page page);

}  // namespace namedex::storage
