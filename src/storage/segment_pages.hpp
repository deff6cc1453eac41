/*
 * A segment's pages inside the index file.
 *
 * The root page of a segment is where the metapage points and what a reader keeps pinned. It lists
 * the segment's extents, runs of consecutive blocks; the core's page n is the n-th block of the
 * extents together. Data pages carry the segment's id and n, so that a page of something else is
 * noticed.
 *
 *     SegmentRoot  { segment id, pages, rows, extent count, extents {start, count}[] }
 *
 * Writing: SegmentPagesWriter is the core's PageSink. It takes free blocks (storage/free_blocks.hpp),
 * in ambuild new ones at the end of the file; Finish writes the root. Nothing refers to the pages
 * before the root's block is put in the metapage. Outside of ambuild every page is logged when it is
 * filled.
 *
 * Reading: SegmentPages is the core's PageSource over shared buffers. Data pages are immutable, so
 * a pin is enough to read them. It remembers in which buffer it found each page, and looks there
 * before it asks the buffer table, whose entries are rarely in the processor's caches. Pages that
 * follow a run of pages are asked for in advance, as far as effective_io_concurrency says.
 * Tombstone pages change; they are read by ReadTombstones under a share lock.
 *
 * A reader's pages are its own as long as it has the root pinned and its snapshot registered
 * (storage/reclaim.hpp). Should a page belong to something else nevertheless and the segment be
 * listed no more, the reader is told to try again (40001).
 */
#pragma once

#include "core/pages.hpp"
#include "core/read_ahead.hpp"
#include "core/row_bitmap.hpp"
#include "core/segment_format.hpp"
#include "pg/prelude.hpp"
#include "storage/free_blocks.hpp"
#include "storage/metapage.hpp"

namespace namedex::storage {

struct SegmentRoot {
    uint32 segment_id;
    uint32 page_count;
    uint32 row_count;
    uint32 extent_count;
    BlockRun extents[FLEXIBLE_ARRAY_MEMBER];
};

inline constexpr uint32 kMaxExtents =
    (core::kPagePayload - offsetof(SegmentRoot, extents)) / sizeof(BlockRun);

// The extents of a listed or parked segment, at most kMaxExtents, into `extents`; returns their
// number, 0 if `root` is not that segment's root page. This function ereports.
uint32 ReadExtents(Relation index, OwnerId segment_id, BlockNumber root, BlockRun* extents);

// Writes one segment. Calls the server through pg::Call and throws.
class SegmentPagesWriter final : public core::PageSink {
  public:
    // `log`: whether pages are logged one by one, and may be anywhere in the file; ambuild logs the
    // whole file at its end instead.
    SegmentPagesWriter(Relation index, uint32 segment_id, bool log);
    ~SegmentPagesWriter() override;
    SegmentPagesWriter(const SegmentPagesWriter&) = delete;
    SegmentPagesWriter& operator=(const SegmentPagesWriter&) = delete;

    // See FreeBlocks. Only with `log`.
    void SpareFront(uint64 pages) { free_->SpareFront(pages); }

    void Write(const std::uint8_t* payload, std::uint32_t used) override;

    // Writes the root page and returns its block.
    BlockNumber Finish(const core::SegmentHeader& header);

  private:
    BlockNumber WritePage(const std::uint8_t* payload, std::uint32_t used, PageKind kind,
                          uint32 sequence);

    Relation index_;
    uint32 segment_id_;
    std::optional<FreeBlocks> free_;  // if logged
    BufferAccessStrategy strategy_;
    uint32 pages_ = 0;
    std::vector<BlockRun> extents_;
};

// The pages of one published segment. Throws.
//
// Invariant: while pages are asked for, the root page is pinned.
class SegmentPages final : public core::PageSource {
  public:
    // Takes over a pin of the root page, which was taken while the metapage was locked and listed
    // the segment, until destruction; checks the page. InvalidBuffer: there is no such block.
    SegmentPages(Relation index, const SegmentEntry& entry, Buffer root);
    ~SegmentPages() override;
    SegmentPages(const SegmentPages&) = delete;
    SegmentPages& operator=(const SegmentPages&) = delete;

    Pin Acquire(std::uint32_t page) override;
    void Release(const Pin& pin) noexcept override;

    uint32 page_count() const { return page_count_; }
    // Of what it holds about its pages.
    std::size_t memory_bytes() const {
        return extents_.capacity() * sizeof(BlockRun) + first_page_.capacity() * sizeof(uint32) +
               found_in_.capacity() * sizeof(Buffer);
    }
    const SegmentEntry& entry() const { return entry_; }
    void set_dead(uint32 dead) { entry_.dead = dead; }
    BlockNumber BlockOf(uint32 page) const;

    // For a segment that is kept open beyond a scan: lets go of the root page, and takes over
    // another pin of it, checked, for another scan.
    void Rest() noexcept;
    void Resume(Relation index, const SegmentEntry& entry, Buffer root);

    // After an aborted (sub)transaction the pins are gone with their resource owner: forget them.
    void Abandon() noexcept { abandoned_ = true; }

    // Which rows of [lo, hi) are dead. `first_page` is the section's; `snapshot` (may be null) is
    // checked for its age.
    void ReadTombstones(uint32 first_page, core::RowOrdinal lo, core::RowOrdinal hi,
                        core::RowBitmap& dead, Snapshot snapshot);

    // Marks rows of the segment dead, ascending; returns how many were not before.
    uint32 SetTombstones(uint32 first_page, const core::RowOrdinal* rows, std::size_t size);

  private:
    void TakeRoot(Buffer root);
    Buffer ReadPage(uint32 page);
    void PrefetchAfter(uint32 page);
    [[noreturn]] void ThrowBadPage(const char* problem, BlockNumber block);

    Relation index_;
    SegmentEntry entry_;
    Buffer root_ = InvalidBuffer;
    uint32 page_count_ = 0;
    std::vector<BlockRun> extents_;
    std::vector<uint32> first_page_;  // of each extent
    std::vector<Buffer> found_in_;    // of each page: the buffer it was in, or InvalidBuffer
    uint32 reads_ = 0;
    core::ReadAhead ahead_;
    bool abandoned_ = false;
};

}  // namespace namedex::storage
