/*
 * Pending rows: what was inserted since the last segment was written.
 *
 * There are several lanes, so that inserters do not all meet in one page; a backend appends to one
 * of them. A lane's rows are in a chain of pages, appended to at its tail. A record is
 *
 *     u16 record bytes, u16 flags, u16 and u16 heap block (high, low), u16 heap offset, u16 and u16
 *     CRC-32C of heap address and row (high, low), then
 *     the row: for each key column varint 0 for NULL, else 1 + length, and the value's bytes; or, with
 *     kLongRow, u32 block and u32 length: the row's bytes fill a chain of value pages of their own,
 *     written before the record, numbered from 0.
 *
 * Invariants: records never move and never change but for the dead flag, which only ambulkdelete
 * sets. All pages of a chain carry its id. A chain moves as a whole: sealing turns a lane's chain
 * into a sealed one in the metapage and marks the tail page in the same record, so that an inserter
 * that was on its way there looks again; a flush writes segments from the sealed chains and drops
 * them in the record that publishes these. Dropped pages may be used for something else at once:
 * readers copy pages under a share lock and look whose they are, and find that the chain is gone.
 * Every reader reads all chains. Lock order: tail page, metapage, new page (without waiting).
 *
 * This file ereports and does not throw.
 */
#pragma once

#include "pg/prelude.hpp"
#include "storage/metapage.hpp"

namespace namedex::storage {

// A row longer than this goes to value pages, so that a page holds several records.
inline constexpr uint32 kMaxInlineRow = 2000;

// Appends a row. `row` is encoded as above. Returns the pending pages of all lanes, value pages
// included, when they have become more, else 0.
uint32 InsertPending(Relation index, ItemPointer tid, const char* row, uint32 size);

// How far a chain has been read: `at` bytes of the payload of its page number `sequence`.
struct PendingCursor {
    BlockNumber block;
    uint32 sequence;
    uint32 at;
};

inline PendingCursor BeginOf(const PendingChain& chain) {
    return {chain.head, 0, 0};
}

struct PendingRow {
    ItemPointerData tid;
    bool dead;
    const char* row;  // valid during the visit
    uint32 size;
};

// Returns whether to go on.
using PendingVisit = bool (*)(void* state, const PendingRow& row);

enum class Visited {
    kAll,
    kStopped,  // by the visit; the cursor stands behind the row
    kGone,     // the chain has been flushed: what was visited is void
};

// Visits a chain's rows, dead ones too, from the cursor on, and moves it. No lock is held during a
// visit. `snapshot` (may be null) is checked for its age against every page.
Visited VisitPending(Relation index, const PendingChain& chain, PendingCursor* cursor,
                  Snapshot snapshot, PendingVisit visit, void* state);

// As VisitPending, for the rows before `end` and from the chain's beginning on, but without looking
// at rows' bytes: `row` is null.
Visited VisitPendingFlags(Relation index, const PendingChain& chain, const PendingCursor& end,
                       PendingVisit visit, void* state);

// Calls visit(state, block) for every page of a chain, value pages not included, in order. Returns
// false if the chain is gone.
bool VisitPendingPages(Relation index, const PendingChain& chain,
                       void (*visit)(void* state, BlockNumber block), void* state);

// As VisitPendingPages, for the value pages of long rows.
bool VisitValuePages(Relation index, const PendingChain& chain,
                     void (*visit)(void* state, BlockNumber block), void* state);

// Marks the rows for which `callback` says so dead. Counts the rows left and those removed. The
// caller makes sure that the chain is not dropped meanwhile.
void DeletePending(Relation index, const PendingChain& chain, IndexBulkDeleteCallback callback,
                   void* callback_state, double* left, double* removed);

// Seals the chains of all lanes, as far as there is room for sealed ones. Returns whether the index
// has sealed chains afterwards.
bool SealPending(Relation index);

}  // namespace namedex::storage
