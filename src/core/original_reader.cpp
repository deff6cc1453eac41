#include "core/original_reader.hpp"

#include <cstring>

namespace namedex::core {

bool OriginalReader::Read(RowOrdinal row, std::string_view& value) {
    if (forward_ == nullptr) {
        frequent_ = &column_->frequent_words();
        forward_ = &column_->forward();
    }
    forward_->Read(row, row_);
    switch (row_.kind) {
        case ForwardReader::kNull:
            return false;
        case ForwardReader::kOpaque:
            column_->opaque().Read(row_.opaque_id, text_, folded_);
            value = text_;
            return true;
        default:
            value = PutTogether();
            return true;
    }
}

// Room for each word as a whole slot is made at the start, so that slots are copied without a look
// at their size; only a longer word asks again.
std::string_view OriginalReader::PutTogether() {
    constexpr std::size_t kSlot = sizeof(RankedTexts::Slot);
    const std::string_view shape = forward_->ShapeText(row_.shape);
    const std::uint32_t ranks = forward_->word_ranks();
    MakeRoom(shape.size() + kSlot * row_.words);
    char* to = text_.data();
    const std::uint64_t* number = row_.word;
    for (const char c : shape) {
        if (c != kWordMarker) {
            *to++ = c;
            continue;
        }
        std::string_view word;
        if (*number < ranks) {
            RankedTexts::Slot& slot = (*frequent_)[*number];
            if (slot.size == RankedTexts::kUnknown) {
                slot.Set(WordText(*number));
            }
            if (slot.size != RankedTexts::kLong) {
                std::memcpy(to, &slot, kSlot);
                to += slot.size;
                ++number;
                continue;
            }
        }
        word = WordText(*number++);
        const std::size_t used = static_cast<std::size_t>(to - text_.data());
        MakeRoom(used + word.size() + shape.size() + kSlot * row_.words);
        to = text_.data() + used;
        std::memcpy(to, word.data(), word.size());
        to += word.size();
    }
    return {text_.data(), static_cast<std::size_t>(to - text_.data())};
}

// By the word's id; until the next call.
std::string_view OriginalReader::WordText(std::uint64_t number) {
    WordTextCache& texts = column_->texts();
    texts.BeginRow();
    return texts.Original(forward_->WordOf(number));
}

void OriginalReader::MakeRoom(std::size_t bytes) {
    if (text_.size() < bytes) {
        text_.resize(bytes * 2);
    }
}

}  // namespace namedex::core
