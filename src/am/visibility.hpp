/*
 * What the heap says about rows: the visibility map's word on whole pages, and the heap's own on
 * single rows.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

class VisibilityMap {
  public:
    explicit VisibilityMap(Relation heap) : heap_(heap) {}
    ~VisibilityMap();
    VisibilityMap(const VisibilityMap&) = delete;
    VisibilityMap& operator=(const VisibilityMap&) = delete;

    // Which of the heap's blocks, ascending, are all-visible at this moment; 1 or 0 for each.
    void Read(const std::pmr::vector<BlockNumber>& blocks, std::pmr::vector<std::uint8_t>& visible);

    // After an abort: the pin is gone with its resource owner.
    void Abandon() noexcept { buffer_ = InvalidBuffer; }

  private:
    Relation heap_;
    Buffer buffer_ = InvalidBuffer;  // the page of the map read last
};

// Looks rows up in the heap under a scan's snapshot, as an index scan does.
class HeapLookup {
  public:
    // `context` lives as long as the object.
    HeapLookup(Relation heap, MemoryContext context);

    // Whether the snapshot sees a row at that place.
    bool IsVisible(IndexScanDesc scan, ItemPointerData tid);

  private:
    TupleTableSlot* slot_;
};

}  // namespace namedex::am
