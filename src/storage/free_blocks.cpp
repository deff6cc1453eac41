#include "storage/free_blocks.hpp"

#include <algorithm>

#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "storage/segment_pages.hpp"

namespace namedex::storage {

namespace {

// A pending page's writer, who holds the metapage, tries so many blocks of the reserve.
constexpr uint32 kReserveTries = 16;
// Stretches by which a segment extends the file: an eighth of what it has taken so far.
constexpr uint32 kExtendShare = 8;
constexpr uint32 kLongRun = 64;
constexpr uint32 kMaxExtend = 4096;

bool IsFreePage(const char* page, const MetaData& meta) {
    if (PageIsNew(const_cast<char*>(page))) {
        return true;
    }
    const PageSpecial* special = SpecialOf(page);
    return reinterpret_cast<const PageHeaderData*>(page)->pd_special ==
               BLCKSZ - sizeof(PageSpecial) &&
           special->magic == kPageMagic && !IsOwner(meta, special->owner);
}

}  // namespace

Buffer TryFreeBlock(Relation index, BlockNumber block, const MetaData& meta,
                    BufferAccessStrategy strategy) {
    Buffer buffer = ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
    if (ConditionalLockBuffer(buffer)) {
        if (IsFreePage(static_cast<const char*>(BufferGetPage(buffer)), meta)) {
            return buffer;
        }
        LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
    }
    ReleaseBuffer(buffer);
    return InvalidBuffer;
}

BlockNumber PopReserve(MetaData* meta) {
    BlockRun* run = &meta->reserve[meta->reserve_count - 1];
    const BlockNumber block = run->start++;
    if (run->count-- <= 1) {
        *run = {0, 0};
        --meta->reserve_count;
    }
    return block;
}

Buffer TakeReserved(Relation index, MetaData* meta) {
    const BlockNumber blocks = meta->reserve_count > 0 ? RelationGetNumberOfBlocks(index) : 0;
    for (uint32 tries = 0; meta->reserve_count > 0 && tries < kReserveTries; ++tries) {
        const BlockNumber block = PopReserve(meta);
        if (block != kMetaBlock && block < blocks) {
            const Buffer buffer = TryFreeBlock(index, block, *meta, nullptr);
            if (BufferIsValid(buffer)) {
                return buffer;
            }
        }
    }
    return compat::ExtendLocked(index, MAIN_FORKNUM, nullptr);
}

void AddToReserve(MetaData* meta, const BlockNumber* blocks, std::size_t count, uint32 most) {
    uint32 total = 0;
    for (uint32 i = 0; i < meta->reserve_count; ++i) {
        total += meta->reserve[i].count;
    }
    for (std::size_t i = 0; i < count && total < most; ++total, ++i) {
        BlockRun* last = meta->reserve_count > 0 ? &meta->reserve[meta->reserve_count - 1] : nullptr;
        if (last != nullptr && last->start + last->count == blocks[i]) {
            ++last->count;
        } else if (meta->reserve_count < kMaxReserve) {
            meta->reserve[meta->reserve_count++] = {blocks[i], 1};
        } else {
            return;
        }
    }
}

FreeBlocks::FreeBlocks(Relation index) : index_(index) {
    std::vector<BlockRun> used{{kMetaBlock, 1}};
    const auto add_segment = [&](OwnerId id, BlockNumber root) {
        // Room for the largest extent table, filled in by the server's side.
        std::vector<BlockRun> extents(kMaxExtents);
        const uint32 count = pg::Call([&] {
            return ReadExtents(index_, id, root, extents.data());
        });
        used.insert(used.end(), extents.begin(), extents.begin() + count);
        used.push_back({root, 1});
    };
    const BlockNumber blocks = pg::Call([&] {
        ReadMeta(index_, &meta_);
        return RelationGetNumberOfBlocks(index_);
    });
    for (uint32 i = 0; i < meta_.segment_count; ++i) {
        add_segment(meta_.segments[i].segment_id, meta_.segments[i].root);
    }
    for (uint32 i = 0; i < meta_.parked_count; ++i) {
        add_segment(meta_.parked[i].segment_id, meta_.parked[i].root);
    }
    used.insert(used.end(), meta_.reserve, meta_.reserve + meta_.reserve_count);
    std::sort(used.begin(), used.end(),
              [](const BlockRun& a, const BlockRun& b) { return a.start < b.start; });
    BlockNumber next = 0;
    for (const BlockRun& run : used) {
        if (run.start > next) {
            runs_.push_back({next, std::min(run.start, blocks) - next});
        }
        next = std::max(next, run.start + run.count);
        if (next >= blocks) {
            break;
        }
    }
    if (next < blocks) {
        runs_.push_back({next, blocks - next});
    }
}

uint64 FreeBlocks::CountBefore(BlockNumber end) const {
    uint64 count = 0;
    for (const BlockRun& run : runs_) {
        const uint64 to = std::min<uint64>(uint64{run.start} + run.count, end);
        if (to >= uint64{run.start} + kLongRun) {
            count += to - run.start;
        }
    }
    return count;
}

void FreeBlocks::SpareFront(uint64 pages) {
    const uint64 front = std::min<uint64>(pages + pages / 4, MaxBlockNumber);
    if (pages < kLongRun || CountBefore(static_cast<BlockNumber>(front)) >= pages) {
        return;
    }
    for (BlockRun& run : runs_) {
        const uint64 end = uint64{run.start} + run.count;
        if (run.start < front) {
            run.start = static_cast<BlockNumber>(std::min(front, end));
            run.count = static_cast<uint32>(end - run.start);
        }
    }
}

// The more extents a segment has, the longer runs must be.
uint32 FreeBlocks::LeastRun() const {
    if (breaks_ < kMaxExtents / 8) {
        return 1;
    }
    if (breaks_ < kMaxExtents / 4) {
        return 8;
    }
    return breaks_ < kMaxExtents / 2 ? kLongRun : UINT32_MAX;
}

Buffer FreeBlocks::Extend(BufferAccessStrategy strategy) {
    if (extension_.count == 0) {
        extension_.count = std::clamp<uint32>(taken_ / kExtendShare, 1, kMaxExtend);
        extension_.start = pg::Call([&] {
            return compat::ExtendBy(index_, strategy, extension_.count);
        });
    }
    const BlockNumber block = extension_.start++;
    --extension_.count;
    return pg::Call([&] { return TryFreeBlock(index_, block, meta_, strategy); });
}

Buffer FreeBlocks::Take(BufferAccessStrategy strategy) {
    Buffer buffer = InvalidBuffer;
    while (!BufferIsValid(buffer)) {
        pg::PollInterrupts();
        while (run_ < runs_.size() &&
               (runs_[run_].count == 0 ||
                (runs_[run_].count < LeastRun() && runs_[run_].start != last_ + 1))) {
            ++run_;
        }
        if (run_ == runs_.size()) {
            buffer = Extend(strategy);
            continue;
        }
        const BlockNumber block = runs_[run_].start++;
        --runs_[run_].count;
        buffer = pg::Call([&] { return TryFreeBlock(index_, block, meta_, strategy); });
    }
    const BlockNumber block = BufferGetBlockNumber(buffer);
    breaks_ += block != last_ + 1 ? 1 : 0;
    last_ = block;
    ++taken_;
    return buffer;
}

}  // namespace namedex::storage
