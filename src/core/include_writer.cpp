#include "core/include_writer.hpp"

#include "core/byte_run.hpp"

namespace namedex::core {

namespace {

// A trial ends when it has seen so many rows, enough to fill a dictionary that will not do, or
// written so many pages. What it did not see it cannot know: a column whose values repeat later
// only is kept without a dictionary.
constexpr std::uint32_t kTrialRows = std::uint32_t{1} << 18;
constexpr std::uint32_t kTrialPages = 1024;

}  // namespace

void IncludeWriter::Output::Write(const std::uint8_t* payload, std::uint32_t used) {
    to_->Write(payload, used);
    directory_->Append(payload, sizeof(std::uint32_t));  // the first row
    ++pages_;
}

IncludeWriter::IncludeWriter(PageSink& out, PageStoreFactory& temporary, IncludeType type,
                             std::pmr::memory_resource* memory)
    : memory_(memory),
      type_(type),
      directory_(temporary),
      dictionary_section_(temporary),
      long_values_(temporary),
      out_(out, directory_.writer) {
    if (!IsSound(type)) {
        ThrowInternal("an INCLUDE column has an impossible type");
    }
    if (type.width == 1) {  // codes would not be shorter
        BeginPlain(out_);
        mode_ = Mode::kPlain;
        return;
    }
    trial_codes_ = temporary.Create();
    trial_plain_ = temporary.Create();
    dictionary_ = std::make_unique<IncludeDictionaryWriter>(memory);
    codes_ = std::make_unique<NumberPageWriter>(*trial_codes_, IncludePageKind::kCodes, kCodeBytes,
                                                0, memory);
    BeginPlain(*trial_plain_);
}

IncludePageWriter& IncludeWriter::Plain() {
    if (numbers_ != nullptr) {
        return *numbers_;
    }
    return *texts_;
}

void IncludeWriter::BeginPlain(PageSink& sink) {
    if (type_.kind == IncludeKind::kNumber) {
        numbers_ = std::make_unique<NumberPageWriter>(sink, IncludePageKind::kNumbers, type_.width,
                                                      rows_, memory_);
    } else {
        texts_ = std::make_unique<TextPageWriter>(sink, rows_, memory_);
    }
}

void IncludeWriter::AddNull() {
    if (mode_ != Mode::kPlain) {
        codes_->AddNull();
    }
    if (mode_ != Mode::kCodes) {
        Plain().AddNull();
    }
    EndRow();
}

void IncludeWriter::Add(std::string_view bytes) {
    if (bytes.size() > kMaxIncludeBytes) {
        ThrowTooLarge("a value is too large for the index",
                      "Values of INCLUDE columns may have at most 64 MB.");
    }
    if (type_.kind == IncludeKind::kNumber && bytes.size() != type_.width) {
        ThrowInternal("a number of an INCLUDE column has an impossible size");
    }
    if (mode_ != Mode::kPlain) {
        if (const auto code = dictionary_->CodeOf(bytes)) {
            codes_->Add(*code);
        } else {
            EndCodes();
        }
    }
    if (mode_ != Mode::kCodes) {
        AddPlain(bytes);
    }
    EndRow();
}

void IncludeWriter::AddPlain(std::string_view bytes) {
    if (type_.kind == IncludeKind::kNumber) {
        numbers_->Add(LoadNumber(bytes.data(), type_.width));
        return;
    }
    if (bytes.size() <= kMaxInlineBytes) {
        texts_->Add({bytes});
        return;
    }
    const Loc at = AppendRun(long_values_.writer, bytes);
    char reference[kLongRefBytes];
    StoreLe<std::uint32_t>(reference, at.page);
    StoreLe<std::uint32_t>(reference + 4, at.offset);
    StoreLe<std::uint32_t>(reference + 8, static_cast<std::uint32_t>(bytes.size()));
    texts_->Add({{reference, sizeof reference}, true});
}

void IncludeWriter::EndRow() {
    ++rows_;
    if (mode_ == Mode::kTrial && (rows_ >= kTrialRows || Plain().page_count() >= kTrialPages)) {
        EndTrial(Better());
    }
}

IncludeWriter::Mode IncludeWriter::Better() {
    const std::size_t dictionary_pages =
        (dictionary_->stored_bytes() + kPagePayload - 1) / kPagePayload;
    return codes_->page_count() + dictionary_pages < Plain().page_count() ? Mode::kCodes
                                                                          : Mode::kPlain;
}

void IncludeWriter::EndTrial(Mode mode) {
    const bool coded = mode == Mode::kCodes;
    PageStore& kept = coded ? *trial_codes_ : *trial_plain_;
    for (std::uint32_t page = 0; page < kept.page_count(); ++page) {
        const PinnedPage pinned(kept, page);
        out_.Write(pinned.payload(), pinned.used());
    }
    if (coded) {
        codes_->SetSink(out_);
        numbers_.reset();
        texts_.reset();
    } else {
        Plain().SetSink(out_);
        codes_.reset();
        dictionary_.reset();
    }
    trial_codes_.reset();
    trial_plain_.reset();
    mode_ = mode;
}

void IncludeWriter::EndCodes() {
    if (mode_ == Mode::kTrial) {
        EndTrial(Mode::kPlain);
        return;
    }
    codes_->Finish();
    codes_.reset();
    BeginPlain(out_);
    mode_ = Mode::kPlain;
}

std::uint32_t IncludeWriter::Finish() {
    if (mode_ == Mode::kTrial) {
        EndTrial(Better());
    }
    if (mode_ == Mode::kCodes) {
        codes_->Finish();
    } else {
        Plain().Finish();
    }
    if (dictionary_ != nullptr) {
        dictionary_->Write(dictionary_section_.writer);
    }
    return out_.pages();
}

}  // namespace namedex::core
