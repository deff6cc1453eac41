// Reads the forward store of one key column (bytes: core/forward_format.hpp).
//
//     ForwardReader forward(pages, directory, dictionary, row_count, word_count, memory);
//     ForwardReader::Row row;
//     forward.Read(ordinal, row);           // any order; ascending is fastest
//     if (row.kind == ForwardReader::kRegular) forward.ShapeText(row.shape);
//
// Holds the page directory, the rank tables (at most 256 kB each) and up to kShapeSlots shapes;
// keeps one page of each section pinned until Release. Every word id, shape id and opaque id it
// returns has been checked against its count, and row.words is the number of markers in
// ShapeText(row.shape); bytes that break the format throw kCorrupt. An Error leaves the reader
// usable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/bit_stream.hpp"
#include "core/forward_format.hpp"
#include "core/ids.hpp"
#include "core/pages.hpp"
#include "core/prefix_code.hpp"

namespace namedex::core {

class ForwardReader {
  public:
    enum Kind : std::uint8_t { kNull, kOpaque, kRegular };

    struct Row {
        Kind kind;
        std::uint16_t words;      // kRegular, else 0
        std::uint32_t opaque_id;  // kOpaque only
        std::uint32_t shape;      // kRegular only: argument of ShapeText
        WordId word[kMaxWordsPerValue];
    };
    // A row whose words are left as they are coded: the rank of a frequent word, a number below
    // word_ranks(), or a greater number; WordOf tells the id of either.
    struct CodedRow {
        Kind kind;
        std::uint16_t words;
        std::uint32_t opaque_id;
        std::uint32_t shape;
        std::uint64_t word[kMaxWordsPerValue];
    };

    ForwardReader(SectionReader pages, SectionReader directory, SectionReader dictionary,
                  std::uint32_t row_count, std::uint32_t word_count,
                  std::pmr::memory_resource* memory);

    // The row `ordinal` < row_count. Fills `words` entries of row.word, leaves the others alone.
    void Read(RowOrdinal ordinal, Row& row);
    void Read(RowOrdinal ordinal, CodedRow& row);
    std::uint32_t word_ranks() const { return words_.rank_count(); }
    // `number` is one of a CodedRow of this reader.
    WordId WordOf(std::uint64_t number) const { return WordId{words_.Symbol(number)}; }

    // Shapes are numbered 0 .. shape_count() - 1, as ForwardWriter::AddShape gave them out.
    std::uint32_t shape_count() const { return shape_count_; }
    // The value with each word replaced by kWordMarker. The view holds until the next call of
    // ShapeText or Read; with no more than kShapeSlots shapes, as long as the reader.
    std::string_view ShapeText(std::uint32_t shape) const;

    std::uint32_t row_count() const { return row_count_; }
    std::uint32_t opaque_count() const { return opaque_count_; }

    // Unpins; the next call pins again.
    void Release() noexcept;

    static constexpr std::size_t kShapeSlots = 2048;

  private:
    struct Opened;  // the trailer and the numbers, read

    ForwardReader(SectionReader pages, SectionReader directory, SectionReader dictionary,
                  std::uint32_t row_count, Opened&& opened, std::pmr::memory_resource* memory);

    template <typename AnyRow, typename TakeWord>
    void ReadAs(RowOrdinal ordinal, AnyRow& __restrict row, TakeWord take_word);
    void LoadDirectory(const SectionReader& directory);
    void Seek(RowOrdinal ordinal);
    void OpenPage(RowOrdinal ordinal);
    void StartGroup(std::uint32_t group);
    void SkipTo(RowOrdinal ordinal);
    std::uint32_t WordsOf(std::uint32_t shape) const { return shape_words_[Slot(shape)]; }
    // The slot that holds `shape` < shape_count_, loaded if need be.
    std::size_t Slot(std::uint32_t shape) const {
        const std::size_t slot = shape % kShapeSlots;
        if (shape_owner_[slot] != shape) {
            LoadShape(shape, slot);
        }
        return slot;
    }
    void LoadShape(std::uint32_t shape, std::size_t slot) const;

    SectionReader pages_;
    SectionReader dictionary_;
    std::uint32_t row_count_;
    std::uint32_t opaque_count_;
    std::uint32_t shape_count_;
    unsigned opaque_bits_;
    SymbolDecoder rows_;
    SymbolDecoder words_;
    std::pmr::vector<RowOrdinal> page_first_;           // of every page, then row_count
    std::pmr::vector<std::uint32_t> shape_page_first_;  // of every shape page, then shape_count

    // Where the reader stands: on the page of rows [page_begin_, page_end_), before row next_ of
    // the group that ends before row group_end_. Nothing open: page_begin_ == page_end_ ==
    // group_end_ == 0.
    PinnedPage page_;
    RowOrdinal page_begin_ = 0;
    RowOrdinal page_end_ = 0;
    RowOrdinal next_ = 0;
    RowOrdinal group_end_ = 0;
    std::size_t bit_ = 0;  // of row next_, from the page's begin

    // Shapes met so far: shape s lives in slot s % slots, the latest wins.
    mutable PinnedPage shape_page_;
    mutable std::pmr::vector<std::uint32_t> shape_owner_;  // shape in the slot, kNoShape if none
    mutable std::pmr::vector<std::uint8_t> shape_words_;
    mutable std::pmr::vector<std::pmr::string> shape_text_;
};

}  // namespace namedex::core
