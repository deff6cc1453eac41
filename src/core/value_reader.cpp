#include "core/value_reader.hpp"

#include "core/split.hpp"

namespace namedex::core {

ForwardReader::Kind ValueReader::Load(RowOrdinal row) {
    column_->forward().Read(row, row_);
    have_original_ = false;
    have_folded_ = false;
    return row_.kind;
}

void ValueReader::Rebuild(bool folded, std::string& out) {
    WordTextCache& texts = column_->texts();
    texts.BeginRow();
    out.clear();
    std::size_t word = 0;
    for (const char c : column_->forward().ShapeText(row_.shape)) {
        if (c != kShapeWord) {
            out.push_back(c);
        } else {
            const WordId id = row_.word[word++];
            out.append(folded ? texts.Folded(id) : texts.Original(id));
        }
    }
}

void ValueReader::ReadOpaque() {
    column_->opaque().Read(row_.opaque_id, original_, folded_);
    have_original_ = true;
    have_folded_ = true;
}

std::string_view ValueReader::Original() {
    if (!have_original_) {
        if (row_.kind == ForwardReader::kOpaque) {
            ReadOpaque();
        } else {
            Rebuild(false, original_);
            have_original_ = true;
        }
    }
    return original_;
}

std::string_view ValueReader::Folded() {
    if (!have_folded_) {
        if (row_.kind == ForwardReader::kOpaque) {
            ReadOpaque();
        } else {
            Rebuild(true, folded_);
            have_folded_ = true;
        }
    }
    return folded_;
}

}  // namespace namedex::core
