// Writes the forward store of one key column (bytes: core/forward_format.hpp), in two phases.
//
//     ForwardWriter writer(pages, directory, dictionary, memory);
//     for (each word) writer.ObserveWord(id, occurrences);         // phase 1: frequencies
//     for (each distinct shape) writer.AddShape(shape, rows);
//     writer.ObserveNulls(nulls); writer.ObserveOpaque(opaques);
//     writer.Begin(word_count);
//     for (each row) writer.AddRow(shape_id, words, n);            // phase 2: rows in ordinal
//     order ForwardStats stats = writer.Finish();
//
// Memory: the encoders (see SymbolEncoder), one page, and one byte per shape. The sections must be
// empty and belong to this writer alone until Finish, which also finishes them
// (SectionWriter::Finish may be called again for the page count).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "core/bit_stream.hpp"
#include "core/forward_format.hpp"
#include "core/ids.hpp"
#include "core/pages.hpp"
#include "core/prefix_code.hpp"

namespace namedex::core {

struct ForwardStats {
    std::uint32_t row_count = 0;
    std::uint64_t word_occurrences = 0;
    std::uint64_t row_code_bits = 0;  // row symbols and opaque ids
    std::uint64_t word_code_bits = 0;
    std::uint32_t shape_count = 0;
    std::uint32_t pages = 0;
    std::uint32_t directory_pages = 0;
    std::uint32_t dictionary_pages = 0;
};

class ForwardWriter {
  public:
    ForwardWriter(SectionWriter& pages, SectionWriter& directory, SectionWriter& dictionary,
                  std::pmr::memory_resource* memory);
    ForwardWriter(const ForwardWriter&) = delete;
    ForwardWriter& operator=(const ForwardWriter&) = delete;

    // Phase 1. Each word once, ids ascending, with its occurrences in all rows.
    void ObserveWord(WordId id, std::uint64_t occurrences);
    // A distinct shape and the number of rows that have it; ids are given out in call order from 0.
    ShapeId AddShape(std::string_view shape, std::uint64_t occurrences);
    void ObserveNulls(std::uint64_t rows) { nulls_ += rows; }
    void ObserveOpaque(std::uint64_t rows) { opaques_ += rows; }
    // Ends phase 1; every word id is below `word_count`.
    void Begin(std::uint32_t word_count);

    // Phase 2. The rows, in ordinal order from 0.
    void AddNull();
    void AddOpaque(std::uint32_t opaque_id);  // below the number of observed opaque rows
    void AddRow(ShapeId shape, const WordId* words, std::size_t n);

    ForwardStats Finish();

  private:
    void WriteShapePage();
    void AppendRow();
    void EndGroup();
    void WritePage();
    void WriteNumber(std::uint32_t number);
    void WriteTrailer(Loc numbers);

    SectionWriter* pages_;
    SectionWriter* directory_;
    SectionWriter* dictionary_;
    SymbolEncoder rows_;
    SymbolEncoder words_;
    std::uint64_t nulls_ = 0;
    std::uint64_t opaques_ = 0;
    std::uint32_t word_count_ = 0;
    unsigned opaque_bits_ = 0;
    bool begun_ = false;
    std::int64_t last_observed_word_ = -1;

    // The shape page being filled, and what is kept of the shapes before it.
    std::pmr::vector<std::uint8_t> shape_text_;
    std::pmr::vector<std::uint16_t> shape_ends_;  // in shape_text_
    std::pmr::vector<std::uint32_t> shape_page_first_;
    std::pmr::vector<std::uint8_t> shape_words_;  // words of every shape

    // The page being filled.
    std::pmr::vector<BitCode> row_;                  // codes of the row being added
    std::pmr::vector<std::uint8_t> group_bytes_;     // all groups of the page
    std::pmr::vector<std::uint16_t> group_offsets_;  // in group_bytes_
    BitWriter bits_;
    std::size_t group_bits_ = 0;
    unsigned group_rows_ = 0;
    std::uint32_t page_first_ = 0;
    std::pmr::vector<std::uint8_t> object_;  // a page's object, assembled

    ForwardStats stats_;
};

}  // namespace namedex::core
