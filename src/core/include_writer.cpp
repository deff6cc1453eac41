#include "core/include_writer.hpp"

#include <algorithm>

#include "core/byte_run.hpp"

namespace namedex::core {

namespace {

// A trial ends when it has seen so many rows, enough to fill a dictionary that will not do, or
// written so many pages. What it did not see it cannot know: a column whose values repeat later
// only is kept without a dictionary.
constexpr std::uint32_t kTrialRows = std::uint32_t{1} << 18;
constexpr std::uint32_t kTrialPages = 1024;

IncludePageKind PlainKind(IncludeType type) {
    return type.kind == IncludeKind::kNumber ? IncludePageKind::kNumbers : IncludePageKind::kTexts;
}

}  // namespace

// ---- pages ------------------------------------------------------------------------------------

void IncludePageWriter::AddBlock(const std::pmr::vector<std::uint8_t>& block, std::uint32_t rows) {
    if (kIncludePageHeader + 2 * (offsets_.size() + 1) + blocks_.size() + block.size() +
            kBitPadding >
        kPagePayload) {
        Flush();
    }
    offsets_.push_back(static_cast<std::uint16_t>(blocks_.size()));
    blocks_.insert(blocks_.end(), block.begin(), block.end());
    rows_ += rows;
}

void IncludePageWriter::Flush() {
    if (offsets_.empty()) {
        return;
    }
    std::uint8_t page[kPagePayload];
    StoreLe<std::uint32_t>(page, first_row_);
    StoreLe<std::uint32_t>(page + 4, rows_);
    StoreLe<std::uint16_t>(page + 8, static_cast<std::uint16_t>(kind_));
    std::size_t used = kIncludePageHeader + 2 * offsets_.size();
    for (std::size_t i = 0; i < offsets_.size(); ++i) {
        StoreLe<std::uint16_t>(page + kIncludePageHeader + 2 * i,
                               static_cast<std::uint16_t>(used + offsets_[i]));
    }
    std::copy(blocks_.begin(), blocks_.end(), page + used);
    used += blocks_.size();
    std::fill_n(page + used, kBitPadding, std::uint8_t{0});
    sink_->Write(page, static_cast<std::uint32_t>(used + kBitPadding));
    ++pages_;
    first_row_ += rows_;
    rows_ = 0;
    offsets_.clear();
    blocks_.clear();
}

void IncludeWriter::Output::Write(const std::uint8_t* payload, std::uint32_t used) {
    to_->Write(payload, used);
    directory_->Append(payload, sizeof(std::uint32_t));  // the first row
    ++pages_;
}

// ---- the column -------------------------------------------------------------------------------

IncludeWriter::IncludeWriter(PageSink& out, PageStoreFactory& temporary, IncludeType type,
                             std::pmr::memory_resource* memory)
    : memory_(memory),
      type_(type),
      directory_(temporary),
      dictionary_section_(temporary),
      long_values_(temporary),
      out_(out, directory_.writer),
      mode_(Mode::kTrial),
      trial_codes_(temporary.Create()),
      trial_plain_(temporary.Create()),
      codes_pages_(*trial_codes_, IncludePageKind::kCodes, 0, memory),
      plain_pages_(*trial_plain_, PlainKind(type), 0, memory),
      dictionary_(std::make_unique<IncludeDictionaryWriter>(memory)),
      text_(memory),
      block_(memory) {
    if (!IsSound(type)) {
        ThrowInternal("an INCLUDE column has an impossible type");
    }
    if (type.width == 1) {
        EndTrial(Mode::kPlain);  // codes would not be shorter
    }
}

void IncludeWriter::AddNull() {
    nulls_.Set(batch_rows_);
    EndRow();
}

void IncludeWriter::Add(std::string_view bytes) {
    if (bytes.size() > kMaxIncludeBytes) {
        ThrowTooLarge("a value is too large for the index",
                      "Values of INCLUDE columns may have at most 64 MB.");
    }
    const bool is_number = type_.kind == IncludeKind::kNumber;
    if (is_number && bytes.size() != type_.width) {
        ThrowInternal("a number of an INCLUDE column has an impossible size");
    }
    if (mode_ != Mode::kPlain) {
        if (const auto code = dictionary_->CodeOf(bytes)) {
            codes_[batch_values_] = *code;
        } else {
            EndCodes();
        }
    }
    if (is_number) {
        numbers_[batch_values_] = LoadNumber(bytes.data(), type_.width);
    } else {
        if (bytes.size() <= kMaxInlineBytes) {
            text_.append(bytes);
        } else {
            const Loc at = AppendRun(long_values_.writer, bytes);
            PutLe<std::uint32_t>(text_, at.page);
            PutLe<std::uint32_t>(text_, at.offset);
            PutLe<std::uint32_t>(text_, static_cast<std::uint32_t>(bytes.size()));
            is_long_.Set(batch_values_);
        }
        text_ends_[batch_values_] = static_cast<std::uint32_t>(text_.size());
    }
    ++batch_values_;
    EndRow();
}

void IncludeWriter::EndRow() {
    ++rows_;
    if (++batch_rows_ == kNumberBlockRows) {
        EndBatch();
    }
}

void IncludeWriter::EndBatch() {
    if (mode_ != Mode::kPlain) {
        block_.clear();
        EncodeNumbers(codes_, nulls_, batch_rows_, kCodeBytes, block_);
        codes_pages_.AddBlock(block_, batch_rows_);
    }
    if (mode_ != Mode::kCodes) {
        AddPlain();
    }
    batch_rows_ = batch_values_ = 0;
    nulls_ = is_long_ = {};
    text_.clear();
    if (mode_ == Mode::kTrial &&
        (rows_ >= kTrialRows || plain_pages_.page_count() >= kTrialPages)) {
        EndTrial(Better());
    }
}

void IncludeWriter::AddPlain() {
    if (type_.kind == IncludeKind::kNumber) {
        block_.clear();
        EncodeNumbers(numbers_, nulls_, batch_rows_, type_.width, block_);
        plain_pages_.AddBlock(block_, batch_rows_);
        return;
    }
    unsigned value = 0;
    std::uint32_t begin = 0;
    for (unsigned first = 0; first < batch_rows_; first += kTextBlockRows) {
        const unsigned rows = std::min(batch_rows_ - first, kTextBlockRows);
        const NullBits nulls = nulls_.Part(first, rows);
        StoredText texts[kTextBlockRows];
        for (unsigned i = 0; i < rows - nulls.Count(); ++i, ++value) {
            texts[i] = {std::string_view(text_).substr(begin, text_ends_[value] - begin),
                        is_long_.Test(value)};
            begin = text_ends_[value];
        }
        block_.clear();
        EncodeTexts(texts, nulls, rows, block_);
        plain_pages_.AddBlock(block_, rows);
    }
}

IncludeWriter::Mode IncludeWriter::Better() const {
    const std::size_t dictionary_pages =
        (dictionary_->stored_bytes() + kPagePayload - 1) / kPagePayload;
    return codes_pages_.page_count() + dictionary_pages < plain_pages_.page_count() ? Mode::kCodes
                                                                                    : Mode::kPlain;
}

void IncludeWriter::EndTrial(Mode mode) {
    PageStore& kept = mode == Mode::kCodes ? *trial_codes_ : *trial_plain_;
    for (std::uint32_t page = 0; page < kept.page_count(); ++page) {
        const PinnedPage pinned(kept, page);
        out_.Write(pinned.payload(), pinned.used());
    }
    (mode == Mode::kCodes ? codes_pages_ : plain_pages_).SetSink(out_);
    trial_codes_.reset();
    trial_plain_.reset();
    if (mode == Mode::kPlain) {
        dictionary_.reset();
    }
    mode_ = mode;
}

void IncludeWriter::EndCodes() {
    if (mode_ == Mode::kTrial) {
        EndTrial(Mode::kPlain);
        return;
    }
    codes_pages_.Flush();
    plain_pages_ = IncludePageWriter(out_, PlainKind(type_), rows_ - batch_rows_, memory_);
    mode_ = Mode::kPlain;
}

std::uint32_t IncludeWriter::Finish() {
    if (batch_rows_ > 0) {
        EndBatch();
    }
    if (mode_ == Mode::kTrial) {
        EndTrial(Better());
    }
    (mode_ == Mode::kCodes ? codes_pages_ : plain_pages_).Flush();
    if (dictionary_ != nullptr) {
        dictionary_->Write(dictionary_section_.writer);
    }
    return out_.pages();
}

}  // namespace namedex::core
