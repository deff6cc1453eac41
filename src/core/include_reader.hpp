// Reads an INCLUDE column (bytes: core/include_format.hpp).
//
//     IncludeReader reader(type, sections, row_count, memory);
//     std::string_view value;
//     if (reader.Read(ordinal, value)) …    // any order; ascending is fastest
//
// Holds the page directory, 4 bytes a page, and the dictionary, if there is one, of at most 800 kB,
// from the first code read until Trim; keeps one page of each section pinned until Release. Bytes
// that break the format throw kCorrupt; an Error leaves the reader usable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/include_block.hpp"
#include "core/include_dictionary.hpp"
#include "core/include_type.hpp"
#include "core/pages.hpp"

namespace namedex::core {

struct IncludeSource {
    SectionReader pages;
    SectionReader directory;
    SectionReader dictionary;
    SectionReader long_values;
};

class IncludeReader {
  public:
    IncludeReader(IncludeType type, const IncludeSource& source, std::uint32_t row_count,
                  std::pmr::memory_resource* memory);
    IncludeReader(const IncludeReader&) = delete;
    IncludeReader& operator=(const IncludeReader&) = delete;

    IncludeType type() const { return type_; }
    std::uint32_t row_count() const { return row_count_; }

    // The value of a row below row_count(); false if it is NULL. A number's value has its width, in
    // little-endian order. The view holds until the next call of anything on this reader.
    bool Read(RowOrdinal row, std::string_view& value);
    // Of a kNumber column only.
    bool ReadNumber(RowOrdinal row, std::int64_t& value);

    // Unpins; the next call pins again.
    void Release() noexcept;
    // Gives up memory that is not worth keeping until another search.
    void Trim();

  private:
    // Makes the row's block the open one.
    void Seek(RowOrdinal row);
    void OpenPage(RowOrdinal row);
    // The entry of the code that the open block has for a row; false if it is NULL.
    bool ReadEntry(RowOrdinal row, std::string_view& entry);
    bool ReadText(RowOrdinal row, std::string_view& value);
    std::string_view LongValue(std::string_view reference);

    IncludeType type_;
    IncludeSource source_;
    std::uint32_t row_count_;
    std::pmr::memory_resource* memory_;
    std::pmr::vector<RowOrdinal> page_first_;  // of every page, then row_count
    std::unique_ptr<IncludeDictionary> dictionary_;

    // Where the reader stands: rows [block_begin_, block_begin_ + block_rows_) are those of the
    // open block, of a page of rows [page_begin_, page_begin_ + page_rows_). Nothing open: no rows.
    PinnedPage page_;
    RowOrdinal page_begin_ = 0;
    std::uint32_t page_rows_ = 0;
    IncludePageKind kind_ = IncludePageKind::kNumbers;
    RowOrdinal block_begin_ = 0;
    std::uint32_t block_rows_ = 0;
    NumberBlock numbers_;  // or codes
    TextBlock texts_;

    char number_[8] = {};
    char text_[kMaxPrefixBytes + kMaxInlineBytes];  // the block's prefix, and what follows it
    std::pmr::string long_text_;
    PinnedPage long_page_;
};

}  // namespace namedex::core
