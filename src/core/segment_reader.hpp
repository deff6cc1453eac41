// Opens a segment (bytes: core/segment_format.hpp) for reading.
//
// Opening reads the header page only; each column's readers are made when first asked for, so that
// a search touches no section it does not need. Nothing is trusted: sections are checked against
// the segment's length here, everything inside a section by that section's reader.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <vector>

#include "core/blob_store.hpp"
#include "core/forward_reader.hpp"
#include "core/found_terms.hpp"
#include "core/include_reader.hpp"
#include "core/lexicon_reader.hpp"
#include "core/postings.hpp"
#include "core/ranked_texts.hpp"
#include "core/row_bitmap.hpp"
#include "core/segment_format.hpp"
#include "core/tid_map.hpp"
#include "core/word_text_cache.hpp"

namespace namedex::core {

// One key column of an open segment.
class ColumnReader {
  public:
    ColumnReader(PageSource& source, const ColumnHeader& header, std::uint32_t row_count,
                 std::pmr::memory_resource* memory)
        : source_(&source), header_(&header), row_count_(row_count), memory_(memory) {}

    const ColumnHeader& header() const { return *header_; }
    LexiconReader& lexicon();
    PostingReader& postings();
    ForwardReader& forward();
    BlobReader& opaque();
    // The texts of words met so far.
    WordTextCache& texts();
    // The same by rank, of the frequent ones.
    RankedTexts& frequent_words();
    FoundTerms& found_terms();
    // How much of the lexicon searches have looked at, or would have, had nothing been kept.
    std::uint64_t blocks_searched() const;
    std::uint64_t words_searched() const;
    SectionReader Section(ColumnSection section) const;

    // Unpins every page.
    void Release() noexcept;
    // Gives up what can be had again in less time than opening the segment takes: words' texts, and
    // rows of terms. Not while an OriginalReader of the column is in use.
    void Trim();

  private:
    PageSource* source_;
    const ColumnHeader* header_;
    std::uint32_t row_count_;
    std::pmr::memory_resource* memory_;
    std::unique_ptr<LexiconReader> lexicon_;
    std::unique_ptr<PostingReader> postings_;
    std::unique_ptr<ForwardReader> forward_;
    std::unique_ptr<BlobReader> opaque_;
    std::unique_ptr<WordTextCache> texts_;
    std::unique_ptr<RankedTexts> frequent_words_;
    std::unique_ptr<FoundTerms> found_terms_;
};

class SegmentReader {
  public:
    // `page_count`: the segment's length; its last page is the header. `source` outlives the
    // reader.
    SegmentReader(PageSource& source, std::uint32_t page_count, std::pmr::memory_resource* memory);
    SegmentReader(const SegmentReader&) = delete;
    SegmentReader& operator=(const SegmentReader&) = delete;

    const SegmentHeader& header() const { return header_; }
    std::uint32_t row_count() const { return header_.row_count; }
    std::uint32_t column_count() const {
        return static_cast<std::uint32_t>(header_.columns.size());
    }
    ColumnReader& column(std::uint32_t i) { return *columns_.at(i); }
    std::uint32_t include_count() const {
        return static_cast<std::uint32_t>(header_.includes.size());
    }
    IncludeType include_type(std::uint32_t i) const { return header_.includes.at(i).type; }
    // May throw kCorrupt when first asked for.
    IncludeReader& include(std::uint32_t i);
    TidMapReader& tids();
    SectionReader Section(SegmentSection section) const;

    void Release() noexcept;
    void Trim();

  private:
    PageSource* source_;
    std::pmr::memory_resource* memory_;
    SegmentHeader header_;
    std::vector<std::unique_ptr<ColumnReader>> columns_;
    std::vector<std::unique_ptr<IncludeReader>> includes_;
    std::unique_ptr<TidMapReader> tids_;
};

}  // namespace namedex::core
