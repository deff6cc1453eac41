// Posting lists: ascending row ordinals, compressed in blocks of 128.
//
// A section holds lists one behind the other, and nothing else. Every page begins with a page
// header; then come blocks, none of which straddles pages. A list runs over consecutive pages. All
// blocks of a list but the last hold 128 ordinals (a run block a multiple of 128); the last, the
// *tail*, what is left, if any. So the list's count, which the lexicon keeps, is all that a reader
// must know, and a list can be written without knowing its length.
//
//   page header  u32 page, u32 offset: where the list begins that the page's first block belongs to
//                u32 ordinals of that list on earlier pages
//   block        byte 0: bits 0-4 code, bit 5 has exceptions,
//                        bits 6-7 bytes of the first ordinal less 1
//                first ordinal, 1..4 bytes little-endian; then by the code of a full block:
//     0..26  packed: code = width. If it has exceptions: u8 count 1..127, u8 extra width. Then
//            16 * width bytes of gaps, then the exceptions, 7 + extra width bits each, a bit
//            stream from bit 0 of byte 0 on. Gap i is ordinal i less ordinal i-1 less 1; gap 0 is
//            0. Gap 32 * lane + step is the step-th value of its lane's bit stream; the streams'
//            32-bit words are interleaved, lane 0 first, so a vector of four words works on four
//            lanes at once, and prefix sums need no shuffle. An exception adds bits above the
//            width to one gap: bits 0-6 the gap's number, then those bits.
//     27     bitmap: u16 byte count (16..512), then a bit for every row from the first ordinal on
//     28     run: varint n >= 1; 128 * n consecutive ordinals
//     29     raw: 128 u32, the ordinals (gaps too wide for packing)
//   tail         byte 0: bits 0-4 low width L, bit 5 is 0, bits 6-7 as above
//                first ordinal, then one bit stream of Elias-Fano: with
//                y(i) = ordinal i - first ordinal - i, for i = 1..n-1 the low L bits of y(i), then
//                for each the difference of y(i) >> L to the one before in unary: that many 0 bits
//                and a 1
//
// Size: 26.3 million postings of 10 million names take 47 MB (the entropy of lists so long is 44
// MB); a list of all rows takes some 30 bytes, a list of every second row a quarter of a byte a
// row.
//
// Invariant: whatever bytes are stored, reading throws kCorrupt or yields ordinals that ascend
// strictly below row_count. Widths are limited to 26 so that a lane's 32-bit prefix sum cannot wrap
// around.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/ids.hpp"
#include "core/pages.hpp"
#include "core/row_bitmap.hpp"
#include "core/word_entry.hpp"

namespace namedex::core {

// Ordinals in a full block.
inline constexpr std::uint32_t kPostingBlock = 128;
// A bitmap block is never longer than a raw one.
inline constexpr std::uint32_t kMaxBitmapWords = kPostingBlock * 32 / 64;

// Writes lists one after the other. Memory does not depend on the length of a list.
class PostingWriter {
  public:
    // The section must be empty, and nobody else may append to it.
    explicit PostingWriter(SectionWriter& section) : section_(&section) {}

    void Begin();
    // Ordinals ascend strictly within a list (kInternal otherwise).
    void Add(RowOrdinal row);
    // Ends the list; count is 0, and nothing was written, if it was empty.
    ListRef End();

    // Begin, Add each, End.
    ListRef Write(const RowOrdinal* rows, std::size_t size);

  private:
    void FlushFull();
    void FlushRun();
    void FlushTail();
    void Put(const std::uint8_t* block, std::size_t size, std::uint32_t ordinals);

    SectionWriter* section_;
    Loc list_;
    std::uint64_t least_ = 0;       // the next ordinal must not be smaller
    std::uint32_t count_ = 0;       // of the list so far
    std::uint32_t placed_ = 0;      // of those, in blocks already written
    std::uint32_t filled_ = 0;      // of those, in rows_
    RowOrdinal run_first_ = 0;      // a run not yet written
    std::uint32_t run_blocks_ = 0;  // its length, 0 = none
    RowOrdinal rows_[kPostingBlock];
};

// Walks one list block by block: what PostingReader and PostingCursor share. Keeps the page of the
// last block pinned.
class PostingWalk {
  public:
    enum class Kind : std::uint8_t { kPacked, kBitmap, kRun, kRaw, kTail };
    static constexpr std::uint32_t kLanes = 4;
    static constexpr std::uint32_t kSteps = kPostingBlock / kLanes;

