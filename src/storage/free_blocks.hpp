/*
 * Blocks that belong to nothing, for whoever needs new pages.
 *
 * There is no list of free blocks that has to be kept right. Whether a page is free is read off the
 * page and the metapage: it is all zero, or its owner is not listed any more (storage/metapage.hpp),
 * which never becomes untrue. So whoever wants a block guesses one, locks it exclusively without
 * waiting, and looks; of two who guess the same, the second finds the first one's page there.
 *
 * Guesses. Segments are written into blocks outside of listed and parked segments, from the front
 * of the file on, so that its end may become free and be cut off; where nothing is free the file is
 * extended by stretches, so that a segment consists of few extents although others extend the file,
 * too. New pages of pending chains come from the metapage's reserve, runs of blocks in which the
 * last flushed chains were; without one the file is extended by a block.
 *
 * A block of a parked segment is not free: scans may be reading it (storage/reclaim.hpp).
 */
#pragma once

#include "pg/prelude.hpp"
#include "storage/metapage.hpp"

namespace namedex::storage {

// The block's buffer, exclusively locked, if it is free according to `meta` and nobody has it
// locked; else InvalidBuffer. `meta` may be out of date: it then takes fewer blocks for free. This
// function ereports.
Buffer TryFreeBlock(Relation index, BlockNumber block, const MetaData& meta,
                    BufferAccessStrategy strategy);

// Takes a block off the reserve of `meta`, which has some. It need not be free, nor exist.
BlockNumber PopReserve(MetaData* meta);

// A free block for a pending page, exclusively locked; takes it off the reserve in `meta`, a copy
// of the metapage's contents that the caller, who holds the metapage exclusively, writes back. This
// function ereports.
Buffer TakeReserved(Relation index, MetaData* meta);

// Adds the blocks (ascending) to the reserve of `meta`, up to `most` blocks in all, and forgets
// what does not fit.
void AddToReserve(MetaData* meta, const BlockNumber* blocks, std::size_t count, uint32 most);

// Free blocks for a segment, lowest first, then new ones. Calls the server through pg::Call and
// throws.
class FreeBlocks {
  public:
    // Reads the metapage and the roots of what it lists.
    explicit FreeBlocks(Relation index);

    // A block's buffer, exclusively locked.
    Buffer Take(BufferAccessStrategy strategy);

    // About how many free blocks lie in long runs before `end`.
    uint64 CountBefore(BlockNumber end) const;

    // Before the first block is taken, by what takes about `pages` of them and makes most of the
    // rest of the file free afterwards: if the front of the file has no room for it now, leaves as much
    // free there as it will need to be moved. (Partly in the front it could not be: what it was to
    // be moved to would have to be as large as itself, and lie before its end.)
    void SpareFront(uint64 pages);

  private:
    uint32 LeastRun() const;
    Buffer Extend(BufferAccessStrategy strategy);

    Relation index_;
    MetaData meta_;
    std::vector<BlockRun> runs_;  // ascending; what has been tried is taken off
    std::size_t run_ = 0;
    BlockRun extension_{0, 0};
    BlockNumber last_ = InvalidBlockNumber;
    uint32 taken_ = 0;
    uint32 breaks_ = 0;  // blocks taken that did not follow the one before
};

}  // namespace namedex::storage
