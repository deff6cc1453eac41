/*
 * What the processes of a parallel scan share: which segments there are, and which of their rows
 * nobody has taken yet.
 *
 * The process that comes first opens the contents as any scan does (am/index_snapshot.hpp), tells
 * the others which segments it found, and keeps the pending rows to itself: they were read together
 * with that list, and might be in a segment of another list by the time somebody else read them.
 * The others open the segments of its list, and never look for one of their own. Then all take
 * chunks of rows, segment by segment, until there are none.
 *
 * The others pin roots without having the metapage locked. All processes have one snapshot, which
 * is as old as the list, so a segment that was unlisted since is not given up before they end
 * (storage/reclaim.hpp).
 */
#pragma once

#include "am/index_snapshot.hpp"
#include "pg/compat.hpp"
#include "pg/prelude.hpp"
#include "storage/metapage.hpp"

extern "C" {
#include "storage/condition_variable.h"
#include "storage/spin.h"
}

namespace namedex::am {

class ParallelScan {
  public:
    // The state of a scan that runs in parallel; null for others.
    static ParallelScan* Of(IndexScanDesc scan);

    // For the server, in dynamic shared memory: makes the state; makes it that of a scan that has
    // not begun.
    void Init();
    void Restart();

    // True for one process, which must then open the contents and Publish them. The others wait
    // until that is done. Throws.
    bool IsFirst();
    void Publish(const storage::MetaData& meta);
    const SegmentList& list() const { return list_; }

    // Some rows of a segment of the list that nobody else will get.
    struct Chunk {
        uint32 segment;
        std::uint64_t begin;
        std::uint64_t end;
    };
    std::optional<Chunk> TakeChunk();

  private:
    enum class State : uint8 { kNew, kOpening, kOpen };

    slock_t mutex_;  // of state_, segment_ and row_
    ConditionVariable opened_;
    State state_;
    uint32 segment_;  // the next row to be taken
    std::uint64_t row_;
    SegmentList list_;  // as soon as it is open; does not change any more
};
static_assert(std::is_trivially_destructible_v<ParallelScan>);

}  // namespace namedex::am