    PostingWalk(const SectionReader& section, std::uint32_t row_count);

    void Start(const ListRef& list);
    // Skips pages that end before `lo`; call it right after Start.
    void SeekPage(RowOrdinal lo);
    // Reads the next block's head; false at the list's end.
    bool Next();
    // Whether all of the current block is known to lie below `lo` without decoding it.
    bool EndsBelow(RowOrdinal lo) const;

    Kind kind() const { return kind_; }
    RowOrdinal first() const { return first_; }
    std::uint32_t size() const { return size_; }

    // Decode the current block, each the kind it is named for; the value is the block's last
    // ordinal. Packed rows come in lane order, slots[step * kLanes + lane], less `bias`.
    RowOrdinal DecodePacked(RowOrdinal bias, std::uint32_t (&slots)[kPostingBlock]);
    RowOrdinal DecodeBitmap(std::uint64_t (&words)[kMaxBitmapWords], std::uint32_t& word_count);
    RowOrdinal DecodeRun();
    RowOrdinal DecodeRaw(RowOrdinal (&rows)[kPostingBlock]);
    RowOrdinal DecodeTail(RowOrdinal (&rows)[kPostingBlock]);
    // Any kind but a run, into ascending order.
    RowOrdinal DecodeRows(RowOrdinal (&rows)[kPostingBlock]);

    void Release() noexcept { pin_.Reset(); }

  private:
    void OpenPage(std::uint32_t page);
    bool PageFirst(std::uint32_t page, RowOrdinal& first);
    void ReadFullHead(std::uint8_t head, Span rest);
    RowOrdinal Checked(std::uint64_t last);

    SectionReader section_;
    std::uint32_t row_count_;
    PinnedPage pin_;
    ListRef list_;
    Loc at_;                       // the next block
    std::uint32_t remaining_ = 0;  // ordinals from at_ on
    std::uint64_t least_ = 0;      // the next block must not begin below

    Kind kind_ = Kind::kTail;
    RowOrdinal first_ = 0;
    std::uint32_t size_ = 0;
    Span body_;  // after the first ordinal; a full block's is cut to its length
    std::uint8_t width_ = 0;
    std::uint8_t exceptions_ = 0;
    std::uint8_t extra_width_ = 0;
    // What exceptions add to the gaps, by slot; all 0 between calls.
    std::uint32_t patches_[kPostingBlock] = {};
};

// Reads lists. Holds at most one page pinned, until the next call, Release, or destruction.
class PostingReader {
  public:
    PostingReader(const SectionReader& section, std::uint32_t row_count)
        : row_count_(row_count), walk_(section, row_count) {}

    // Appends the list's ordinals in [lo, hi) to `out`.
    void AppendRange(const ListRef& list, RowOrdinal lo, RowOrdinal hi,
                     std::pmr::vector<RowOrdinal>& out);
    void Append(const ListRef& list, std::pmr::vector<RowOrdinal>& out) {
        AppendRange(list, 0, row_count_, out);
    }

    // Sets the bits of the list's ordinals that lie in [lo, hi) and in the bitmap's window.
    void OrRange(const ListRef& list, RowOrdinal lo, RowOrdinal hi, RowBitmap& out);
    void Or(const ListRef& list, RowBitmap& out) { OrRange(list, 0, row_count_, out); }
    // The same for a word: every one of `classes`, inline or list.
    void OrWord(const WordEntry& entry, ClassMask classes, RowOrdinal lo, RowOrdinal hi,
                RowBitmap& out);

    bool Contains(const ListRef& list, RowOrdinal row);

    std::uint32_t row_count() const { return row_count_; }
    void Release() noexcept { walk_.Release(); }

  private:
    std::uint32_t row_count_;
    PostingWalk walk_;
};

// Walks one list in constant memory, for merging.
//
//     PostingCursor cursor(section, row_count, list);
//     for (OrdinalSpan rows = cursor.Next(); rows.size > 0; rows = cursor.Next()) { … }
class PostingCursor {
  public:
    // `section` and `row_count` as for PostingReader. Damage throws kCorrupt from Next.
    PostingCursor(const SectionReader& section, std::uint32_t row_count, const ListRef& list);

    // The next 1..kPostingBlock ordinals, valid until the next call; empty at the end.
    OrdinalSpan Next();

  private:
    PostingWalk walk_;
    std::uint64_t run_next_ = 0;
    std::uint64_t run_end_ = 0;
    RowOrdinal rows_[kPostingBlock];
};

}  // namespace namedex::core
