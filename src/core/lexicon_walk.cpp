#include "core/lexicon_walk.hpp"

#include "core/lexicon_blocks.hpp"

namespace namedex::core {

void LexiconWalk::Find(const WordQuery& query, WordSink sink) {
    const std::string_view needle = query.needle;
    if (needle.find('\0') != std::string_view::npos || reader_->word_count() == 0) {
        return;
    }
    Seek(needle);
    SkipInBlock(needle);
    if (!ReportFrom(opened_, index_, at_, query, sink) || last_) {
        return;
    }
    // All words up to the block's end: the next ones may fit as well.
    const bool goes_on = query.kind == WordQueryKind::kExact
                             ? following_ == needle
                             : std::string_view(following_).substr(0, needle.size()) == needle;
    if (goes_on) {
        reader_->WalkBlocks(block_ + 1, [&](const Block& block) {
            return ReportFrom(block, 0, 0, query, sink);
        });
    }
}

// Goes to the last block that begins before the needle, or stays in the first.
void LexiconWalk::Seek(std::string_view needle) {
    if (!open_) {
        Open(0);
    }
    if (last_ || following_ >= needle) {
        return;
    }
    const auto begins_before = [&](std::uint32_t block) {
        return reader_->BeginsBefore(block, needle, LexiconReader::Bound::kLess);
    };
    std::uint32_t before = block_ + 1;
    std::uint32_t after = reader_->block_count();
    for (std::uint32_t step = 1; step < after - before; step *= 2) {
        if (!begins_before(before + step)) {
            after = before + step;
            break;
        }
        before += step;
    }
    while (before + 1 < after) {
        const std::uint32_t middle = before + (after - before) / 2;
        (begins_before(middle) ? before : after) = middle;
    }
    Open(before);
}

void LexiconWalk::Open(std::uint32_t block) {
    reader_->Poll();
    open_ = false;
    PinnedPage directory_pin;
    const LexiconReader::BlockPlace place = reader_->PlaceOf(block, directory_pin);
    if (place.first_word >= reader_->word_count()) {
        ThrowCorrupt("the directory of a lexicon names a word that does not exist");
    }
    ByteReader bytes(reader_->source_.blocks.At(place.loc, pin_));
    opened_ = reader_->OpenBlock(place.first_word, bytes);
    if (opened_.words != place.words) {
        ThrowCorrupt("a lexicon block and its directory disagree");
    }
    ++reader_->blocks_read_;
    last_ = block + 1 == reader_->block_count();
    if (!last_) {
        reader_->WalkBlocks(block + 1, [&](const Block& next) {
            following_.assign(next.prefix);
            following_.append(next.text.substr(0, next.text.find('\0')));
            return false;
        });
    }
    block_ = block;
    index_ = 0;
    at_ = 0;
    open_ = true;
}

void LexiconWalk::SkipInBlock(std::string_view needle) {
    const std::string_view prefix = opened_.prefix;
    const int order = needle.substr(0, prefix.size()).compare(prefix);
    if (order < 0) {  // every word of the block comes behind
        return;
    }
    const std::string_view text = opened_.text;
    if (order > 0) {
        index_ = opened_.words;
        at_ = text.size();
        return;
    }
    const std::string_view rest = needle.substr(prefix.size());
    while (at_ < text.size()) {
        const std::size_t end = text.find('\0', at_);
        if (text.substr(at_, end - at_) >= rest) {
            return;
        }
        at_ = end + 1;
        ++index_;
    }
}

// Reports the words from one of a block on that fit, and returns whether they are all up to its
// end.
bool LexiconWalk::ReportFrom(const Block& block, std::uint32_t index, std::size_t at,
                             const WordQuery& query, WordSink sink) {
    const std::string_view needle = query.needle;
    const std::string_view shared = needle.substr(0, block.prefix.size());
    const bool prefix_fits = query.kind == WordQueryKind::kExact
                                 ? shared == block.prefix
                                 : shared == block.prefix.substr(0, needle.size());
    if (!prefix_fits) {
        return at == block.text.size();
    }
    const std::string_view rest = needle.substr(shared.size());
    LexiconReader::BlockReporter reporter(*reader_, block, sink);
    while (at < block.text.size()) {
        const std::size_t end = block.text.find('\0', at);
        const std::string_view suffix = block.text.substr(at, end - at);
        if (query.kind == WordQueryKind::kExact ? suffix != rest
                                                : suffix.substr(0, rest.size()) != rest) {
            return false;
        }
        reporter.Report(index, at, end);
        ++index;
        at = end + 1;
    }
    return true;
}

}  // namespace namedex::core
