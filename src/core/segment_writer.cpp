#include "core/segment_writer.hpp"

#include <utility>

namespace namedex::core {

// What one key column holds while it is written.
struct SegmentWriter::Column {
    Column(Output& out, PageStoreFactory& temporary, const SegmentOptions& options,
           std::pmr::memory_resource* memory)
        : postings_section(out),
          postings(postings_section),
          lexicon(temporary),
          lexicon_directory(temporary),
          words(lexicon.writer, lexicon_directory.writer, memory,
                options.grams ? options.gram_memory : 0, options.poll),
          forward_section(out),
          forward_directory(temporary),
          forward_dictionary(temporary),
          forward(forward_section, forward_directory.writer, forward_dictionary.writer, memory),
          opaque(temporary),
          opaque_directory(temporary),
          blobs(opaque.writer, opaque_directory.writer) {}

    SectionWriter postings_section;
    PostingWriter postings;
    Side lexicon;
    Side lexicon_directory;
    LexiconWriter words;
    SectionWriter forward_section;
    Side forward_directory;
    Side forward_dictionary;
    ForwardWriter forward;
    Side opaque;
    Side opaque_directory;
    BlobWriter blobs;
    ColumnHeader header;
    std::uint32_t rows = 0;
    bool nulls_open = false;
};

SegmentWriter::SegmentWriter(PageSink& out, PageStoreFactory& temporary, std::uint32_t column_count,
                             std::uint32_t row_count, const SegmentOptions& options,
                             std::pmr::memory_resource* memory, IncludeTypes include_types)
    : out_(out),
      temporary_(&temporary),
      options_(options),
      memory_(memory),
      column_count_(column_count),
      include_types_(std::move(include_types)),
      ordinal_bytes_(OrdinalBytes(row_count)),
      tids_(out_),
      tid_directory_(std::make_unique<Side>(temporary)),
      folded_(memory),
      original_(memory),
      entry_(memory) {
    if (column_count + include_types_.size() > kMaxColumns) {
        ThrowInternal("a segment was announced with too many columns");
    }
    header_.row_count = row_count;
    tid_map_.emplace(tids_, tid_directory_->writer);
}

SegmentWriter::~SegmentWriter() = default;

void SegmentWriter::AddTid(Tid tid) {
    tid_map_->Add(tid);
    ++tid_count_;
}

SectionRange SegmentWriter::CopyOut(Side& side) {
    const std::uint32_t first = out_.pages();
    return {first, side.MoveTo(out_)};
}

void SegmentWriter::EndTids() {
    if (tid_count_ != header_.row_count) {
        Throw(ErrorCode::kInternal, "a segment was given another number of rows than announced");
    }
    tid_map_->Finish();
    header_[SegmentSection::kTids] = {0, tids_.Finish()};
    header_[SegmentSection::kTidDirectory] = CopyOut(*tid_directory_);
    tid_map_.reset();
    tid_directory_.reset();

    const std::uint32_t pages = static_cast<std::uint32_t>(
        (std::uint64_t{header_.row_count} + kTombstonesPerPage - 1) / kTombstonesPerPage);
    header_[SegmentSection::kTombstones] = {out_.pages(), pages};
    const std::vector<std::uint8_t> none(kPagePayload);
    for (std::uint32_t page = 0; page < pages; ++page) {
        out_.Write(none.data(), kPagePayload);
    }
}

void SegmentWriter::BeginColumn() {
    if (tid_map_) {
        EndTids();
    }
    column_ = std::make_unique<Column>(out_, *temporary_, options_, memory_);
    column_->header[ColumnSection::kPostings].first_page = out_.pages();
}

void SegmentWriter::BeginWord(std::string_view folded, std::string_view original) {
    folded_.assign(folded);
    original_.assign(original);
    for (std::vector<RowOrdinal>& few : few_) {
        few.clear();
    }
    open_list_ = -1;
    for (ListRef& list : lists_) {
        list = {};
    }
    occurrences_ = 0;
}

void SegmentWriter::EndList() {
    if (open_list_ >= 0) {
        lists_[open_list_] = column_->postings.End();
        open_list_ = -1;
    }
}

void SegmentWriter::AddPostings(WordClass word_class, const RowOrdinal* rows, std::size_t size) {
    const int c = static_cast<int>(word_class);
    std::vector<RowOrdinal>& few = few_[c];
    occurrences_ += size;
    if (open_list_ != c) {
        if (few.size() + size <= kInlineLimit) {
            few.insert(few.end(), rows, rows + size);
            return;
        }
        EndList();
        column_->postings.Begin();
        open_list_ = c;
        for (const RowOrdinal row : few) {
            column_->postings.Add(row);
        }
        few.clear();
    }
    for (std::size_t i = 0; i < size; ++i) {
        column_->postings.Add(rows[i]);
    }
}

WordId SegmentWriter::EndWord() {
    EndList();
    ClassPostings classes[kWordClasses];
    for (int c = 0; c < kWordClasses; ++c) {
        if (few_[c].empty()) {
            classes[c].count = lists_[c].count;
            classes[c].loc = lists_[c].loc;
        } else {
            classes[c].count = static_cast<std::uint32_t>(few_[c].size());
            classes[c].rows = few_[c].data();
        }
    }
    entry_.clear();
    EncodeWordEntry(folded_, original_, classes, ordinal_bytes_, entry_);
    const WordId id = column_->words.Add(folded_, {entry_.data(), entry_.size()});
    column_->forward.ObserveWord(id, occurrences_);
    column_->header.posting_count += occurrences_;
    return id;
}

void SegmentWriter::AddNull(RowOrdinal row) {
    if (!column_->nulls_open) {
        column_->postings.Begin();
        column_->nulls_open = true;
    }
    column_->postings.Add(row);
}

ShapeId SegmentWriter::AddShape(std::string_view shape, std::uint64_t rows) {
    return column_->forward.AddShape(shape, rows);
}

void SegmentWriter::ObserveRows(std::uint64_t nulls, std::uint64_t opaque) {
    column_->forward.ObserveNulls(nulls);
    column_->forward.ObserveOpaque(opaque);
}

void SegmentWriter::BeginRows() {
    Column& column = *column_;
    if (column.nulls_open) {
        column.header.nulls = column.postings.End();
    }
    column.header[ColumnSection::kPostings].page_count = column.postings_section.Finish();

    Side grams(*temporary_);
    Side gram_directory(*temporary_);
    column.words.Finish(grams.writer, gram_directory.writer);
    column.header.word_count = column.words.word_count();
    column.header.block_count = column.words.block_count();
    column.header.text_bytes = column.words.text_bytes();
    column.header[ColumnSection::kLexicon] = CopyOut(column.lexicon);
    column.header[ColumnSection::kLexiconDirectory] = CopyOut(column.lexicon_directory);
    column.header[ColumnSection::kGrams] = CopyOut(grams);
    column.header[ColumnSection::kGramDirectory] = CopyOut(gram_directory);

    column.header[ColumnSection::kForward].first_page = out_.pages();
    column.forward.Begin(column.header.word_count);
}

void SegmentWriter::AddNullRow() {
    column_->forward.AddNull();
    ++column_->rows;
}

void SegmentWriter::AddOpaqueRow(std::string_view original, std::string_view folded) {
    column_->forward.AddOpaque(column_->blobs.Add(column_->rows, original, folded));
    ++column_->rows;
}

void SegmentWriter::AddRow(ShapeId shape, const WordId* words, std::size_t size) {
    column_->forward.AddRow(shape, words, size);
    ++column_->rows;
}

void SegmentWriter::EndColumn() {
    Column& column = *column_;
    if (column.rows != header_.row_count) {
        Throw(ErrorCode::kInternal, "a column was given another number of rows than the segment");
    }
    const ForwardStats stats = column.forward.Finish();
    column.header.shape_count = stats.shape_count;
    column.header[ColumnSection::kForward].page_count = column.forward_section.Finish();
    column.header[ColumnSection::kForwardDirectory] = CopyOut(column.forward_directory);
    column.header[ColumnSection::kForwardDictionary] = CopyOut(column.forward_dictionary);
    column.blobs.Finish();
    column.header.opaque_count = column.blobs.count();
    column.header[ColumnSection::kOpaque] = CopyOut(column.opaque);
    column.header[ColumnSection::kOpaqueDirectory] = CopyOut(column.opaque_directory);
    header_.columns.push_back(column.header);
    column_.reset();
}

void SegmentWriter::BeginInclude() {
    const std::size_t number = header_.includes.size();
    if (header_.columns.size() != column_count_ || number == include_types_.size()) {
        ThrowInternal("an INCLUDE column was begun out of turn");
    }
    header_.includes.emplace_back();
    header_.includes.back().type = include_types_[number];
    header_.includes.back()[IncludeSection::kPages].first_page = out_.pages();
    include_ = std::make_unique<IncludeWriter>(out_, *temporary_, include_types_[number], memory_);
}

void SegmentWriter::AddIncludeNull() {
    include_->AddNull();
}

void SegmentWriter::AddInclude(std::string_view bytes) {
    include_->Add(bytes);
}

void SegmentWriter::EndInclude() {
    if (include_->row_count() != header_.row_count) {
        ThrowInternal("an INCLUDE column was given another number of rows than the segment");
    }
    IncludeHeader& header = header_.includes.back();
    header[IncludeSection::kPages].page_count = include_->Finish();
    header[IncludeSection::kDirectory] = CopyOut(include_->directory());
    header[IncludeSection::kDictionary] = CopyOut(include_->dictionary());
    header[IncludeSection::kLongValues] = CopyOut(include_->long_values());
    include_.reset();
}

SegmentStats SegmentWriter::Finish() {
    if (header_.columns.size() != column_count_ ||
        header_.includes.size() != include_types_.size() || include_ != nullptr) {
        Throw(ErrorCode::kInternal,
              "a segment was given another number of columns than announced");
    }
    const std::vector<std::uint8_t> header = EncodeSegmentHeader(header_);
    out_.Write(header.data(), static_cast<std::uint32_t>(header.size()));
    return {out_.pages(), header_};
}

}  // namespace namedex::core
