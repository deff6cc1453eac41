#include "core/include_pages.hpp"

#include <algorithm>

namespace namedex::core {

void IncludePageWriter::EndRow() {
    if (++rows_ == BlockRows(kind_)) {
        EndBlock();
    }
}

// Puts the first `rows` rows on the page, if they fit it.
bool IncludePageWriter::TryBlock(unsigned rows) {
    const NullBits nulls = nulls_.Part(0, rows);
    const unsigned values = rows - nulls.Count();
    block_.clear();
    Encode(nulls, rows, values, block_);
    if (kIncludePageHeader + 2 * (offsets_.size() + 1) + page_.size() + block_.size() +
            kBitPadding >
        kPagePayload) {
        return false;
    }
    offsets_.push_back(static_cast<std::uint16_t>(page_.size()));
    page_.insert(page_.end(), block_.begin(), block_.end());
    page_rows_ += rows;
    Drop(values);
    nulls_ = nulls_.Part(rows, rows_ - rows);
    rows_ -= rows;
    return true;
}

void IncludePageWriter::EndBlock() {
    const unsigned step = BlockRows(kind_) / 16;
    for (unsigned rows = rows_; rows > 0; rows -= std::min(rows, step)) {
        if (TryBlock(rows)) {
            break;
        }
    }
    if (rows_ > 0) {
        WritePage();
        // A block that has not lost a row has to go, to make room for the next.
        if (rows_ == BlockRows(kind_)) {
            TryBlock(rows_);
        }
    }
}

void IncludePageWriter::WritePage() {
    std::uint8_t page[kPagePayload];
    StoreLe<std::uint32_t>(page, page_begin_);
    StoreLe<std::uint32_t>(page + 4, page_rows_);
    StoreLe<std::uint16_t>(page + 8, static_cast<std::uint16_t>(kind_));
    std::size_t used = kIncludePageHeader + 2 * offsets_.size();
    for (std::size_t i = 0; i < offsets_.size(); ++i) {
        StoreLe<std::uint16_t>(page + kIncludePageHeader + 2 * i,
                               static_cast<std::uint16_t>(used + offsets_[i]));
    }
    std::copy(page_.begin(), page_.end(), page + used);
    used += page_.size();
    std::fill_n(page + used, kBitPadding, std::uint8_t{0});
    sink_->Write(page, static_cast<std::uint32_t>(used + kBitPadding));
    ++pages_;
    page_begin_ += page_rows_;
    page_rows_ = 0;
    offsets_.clear();
    page_.clear();
}

void IncludePageWriter::Finish() {
    while (rows_ > 0) {
        EndBlock();
    }
    if (!offsets_.empty()) {
        WritePage();
    }
}

void NumberPageWriter::Encode(const NullBits& nulls, unsigned rows, unsigned,
                              std::pmr::vector<std::uint8_t>& out) const {
    EncodeNumbers(numbers_, nulls, rows, width_, out);
}

void NumberPageWriter::Drop(unsigned values) {
    std::copy(numbers_ + values, numbers_ + count_, numbers_);
    count_ -= values;
}

void TextPageWriter::Encode(const NullBits& nulls, unsigned rows, unsigned values,
                            std::pmr::vector<std::uint8_t>& out) const {
    StoredText texts[kTextBlockRows];
    std::uint32_t begin = 0;
    for (unsigned i = 0; i < values; ++i) {
        texts[i] = {std::string_view(bytes_).substr(begin, ends_[i] - begin), is_long_[i]};
        begin = ends_[i];
    }
    EncodeTexts(texts, nulls, rows, out);
}

void TextPageWriter::Drop(unsigned values) {
    if (values == 0) {
        return;
    }
    const std::uint32_t begin = ends_[values - 1];
    bytes_.erase(0, begin);
    for (unsigned i = values; i < count_; ++i) {
        ends_[i - values] = ends_[i] - begin;
        is_long_[i - values] = is_long_[i];
    }
    count_ -= values;
}

}  // namespace namedex::core
