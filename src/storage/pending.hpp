/*
 * Pending rows: what was inserted since the last segment was written.
 *
 * A chain of pages, appended to at its tail. A record is
 *
 *     u16 record bytes, u16 flags, u16 and u16 heap block (high, low), u16 heap offset, u16 and u16
 *     CRC-32C of heap address and row (high, low), then
 *     the row: for each key column varint 0 for NULL, else 1 + length, and the value's bytes; or, with
 *     kLongRow, u32 block and u32 length: the row's bytes fill a chain of value pages of their own,
 *     written before the record, numbered from 0.
 *
 * Invariants: records never move and never change but for the dead flag, which only ambulkdelete
 * sets. A chain moves as a whole: sealing turns `pending` into `sealed` in the metapage and marks
 * the tail page in the same record, so that an inserter that was on its way there looks again; a
 * flush writes segments from the sealed chain and drops it in the record that publishes them. Every
 * reader reads the sealed chain and the pending chain. Lock order: tail page, then metapage.
 *
 * This file ereports and does not throw.
 */
#pragma once

#include "pg/prelude.hpp"
#include "storage/metapage.hpp"

namespace namedex::storage {

// A row longer than this goes to value pages, so that a page holds several records.
inline constexpr uint32 kMaxInlineRow = 2000;

// Appends a row. `row` is encoded as above. Returns the chain's length in pages, value pages
// included, when it has grown, else 0.
uint32 InsertPending(Relation index, ItemPointer tid, const char* row, uint32 size);

struct PendingRow {
    ItemPointerData tid;
    const char* row;  // valid during the visit
    uint32 size;
};

using PendingVisit = void (*)(void* state, const PendingRow& row);

// Visits the live rows of a chain. No lock is held during a visit. `snapshot` (may be null) is
// checked for its age against every page.
void VisitPending(Relation index, const PendingChain& chain, Snapshot snapshot, PendingVisit visit,
                  void* state);

// Marks the rows for which `callback` says so dead. Counts the rows left and those removed.
void DeletePending(Relation index, const PendingChain& chain, IndexBulkDeleteCallback callback,
                   void* callback_state, double* left, double* removed);

// Makes the pending chain the sealed one, unless there is a sealed one already. Returns whether the
// index has a sealed chain afterwards.
bool SealPending(Relation index);

}  // namespace namedex::storage
