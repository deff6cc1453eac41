#include "am/index_snapshot.hpp"

namespace namedex::am {

using storage::MetaData;
using storage::SegmentEntry;

void IndexSnapshot::OpenSegments(Snapshot snapshot) {
    meta_ = pg::Call([&] {
        MetaData meta;
        storage::ReadMeta(index_, &meta, snapshot);
        return meta;
    });
    std::vector<std::unique_ptr<OpenSegment>> opened;
    for (uint32 i = 0; i < meta_.segment_count; ++i) {
        const SegmentEntry& entry = meta_.segments[i];
        std::unique_ptr<OpenSegment> segment;
        for (std::unique_ptr<OpenSegment>& open : segments_) {
            if (open && open->pages.entry().segment_id == entry.segment_id) {
                segment = std::move(open);
                segment->pages.set_dead(entry.dead);
                break;
            }
        }
        if (!segment) {
            segment = memory_ == nullptr
                          ? TakeSegment(index_, meta_.identity, entry)
                          : std::make_unique<OpenSegment>(index_, entry, memory_);
        }
        opened.push_back(std::move(segment));
    }
    segments_ = std::move(opened);
}

void IndexSnapshot::Close(std::unique_ptr<OpenSegment>& segment) {
    std::unique_ptr<OpenSegment> closed = std::move(segment);
    if (memory_ == nullptr && closed != nullptr) {
        GiveSegment(std::move(closed));
    }
}

void IndexSnapshot::Close() {
    for (std::unique_ptr<OpenSegment>& segment : segments_) {
        Close(segment);
    }
    segments_.clear();
}

std::uint64_t IndexSnapshot::Generation() {
    return pg::Call([&] {
        MetaData meta;
        storage::ReadMeta(index_, &meta, nullptr);
        return meta.generation;
    });
}

}  // namespace namedex::am
