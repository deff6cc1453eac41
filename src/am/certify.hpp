/*
 * Which rows of a segment an index-only scan may return without asking the heap.
 *
 * A batch of rows, whose TIDs have been read (a), is certified in this order: (b) read their pages'
 * bits in the visibility map; (c) read the metapage and, if it counts dead rows of the segment, the
 * tombstones. Dead rows are dropped. A row whose bit is set, that is not dead, and whose segment is
 * listed still is *certain*: the snapshot sees it. docs/concurrency.md proves it, from this order.
 */
#pragma once

#include "am/index_snapshot.hpp"
#include "am/visibility.hpp"
#include "core/ids.hpp"

namespace namedex::am {

// A row that satisfies a scan's conditions.
struct FoundRow {
    core::RowOrdinal row;  // in whatever it was found
    ItemPointerData tid;
    bool certain;  // the snapshot sees it, and the heap need not be asked
};
static_assert(sizeof(FoundRow) == 12);

class Certifier {
  public:
    Certifier(Relation heap, std::pmr::memory_resource* memory)
        : map_(heap), blocks_(memory), visible_(memory) {}

    // Drops the dead rows of a batch of a segment, ascending, and finds out which of the others are
    // certain.
    void Certify(IndexSnapshot& contents, OpenSegment& segment, Snapshot snapshot,
                 std::pmr::vector<FoundRow>& batch);

    // Gives back memory.
    void Free();
    // After an abort: the pin of the map is gone with its resource owner.
    void Abandon() noexcept { map_.Abandon(); }

  private:
    std::pmr::memory_resource* memory() const { return blocks_.get_allocator().resource(); }

    VisibilityMap map_;
    // The heap's blocks that have a row of the batch, and whether each is all-visible.
    std::pmr::vector<BlockNumber> blocks_;
    std::pmr::vector<std::uint8_t> visible_;
};

}  // namespace namedex::am
