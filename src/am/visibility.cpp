#include "am/visibility.hpp"

#include "pg/boundary.hpp"

extern "C" {
#include "access/visibilitymap.h"
}

namespace namedex::am {

VisibilityMap::~VisibilityMap() {
    if (BufferIsValid(buffer_)) {
        pg::CallQuietly([this] { ReleaseBuffer(buffer_); });
    }
}

void VisibilityMap::Read(const std::pmr::vector<BlockNumber>& blocks,
                         std::pmr::vector<std::uint8_t>& visible) {
    visible.resize(blocks.size());
    const BlockNumber* const from = blocks.data();
    std::uint8_t* const to = visible.data();
    const std::size_t count = blocks.size();
    pg::Call([&] {
        for (std::size_t i = 0; i < count; ++i) {
            to[i] = VM_ALL_VISIBLE(heap_, from[i], &buffer_) ? 1 : 0;
        }
    });
}

HeapLookup::HeapLookup(Relation heap, MemoryContext context)
    : slot_(pg::Call([&] {
          MemoryContext caller = MemoryContextSwitchTo(context);
          // A copy is not counted by a resource owner, which may end before the scan is destroyed.
          TupleTableSlot* slot = MakeSingleTupleTableSlot(
              CreateTupleDescCopy(RelationGetDescr(heap)), table_slot_callbacks(heap));
          MemoryContextSwitchTo(caller);
          return slot;
      })) {}

bool HeapLookup::IsVisible(IndexScanDesc scan, ItemPointerData tid) {
    return pg::Call([&] {
        CHECK_FOR_INTERRUPTS();
        bool again = false;
        bool all_dead = false;
        const bool visible = table_index_fetch_tuple(scan->xs_heapfetch, &tid, scan->xs_snapshot,
                                                     slot_, &again, &all_dead);
        ExecClearTuple(slot_);
        return visible;
    });
}

}  // namespace namedex::am
