#include "core/forward_writer.hpp"

#include <algorithm>

namespace namedex::core {

ForwardWriter::ForwardWriter(SectionWriter& pages, SectionWriter& directory,
                             SectionWriter& dictionary, std::pmr::memory_resource* memory)
    : pages_(&pages),
      directory_(&directory),
      dictionary_(&dictionary),
      rows_(memory),
      words_(memory),
      shape_text_(memory),
      shape_ends_(memory),
      shape_page_first_(memory),
      shape_words_(memory),
      row_(memory),
      group_bytes_(memory),
      group_offsets_(memory),
      bits_(group_bytes_),
      object_(memory) {
    for (const SectionWriter* section : {pages_, directory_, dictionary_}) {
        if (!(section->tell() == Loc{0, 0})) {
            ThrowInternal("a section of the forward store is not empty");
        }
    }
    object_.reserve(kPagePayload);
    row_.reserve(1 + kMaxWordsPerValue);
}

void ForwardWriter::ObserveWord(WordId id, std::uint64_t occurrences) {
    if (begun_ || last_observed_word_ >= static_cast<std::int64_t>(Raw(id))) {
        ThrowInternal("words of the forward store are out of order");
    }
    last_observed_word_ = Raw(id);
    words_.Observe(Raw(id), occurrences);
}

ShapeId ForwardWriter::AddShape(std::string_view shape, std::uint64_t occurrences) {
    const auto words = std::count(shape.begin(), shape.end(), kWordMarker);
    if (begun_ || shape.size() > kMaxShapeBytes ||
        words > static_cast<std::ptrdiff_t>(kMaxWordsPerValue)) {
        ThrowInternal("a shape does not fit the forward store");
    }
    if (shape_words_.size() == kMaxShapes) {
        ThrowTooLarge("too many distinct shapes of values for an index segment", {},
                      "Partition the table.");
    }
    if (kShapePageHeader + 2 * (shape_ends_.size() + 1) + shape_text_.size() + shape.size() >
        kPagePayload) {
        WriteShapePage();
        dictionary_->NextPage();
    }
    if (shape_ends_.empty()) {
        shape_page_first_.push_back(static_cast<std::uint32_t>(shape_words_.size()));
    }
    const auto id = static_cast<std::uint32_t>(shape_words_.size());
    shape_text_.insert(shape_text_.end(), shape.begin(), shape.end());
    shape_ends_.push_back(static_cast<std::uint16_t>(shape_text_.size()));
    shape_words_.push_back(static_cast<std::uint8_t>(words));
    rows_.Observe(kFirstShapeSymbol + id, occurrences);
    return ShapeId{id};
}

void ForwardWriter::WriteShapePage() {
    const std::size_t text_begin = kShapePageHeader + 2 * shape_ends_.size();
    object_.clear();
    PutLe<std::uint32_t>(object_, shape_page_first_.back());
    PutLe<std::uint16_t>(object_, static_cast<std::uint16_t>(shape_ends_.size()));
    PutLe<std::uint16_t>(object_, 0);
    for (const std::uint16_t end : shape_ends_) {
        PutLe<std::uint16_t>(object_, static_cast<std::uint16_t>(text_begin + end));
    }
    object_.insert(object_.end(), shape_text_.begin(), shape_text_.end());
    dictionary_->Append(object_.data(), object_.size());
    shape_text_.clear();
    shape_ends_.clear();
}

void ForwardWriter::WriteNumber(std::uint32_t number) {
    std::uint8_t bytes[4];
    StoreLe(bytes, number);
    dictionary_->Append(bytes, sizeof bytes);
}

void ForwardWriter::Begin(std::uint32_t word_count) {
    if (begun_ || opaques_ > 0xFFFFFFFFu) {
        ThrowInternal("the forward store cannot begin");
    }
    begun_ = true;
    word_count_ = word_count;
    opaque_bits_ = BitsFor(opaques_);
    stats_.shape_count = static_cast<std::uint32_t>(shape_words_.size());
    if (!shape_ends_.empty()) {
        WriteShapePage();
    }
    rows_.Observe(kNullSymbol, nulls_);
    rows_.Observe(kOpaqueSymbol, opaques_);
    rows_.Build(kFirstShapeSymbol + stats_.shape_count);
    words_.Build(word_count);

    // A number that does not fit here opens the next page, so the first one's place is where it
    // ends up.
    if (dictionary_->room() < sizeof(std::uint32_t)) {
        dictionary_->NextPage();
    }
    const Loc numbers = dictionary_->tell();
    for (const std::uint32_t first : shape_page_first_) {
        WriteNumber(first);
    }
    for (const std::uint32_t symbol : rows_.ranked_symbols()) {
        WriteNumber(symbol);
    }
    for (const std::uint32_t word : words_.ranked_symbols()) {
        WriteNumber(word);
    }
    WriteTrailer(numbers);
}

void ForwardWriter::WriteTrailer(Loc numbers) {
    object_.clear();
    PutLe<std::uint32_t>(object_, word_count_);
    PutLe<std::uint32_t>(object_, static_cast<std::uint32_t>(opaques_));
    PutLe<std::uint32_t>(object_, stats_.shape_count);
    PutLe<std::uint32_t>(object_, static_cast<std::uint32_t>(shape_page_first_.size()));
    PutLe<std::uint32_t>(object_, numbers.page);
    PutLe<std::uint32_t>(object_, numbers.offset);
    rows_.code().AppendTo(object_);
    words_.code().AppendTo(object_);
    dictionary_->Append(object_.data(), object_.size());
    stats_.dictionary_pages = dictionary_->Finish();
}

void ForwardWriter::AddNull() {
    row_.assign(1, rows_.Encode(kNullSymbol));
    stats_.row_code_bits += row_[0].length;
    AppendRow();
}

void ForwardWriter::AddOpaque(std::uint32_t opaque_id) {
    if (opaque_id >= opaques_) {
        ThrowInternal("an opaque value was not announced to the forward store");
    }
    row_.assign(1, rows_.Encode(kOpaqueSymbol));
    row_.push_back({opaque_id, opaque_bits_});
    stats_.row_code_bits += row_[0].length + opaque_bits_;
    AppendRow();
}

void ForwardWriter::AddRow(ShapeId shape, const WordId* words, std::size_t n) {
    if (Raw(shape) >= stats_.shape_count || shape_words_[Raw(shape)] != n) {
        ThrowInternal("a row does not have the words of its shape");
    }
    row_.assign(1, rows_.Encode(kFirstShapeSymbol + Raw(shape)));
    stats_.row_code_bits += row_[0].length;
    for (std::size_t i = 0; i < n; ++i) {
        row_.push_back(words_.Encode(Raw(words[i])));
        stats_.word_code_bits += row_.back().length;
    }
    stats_.word_occurrences += n;
    AppendRow();
}

// Puts row_ into the present group, or into a group or page of its own where it does not fit.
void ForwardWriter::AppendRow() {
    std::size_t row_bits = 0;
    for (const BitCode& code : row_) {
        row_bits += code.length;
    }
    const bool new_group = group_rows_ == 0 || group_rows_ == kRowsPerGroup;
    if (new_group) {
        EndGroup();
    }
    const std::size_t begin = new_group ? group_bytes_.size() : group_offsets_.back();
    const std::size_t groups = group_offsets_.size() + (new_group ? 1 : 0);
    if (kForwardPageHeader + 2 * groups + begin + (group_bits_ + row_bits + 7) / 8 + kBitPadding >
        kPagePayload) {
        WritePage();
    }
    if (group_rows_ == 0) {
        group_offsets_.push_back(static_cast<std::uint16_t>(group_bytes_.size()));
    }
    for (const BitCode& code : row_) {
        bits_.Put(code);
    }
    group_bits_ += row_bits;
    ++group_rows_;
    ++stats_.row_count;
}

void ForwardWriter::EndGroup() {
    bits_.Align();
    group_bits_ = 0;
    group_rows_ = 0;
}

void ForwardWriter::WritePage() {
    EndGroup();
    const std::size_t groups_begin = kForwardPageHeader + 2 * group_offsets_.size();
    object_.clear();
    PutLe<std::uint32_t>(object_, page_first_);
    PutLe<std::uint16_t>(object_, static_cast<std::uint16_t>(stats_.row_count - page_first_));
    PutLe<std::uint16_t>(object_, static_cast<std::uint16_t>(group_offsets_.size()));
    for (const std::uint16_t offset : group_offsets_) {
        PutLe<std::uint16_t>(object_, static_cast<std::uint16_t>(groups_begin + offset));
    }
    object_.insert(object_.end(), group_bytes_.begin(), group_bytes_.end());
    object_.insert(object_.end(), kBitPadding, 0);
    pages_->Append(object_.data(), object_.size());
    pages_->NextPage();

    std::uint8_t first[4];
    StoreLe(first, page_first_);
    directory_->Append(first, sizeof first);
    page_first_ = stats_.row_count;
    group_bytes_.clear();
    group_offsets_.clear();
}

ForwardStats ForwardWriter::Finish() {
    if (!begun_) {
        ThrowInternal("the forward store has not begun");
    }
    if (stats_.row_count > page_first_) {
        WritePage();
    }
    stats_.pages = pages_->Finish();
    stats_.directory_pages = directory_->Finish();
    return stats_;
}

}  // namespace namedex::core
