#include "storage/segment_pages.hpp"

#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "storage/page_log.hpp"

extern "C" {
#include "utils/spccache.h"
}

namespace namedex::storage {

using core::RowBitmap;
using core::RowOrdinal;
using core::ThrowCorrupt;

namespace {

// One read of so many goes through the buffer table.
constexpr uint32 kReadsPerUse = 8;
// One request of effective_io_concurrency is a piece of so many pages: the pages of a section lie
// side by side.
constexpr uint32 kPagesPerRequest = 16;
constexpr uint32 kMaxAhead = 256;

std::string BlockDetail(BlockNumber block) {
    return "The page is block " + std::to_string(block) + " of the index.";
}

}  // namespace

// ---------------------------------------------------------------- writing

SegmentPagesWriter::SegmentPagesWriter(Relation index, uint32 segment_id, bool log)
    : index_(index),
      segment_id_(segment_id),
      strategy_(pg::Call([] { return GetAccessStrategy(BAS_BULKWRITE); })) {
    if (log) {
        free_.emplace(index);
    }
}

SegmentPagesWriter::~SegmentPagesWriter() {
    FreeAccessStrategy(strategy_);
}

BlockNumber SegmentPagesWriter::WritePage(const std::uint8_t* payload, std::uint32_t used,
                                          PageKind kind, uint32 sequence) {
    const Buffer taken = free_ ? free_->Take(strategy_) : InvalidBuffer;
    return pg::Call([&] {
        Buffer buffer = taken;
        if (!free_) {
            CHECK_FOR_INTERRUPTS();
            buffer = compat::ExtendLocked(index_, MAIN_FORKNUM, strategy_);
        }
        Page page = BufferGetPage(buffer);
        InitPage(page, kind, segment_id_, sequence);
        memcpy(PayloadOf(page), payload, used);
        SetUsed(page, used);
        SpecialOf(page)->crc = PageCrc(static_cast<const char*>(page));
        FinishFreshPage(index_, buffer, free_.has_value());
        BlockNumber block = BufferGetBlockNumber(buffer);
        UnlockReleaseBuffer(buffer);
        return block;
    });
}

void SegmentPagesWriter::Write(const std::uint8_t* payload, std::uint32_t used) {
    const BlockNumber block = WritePage(payload, used, PageKind::kSegmentData, pages_);
    if (!extents_.empty() && extents_.back().start + extents_.back().count == block) {
        ++extents_.back().count;
    } else {
        if (extents_.size() == kMaxExtents) {
            core::ThrowTooLarge("an index segment is scattered over too many places of its file", {},
                                "Run VACUUM again when fewer rows are inserted, or REINDEX.");
        }
        extents_.push_back({block, 1});
    }
    ++pages_;
}

BlockNumber SegmentPagesWriter::Finish(const core::SegmentHeader& header) {
    std::vector<std::uint8_t> bytes(offsetof(SegmentRoot, extents) +
                                    extents_.size() * sizeof(BlockRun));
    auto* root = reinterpret_cast<SegmentRoot*>(bytes.data());
    root->segment_id = segment_id_;
    root->page_count = pages_;
    root->row_count = header.row_count;
    root->extent_count = static_cast<uint32>(extents_.size());
    memcpy(bytes.data() + offsetof(SegmentRoot, extents), extents_.data(),
           extents_.size() * sizeof(BlockRun));
    return WritePage(bytes.data(), static_cast<std::uint32_t>(bytes.size()),
                     PageKind::kSegmentRoot, 0);
}

// ---------------------------------------------------------------- reading

uint32 ReadExtents(Relation index, OwnerId segment_id, BlockNumber root, BlockRun* extents) {
    if (root >= RelationGetNumberOfBlocks(index)) {
        return 0;
    }
    Buffer buffer = ReadBuffer(index, root);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const char* page = static_cast<const char*>(BufferGetPage(buffer));
    uint32 count = 0;
    if (WrongWithPage(page, PageKind::kSegmentRoot, segment_id, 0) == nullptr) {
        const auto* content = reinterpret_cast<const SegmentRoot*>(ConstPayloadOf(page));
        count = std::min(content->extent_count, kMaxExtents);
        memcpy(extents, content->extents, count * sizeof(BlockRun));
    }
    UnlockReleaseBuffer(buffer);
    return count;
}

SegmentPages::SegmentPages(Relation index, const SegmentEntry& entry, Buffer root_buffer)
    : index_(index), entry_(entry) {
    TakeRoot(root_buffer);
    try {
        const BlockNumber blocks = pg::Call([&] { return RelationGetNumberOfBlocks(index); });
        const char* page = static_cast<const char*>(BufferGetPage(root_));
        const auto* root = reinterpret_cast<const SegmentRoot*>(ConstPayloadOf(page));
        const uint32 used = UsedOf(page);
        if (used < offsetof(SegmentRoot, extents) || root->segment_id != entry.segment_id ||
            root->extent_count > kMaxExtents || root->row_count != entry.rows ||
            used < offsetof(SegmentRoot, extents) + root->extent_count * sizeof(BlockRun)) {
            ThrowBadPage("a segment root is damaged", entry.root);
        }
        uint64 pages = 0;
        for (uint32 i = 0; i < root->extent_count; ++i) {
            first_page_.push_back(static_cast<uint32>(pages));
            extents_.push_back(root->extents[i]);
            pages += root->extents[i].count;
            if (uint64{root->extents[i].start} + root->extents[i].count > blocks) {
                ThrowBadPage("a segment's extent lies past the index's end", entry.root);
            }
        }
        if (pages != root->page_count) {
            ThrowBadPage("the extents of a segment do not add up to its length", entry.root);
        }
        page_count_ = root->page_count;
    } catch (...) {
        ReleaseBuffer(root_);
        throw;
    }
}

// A page is not what it should be. If the segment is not listed any more, it has been given up and
// its pages are used for something else: not damage, but an answer that cannot be given.
void SegmentPages::ThrowBadPage(const char* problem, BlockNumber block) {
    const bool listed = pg::Call([&] {
        MetaData meta;
        ReadMeta(index_, &meta);
        for (uint32 i = 0; i < meta.segment_count; ++i) {
            if (meta.segments[i].segment_id == entry_.segment_id) {
                return true;
            }
        }
        return false;
    });
    if (!listed) {
        core::ThrowRetry("the part of the index that this query reads has been replaced");
    }
    ThrowCorrupt(problem, BlockDetail(block));
}

void SegmentPages::TakeRoot(Buffer root) {
    if (!BufferIsValid(root)) {
        ThrowBadPage("a segment's root lies past the index's end", entry_.root);
    }
    if (const char* problem = WrongWithPage(static_cast<const char*>(BufferGetPage(root)),
                                            PageKind::kSegmentRoot, entry_.segment_id, 0)) {
        ReleaseBuffer(root);
        ThrowBadPage(problem, entry_.root);
    }
    root_ = root;
}

void SegmentPages::Rest() noexcept {
    ReleaseBuffer(root_);
    root_ = InvalidBuffer;
    index_ = nullptr;
}

void SegmentPages::Resume(Relation index, const SegmentEntry& entry, Buffer root) {
    index_ = index;
    entry_ = entry;
    TakeRoot(root);
}

SegmentPages::~SegmentPages() {
    if (!abandoned_ && BufferIsValid(root_)) {
        ReleaseBuffer(root_);
    }
}

BlockNumber SegmentPages::BlockOf(uint32 page) const {
    if (page >= page_count_) {
        ThrowCorrupt("a segment has fewer pages than it refers to");
    }
    const auto after = std::upper_bound(first_page_.begin(), first_page_.end(), page);
    const std::size_t extent = static_cast<std::size_t>(after - first_page_.begin()) - 1;
    return extents_[extent].start + (page - first_page_[extent]);
}

// Pins a page. A pin taken without the buffer table does not count as a use of the buffer, so now
// and then one is taken through it: the pages of an index that is searched shall stay in memory.
Buffer SegmentPages::ReadPage(uint32 page) {
    const BlockNumber block = BlockOf(page);
    if (found_in_.empty()) {
        found_in_.resize(page_count_, InvalidBuffer);
    }
    Buffer& known = found_in_[page];
    known = pg::Call([&] {
        if (BufferIsValid(known) && ++reads_ % kReadsPerUse != 0 &&
            ReadRecentBuffer(compat::FileOf(index_), MAIN_FORKNUM, block, known)) {
            pgstat_count_buffer_read(index_);
            pgstat_count_buffer_hit(index_);
            return known;
        }
        PrefetchAfter(page);
        return ReadBuffer(index_, block);
    });
    return known;
}

// Asks for pages that are likely to be read after this one; at the end of a section some are of the
// next. This function ereports.
void SegmentPages::PrefetchAfter(uint32 page) {
    const auto concurrency =
        static_cast<uint32>(get_tablespace_io_concurrency(index_->rd_rel->reltablespace));
    const core::ReadAhead::Range range = ahead_.Advance(
        page, page_count_, std::min(kMaxAhead, concurrency * kPagesPerRequest));
    for (uint32 next = range.begin; next < range.end; ++next) {
        PrefetchBuffer(index_, MAIN_FORKNUM, BlockOf(next));
    }
}

core::PageSource::Pin SegmentPages::Acquire(std::uint32_t page) {
    const Buffer buffer = ReadPage(page);
    const char* bytes = static_cast<const char*>(BufferGetPage(buffer));
    if (const char* problem =
            WrongWithPage(bytes, PageKind::kSegmentData, entry_.segment_id, page)) {
        ReleaseBuffer(buffer);
        ThrowBadPage(problem, BlockOf(page));
    }
    return {ConstPayloadOf(bytes), UsedOf(bytes), static_cast<std::uint64_t>(buffer)};
}

void SegmentPages::Release(const Pin& pin) noexcept {
    if (!abandoned_) {
        ReleaseBuffer(static_cast<Buffer>(pin.token));
    }
}

void SegmentPages::ReadTombstones(uint32 first_page, RowOrdinal lo, RowOrdinal hi,
                                  RowBitmap& dead, Snapshot snapshot) {
    dead.Reset(lo, hi - lo);
    for (uint64 row = lo; row < hi;) {
        const uint32 number = static_cast<uint32>(row / core::kTombstonesPerPage);
        const uint64 page_begin = uint64{number} * core::kTombstonesPerPage;
        const uint64 page_end = std::min<uint64>(hi, page_begin + core::kTombstonesPerPage);
        const BlockNumber block = BlockOf(first_page + number);
        std::uint8_t copy[core::kPagePayload];
        const char* problem = pg::Call([&] {
            Buffer buffer = ReadBuffer(index_, block);
            LockBuffer(buffer, BUFFER_LOCK_SHARE);
            if (snapshot != nullptr) {
                compat::CheckSnapshotAge(snapshot, index_, BufferGetPage(buffer));
            }
            const char* bytes = static_cast<const char*>(BufferGetPage(buffer));
            const char* wrong = WrongWithPage(bytes, PageKind::kSegmentData, entry_.segment_id,
                                              first_page + number);
            memcpy(copy, ConstPayloadOf(bytes), sizeof copy);
            UnlockReleaseBuffer(buffer);
            return wrong;
        });
        if (problem != nullptr) {
            ThrowBadPage(problem, block);
        }
        for (; row < page_end;) {
            const uint64 bit = row - page_begin;
            if (bit % 64 == 0 && page_end - row >= 64) {
                dead.OrBits(static_cast<RowOrdinal>(row),
                            core::LoadLe<std::uint64_t>(copy + bit / 8));
                row += 64;
            } else {
                if ((copy[bit / 8] >> (bit % 8) & 1) != 0) {
                    dead.Set(static_cast<RowOrdinal>(row));
                }
                ++row;
            }
        }
    }
}

uint32 SegmentPages::SetTombstones(uint32 first_page, const RowOrdinal* rows, std::size_t size) {
    uint32 changed = 0;
    for (std::size_t i = 0; i < size;) {
        const uint32 number = rows[i] / core::kTombstonesPerPage;
        std::size_t end = i;
        while (end < size && rows[end] / core::kTombstonesPerPage == number) {
            ++end;
        }
        const BlockNumber block = BlockOf(first_page + number);
        const char* problem = pg::Call([&]() -> const char* {
            Buffer buffer = ReadBuffer(index_, block);
            LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
            if (const char* wrong =
                    WrongWithPage(static_cast<const char*>(BufferGetPage(buffer)),
                                  PageKind::kSegmentData, entry_.segment_id, first_page + number)) {
                UnlockReleaseBuffer(buffer);
                return wrong;
            }
            PageEdit edit(index_);
            auto* bits = reinterpret_cast<uint8*>(PayloadOf(edit.Register(buffer)));
            for (std::size_t r = i; r < end; ++r) {
                const uint32 bit = rows[r] % core::kTombstonesPerPage;
                const uint8 mask = static_cast<uint8>(1u << (bit % 8));
                if ((bits[bit / 8] & mask) == 0) {
                    bits[bit / 8] |= mask;
                    ++changed;
                }
            }
            edit.Commit();
            UnlockReleaseBuffer(buffer);
            return nullptr;
        });
        if (problem != nullptr) {
            ThrowBadPage(problem, block);
        }
        i = end;
    }
    return changed;
}

}  // namespace namedex::storage
