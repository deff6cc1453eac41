#include "am/certify.hpp"

#include "am/dead_rows.hpp"
#include "pg/boundary.hpp"
#include "pg/pause_point.hpp"

namespace namedex::am {

namespace {

BlockNumber BlockOf(const FoundRow& row) {
    return ItemPointerGetBlockNumberNoCheck(&row.tid);
}

}  // namespace

void Certifier::Certify(IndexSnapshot& contents, OpenSegment& segment, Snapshot snapshot,
                        std::pmr::vector<FoundRow>& batch) {
    pg::Call([] { pg::PauseAt("rows found"); });
    blocks_.clear();
    for (const FoundRow& found : batch) {
        if (blocks_.empty() || blocks_.back() != BlockOf(found)) {
            blocks_.push_back(BlockOf(found));
        }
    }
    map_.Read(blocks_, visible_);
    pg::Call([] { pg::PauseAt("visibility map read"); });

    const std::optional<storage::SegmentEntry> now =
        contents.EntryNow(segment.pages.entry().segment_id, snapshot);
    // Of a segment that is not listed any more, what was dead when it was opened is known.
    const bool may_be_dead = now ? now->dead > 0 : segment.pages.entry().dead > 0;
    DeadRows dead(segment, snapshot, memory());
    const bool trusted = now.has_value() && IsMVCCSnapshot(snapshot);
    std::size_t block = 0;
    FoundRow* kept = batch.data();
    for (const FoundRow& found : batch) {
        while (blocks_[block] != BlockOf(found)) {
            ++block;
        }
        if (may_be_dead && dead.Contains(found.row)) {
            continue;
        }
        *kept = found;
        kept->certain = trusted && visible_[block] != 0;
        ++kept;
    }
    batch.resize(static_cast<std::size_t>(kept - batch.data()));
    pg::Call([] { pg::PauseAt("tombstones read"); });
}

void Certifier::Free() {
    blocks_ = std::pmr::vector<BlockNumber>(memory());
    visible_ = std::pmr::vector<std::uint8_t>(memory());
}

}  // namespace namedex::am
