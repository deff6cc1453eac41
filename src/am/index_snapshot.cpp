#include "am/index_snapshot.hpp"

namespace namedex::am {

using storage::MetaData;
using storage::SegmentEntry;

namespace {

// Pins of root pages, until they are taken over.
class RootPins {
  public:
    RootPins() = default;
    RootPins(const RootPins&) = delete;
    RootPins& operator=(const RootPins&) = delete;
    ~RootPins() {
        for (const Buffer pin : pins_) {
            if (BufferIsValid(pin)) {
                ReleaseBuffer(pin);
            }
        }
    }
    Buffer& operator[](uint32 i) { return pins_[i]; }
    Buffer Take(uint32 i) { return std::exchange(pins_[i], InvalidBuffer); }

  private:
    Buffer pins_[storage::kMaxSegments]{};
};

}  // namespace

void IndexSnapshot::OpenSegments(Snapshot snapshot) {
    bool open[storage::kMaxSegments];
    RootPins pins;
    pg::Call([&] {
        Buffer buffer = ReadBuffer(index_, storage::kMetaBlock);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        if (snapshot != nullptr) {
            compat::CheckSnapshotAge(snapshot, index_, BufferGetPage(buffer));
        }
        storage::CopyMeta(index_, BufferGetPage(buffer), &meta_);
        // Whoever gives up a segment looks for pins after it was unlisted.
        BlockNumber blocks = 0;
        for (uint32 i = 0; i < meta_.segment_count; ++i) {
            open[i] = IsOpen(meta_.segments[i].segment_id);
            if (!open[i]) {
                blocks = blocks == 0 ? RelationGetNumberOfBlocks(index_) : blocks;
                pins[i] = meta_.segments[i].root < blocks
                              ? ReadBuffer(index_, meta_.segments[i].root)
                              : InvalidBuffer;
            }
        }
        UnlockReleaseBuffer(buffer);
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
            const Buffer root = pins.Take(i);
            segment = memory_ == nullptr
                          ? TakeSegment(index_, meta_.identity, entry, root)
                          : std::make_unique<OpenSegment>(index_, entry, root, memory_);
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

bool IndexSnapshot::IsOpen(storage::OwnerId segment_id) const {
    for (const std::unique_ptr<OpenSegment>& open : segments_) {
        if (open && open->pages.entry().segment_id == segment_id) {
            return true;
        }
    }
    return false;
}

void IndexSnapshot::CheckGone(storage::OwnerId chain) {
    const MetaData meta = pg::Call([&] {
        MetaData now;
        storage::ReadMeta(index_, &now, nullptr);
        return now;
    });
    bool listed = false;
    storage::ForEachChain(meta, [&](const storage::PendingChain& c) {
        listed = listed || c.id == chain;
    });
    if (listed) {
        core::ThrowCorrupt("a pending chain has a page of another owner");
    }
}

std::uint64_t IndexSnapshot::Generation() {
    return pg::Call([&] {
        MetaData meta;
        storage::ReadMeta(index_, &meta, nullptr);
        return meta.generation;
    });
}

}  // namespace namedex::am
