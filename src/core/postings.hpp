// Posting lists: ascending row ordinals, stored in blocks.
//
// FORMAT TO BE COMPLETED WITH postings.cpp.
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

// Writes lists one after the other into a section that holds nothing else. Memory does not depend on the
// length of a list.
class PostingWriter {
  public:
    explicit PostingWriter(SectionWriter& section);

    void Begin();
    // Ordinals ascend strictly within a list (kInternal otherwise).
    void Add(RowOrdinal row);
    // Ends the list; count is 0, and nothing was written, if it was empty.
    ListRef End();

    // Begin, Add each, End.
    ListRef Write(const RowOrdinal* rows, std::size_t size);

  private:
    SectionWriter* section_;
};

// Reads lists. Holds at most one page pinned, until the next call, Release, or destruction. Whatever bytes
// are stored, a call either throws kCorrupt or yields strictly ascending ordinals below row_count.
class PostingReader {
  public:
    PostingReader(const SectionReader& section, std::uint32_t row_count);

    // Appends the list's ordinals in [lo, hi) to `out`.
    void AppendRange(const ListRef& list, RowOrdinal lo, RowOrdinal hi,
                     std::pmr::vector<RowOrdinal>& out);
    void Append(const ListRef& list, std::pmr::vector<RowOrdinal>& out) {
        AppendRange(list, 0, row_count_, out);
    }

    // Sets the bits of the list's ordinals that lie in [lo, hi) and in the bitmap's window.
    void OrRange(const ListRef& list, RowOrdinal lo, RowOrdinal hi, RowBitmap& out);
    void Or(const ListRef& list, RowBitmap& out) { OrRange(list, 0, row_count_, out); }

    bool Contains(const ListRef& list, RowOrdinal row);

    std::uint32_t row_count() const { return row_count_; }
    void Release() noexcept { pin_.Reset(); }

  private:
    SectionReader section_;
    std::uint32_t row_count_;
    PinnedPage pin_;
};

// Walks one list block by block in constant memory, for merging.
//
//     PostingCursor cursor(reader, list);
//     for (OrdinalSpan rows = cursor.Next(); rows.size > 0; rows = cursor.Next()) { … }
class PostingCursor {
  public:
    // `section` as given to PostingReader; damage throws kCorrupt from Next.
    PostingCursor(const SectionReader& section, std::uint32_t row_count, const ListRef& list);

    // The next 1..kPostingBlock ordinals, valid until the next call; empty at the end.
    OrdinalSpan Next();

  private:
    SectionReader section_;
};

}  // namespace namedex::core
