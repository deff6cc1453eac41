#include "am/index_snapshot.hpp"

namespace namedex::am {

using storage::MetaData;
using storage::SegmentEntry;

// Pins of root pages, until they are taken over.
class IndexSnapshot::RootPins {
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

// Pins the roots of the segments in meta_ that are not open. This function ereports.
void IndexSnapshot::PinRoots(RootPins& pins) {
    BlockNumber blocks = 0;
    for (uint32 i = 0; i < meta_.segment_count; ++i) {
        if (!IsOpen(meta_.segments[i].segment_id)) {
            blocks = blocks == 0 ? RelationGetNumberOfBlocks(index_) : blocks;
            pins[i] = meta_.segments[i].root < blocks ? ReadBuffer(index_, meta_.segments[i].root)
                                                      : InvalidBuffer;
        }
    }
}

void IndexSnapshot::TakeSegments(RootPins& pins) {
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

void IndexSnapshot::OpenSegments(Snapshot snapshot) {
    RootPins pins;
    pg::Call([&] {
        Buffer buffer = ReadBuffer(index_, storage::kMetaBlock);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        if (snapshot != nullptr) {
            compat::CheckSnapshotAge(snapshot, index_, BufferGetPage(buffer));
        }
        storage::CopyMeta(index_, BufferGetPage(buffer), &meta_);
        // Whoever gives up a segment looks for pins after it was unlisted.
        PinRoots(pins);
        UnlockReleaseBuffer(buffer);
    });
    TakeSegments(pins);
}

void IndexSnapshot::OpenSegments(const SegmentList& list) {
    meta_ = {};
    meta_.identity = list.identity;
    meta_.fold_signature = list.fold_signature;
    meta_.segment_count = list.count;
    std::copy_n(list.segments, list.count, meta_.segments);
    RootPins pins;
    pg::Call([&] { PinRoots(pins); });
    TakeSegments(pins);
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
    const MetaData meta = ReadNow(nullptr);
    bool listed = false;
    storage::ForEachChain(
        meta, [&](const storage::PendingChain& c) { listed = listed || c.id == chain; });
    if (listed) {
        core::ThrowCorrupt("a pending chain has a page of another owner");
    }
}

MetaData IndexSnapshot::ReadNow(Snapshot snapshot) {
    return pg::Call([&] {
        MetaData now;
        storage::ReadMeta(index_, &now, snapshot);
        return now;
    });
}

std::optional<SegmentEntry> IndexSnapshot::EntryNow(storage::OwnerId segment_id,
                                                    Snapshot snapshot) {
    const MetaData now = ReadNow(snapshot);
    for (uint32 i = 0; i < now.segment_count; ++i) {
        if (now.segments[i].segment_id == segment_id) {
            return now.segments[i];
        }
    }
    return std::nullopt;
}

}  // namespace namedex::am
