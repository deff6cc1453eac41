#include "core/segment_reader.hpp"

namespace namedex::core {

namespace {

// Holds the words of a column of names.
constexpr std::size_t kTextBytes = std::size_t{8} << 20;

}  // namespace

SectionReader ColumnReader::Section(ColumnSection section) const {
    const SectionRange& range = (*header_)[section];
    return {*source_, range.first_page, range.page_count};
}

LexiconReader& ColumnReader::lexicon() {
    if (!lexicon_) {
        LexiconSource source;
        source.blocks = Section(ColumnSection::kLexicon);
        source.directory = Section(ColumnSection::kLexiconDirectory);
        source.grams = Section(ColumnSection::kGrams);
        source.gram_directory = Section(ColumnSection::kGramDirectory);
        source.word_count = header_->word_count;
        source.block_count = header_->block_count;
        source.ordinal_bytes = OrdinalBytes(row_count_);
        lexicon_ = std::make_unique<LexiconReader>(source, memory_);
    }
    return *lexicon_;
}

PostingReader& ColumnReader::postings() {
    if (!postings_) {
        postings_ =
            std::make_unique<PostingReader>(Section(ColumnSection::kPostings), row_count_);
    }
    return *postings_;
}

ForwardReader& ColumnReader::forward() {
    if (!forward_) {
        forward_ = std::make_unique<ForwardReader>(Section(ColumnSection::kForward),
                                                   Section(ColumnSection::kForwardDirectory),
                                                   Section(ColumnSection::kForwardDictionary),
                                                   row_count_, header_->word_count, memory_);
    }
    return *forward_;
}

BlobReader& ColumnReader::opaque() {
    if (!opaque_) {
        opaque_ = std::make_unique<BlobReader>(Section(ColumnSection::kOpaque),
                                               Section(ColumnSection::kOpaqueDirectory));
        if (opaque_->count() != header_->opaque_count) {
            ThrowCorrupt("a column holds another number of opaque values than its header says");
        }
    }
    return *opaque_;
}

WordTextCache& ColumnReader::texts() {
    if (!texts_) {
        texts_ = std::make_unique<WordTextCache>(lexicon(), kTextBytes, memory_);
    }
    return *texts_;
}

RankedTexts& ColumnReader::frequent_words() {
    if (!frequent_words_) {
        frequent_words_ = std::make_unique<RankedTexts>(forward().word_ranks(), memory_);
    }
    return *frequent_words_;
}

FoundTerms& ColumnReader::found_terms() {
    if (!found_terms_) {
        found_terms_ = std::make_unique<FoundTerms>(lexicon(), row_count_, memory_);
    }
    return *found_terms_;
}

std::uint64_t ColumnReader::blocks_searched() const {
    return (lexicon_ ? lexicon_->blocks_read() : 0) +
           (found_terms_ ? found_terms_->blocks_spared() : 0);
}

std::uint64_t ColumnReader::words_searched() const {
    return (lexicon_ ? lexicon_->words_read() : 0) +
           (found_terms_ ? found_terms_->words_spared() : 0);
}

void ColumnReader::Trim() {
    texts_.reset();
    frequent_words_.reset();
    found_terms_.reset();
}

void ColumnReader::Release() noexcept {
    if (postings_) {
        postings_->Release();
    }
    if (forward_) {
        forward_->Release();
    }
    if (opaque_) {
        opaque_->Release();
    }
}

namespace {

SegmentHeader ReadHeader(PageSource& source, std::uint32_t page_count) {
    if (page_count == 0) {
        ThrowCorrupt("a segment has no pages");
    }
    const PinnedPage page(source, page_count - 1);
    return DecodeSegmentHeader(page.bytes(), page_count);
}

}  // namespace

SegmentReader::SegmentReader(PageSource& source, std::uint32_t page_count,
                             std::pmr::memory_resource* memory)
    : source_(&source), memory_(memory), header_(ReadHeader(source, page_count)) {
    columns_.reserve(header_.columns.size());
    for (const ColumnHeader& column : header_.columns) {
        columns_.push_back(
            std::make_unique<ColumnReader>(source, column, header_.row_count, memory));
    }
    includes_.resize(header_.includes.size());
}

IncludeReader& SegmentReader::include(std::uint32_t i) {
    std::unique_ptr<IncludeReader>& reader = includes_.at(i);
    if (!reader) {
        const IncludeHeader& header = header_.includes[i];
        const auto section = [&](IncludeSection s) {
            return SectionReader(*source_, header[s].first_page, header[s].page_count);
        };
        reader = std::make_unique<IncludeReader>(
            header.type,
            IncludeSource{section(IncludeSection::kPages), section(IncludeSection::kDirectory),
                          section(IncludeSection::kDictionary),
                          section(IncludeSection::kLongValues)},
            header_.row_count, memory_);
    }
    return *reader;
}

SectionReader SegmentReader::Section(SegmentSection section) const {
    const SectionRange& range = header_[section];
    return {*source_, range.first_page, range.page_count};
}

TidMapReader& SegmentReader::tids() {
    if (!tids_) {
        tids_ = std::make_unique<TidMapReader>(Section(SegmentSection::kTids),
                                               Section(SegmentSection::kTidDirectory),
                                               header_.row_count, memory_);
    }
    return *tids_;
}

void SegmentReader::Release() noexcept {
    for (const std::unique_ptr<ColumnReader>& column : columns_) {
        column->Release();
    }
    for (const std::unique_ptr<IncludeReader>& include : includes_) {
        if (include) {
            include->Release();
        }
    }
    if (tids_) {
        tids_->Release();
    }
}

void SegmentReader::Trim() {
    for (const std::unique_ptr<ColumnReader>& column : columns_) {
        column->Trim();
    }
    for (const std::unique_ptr<IncludeReader>& include : includes_) {
        if (include) {
            include->Trim();
        }
    }
}

}  // namespace namedex::core
