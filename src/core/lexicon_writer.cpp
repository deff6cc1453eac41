#include "core/lexicon_writer.hpp"

#include <algorithm>
#include <cstring>

namespace namedex::core {

namespace {

// A page is left with room on it rather than filled with a block of fewer words than this.
constexpr std::size_t kMinSplitWords = 32;

std::size_t SharedPrefix(std::string_view a, std::string_view b) {
    const std::size_t limit = std::min(a.size(), b.size());
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + limit, b.begin()).first -
                                    a.begin());
}

}  // namespace

LexiconWriter::LexiconWriter(SectionWriter& blocks, SectionWriter& directory,
                             std::pmr::memory_resource* memory, std::size_t gram_memory_limit,
                             void (*poll)())
    : blocks_(&blocks),
      directory_(&directory),
      grams_(memory, gram_memory_limit, poll),
      text_(memory),
      entries_(memory),
      pending_(memory),
      block_(memory),
      last_(memory) {}

WordId LexiconWriter::Add(std::string_view folded, Span entry) {
    if (folded.empty() || folded.size() > kMaxWordBytes ||
        folded.find('\0') != std::string_view::npos) {
        ThrowInternal("a word of the lexicon is empty, too long or contains NUL");
    }
    if (word_count_ > 0 && folded < last_) {
        ThrowInternal("words of the lexicon are out of order");
    }
    if (word_count_ == 0xFFFFFFFFu) {
        ThrowTooLarge("an index segment has too many distinct words", {}, "Partition the table.");
    }
    MakeRoom(folded, entry.size);
    text_.insert(text_.end(), folded.begin(), folded.end());
    entries_.insert(entries_.end(), entry.data, entry.data + entry.size);
    pending_.push_back(
        {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(entries_.size())});
    last_.assign(folded);
    text_bytes_ += folded.size();
    return WordId{word_count_++};
}

void LexiconWriter::Finish(SectionWriter& grams, SectionWriter& gram_directory) {
    if (!pending_.empty()) {
        WriteBlock();
    }
    if (block_count_ >= kMinGramBlocks) {
        grams_.Finish(grams, gram_directory);
    }
}

std::string_view LexiconWriter::PendingWord(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : pending_[index - 1].text_end;
    return {text_.data() + begin, pending_[index].text_end - begin};
}

// Bytes that the pending words and one more would take as a block. What the first and the last word
// of a sorted block share, all of them share.
std::size_t LexiconWriter::SizeWith(std::string_view word, std::size_t entry_bytes) const {
    const std::size_t words = pending_.size() + 1;
    const std::size_t prefix = pending_.empty() ? word.size() : SharedPrefix(PendingWord(0), word);
    return kBlockHeaderBytes + RestartBytes(static_cast<std::uint32_t>(words)) + prefix +
           (text_.size() + word.size() - words * prefix + words) + entries_.size() + entry_bytes;
}

// Writes the pending words, or moves on to the next page, when one more word would not fit with
// them.
void LexiconWriter::MakeRoom(std::string_view folded, std::size_t entry_bytes) {
    if (pending_.size() == kMaxBlockWords) {
        WriteBlock();
    }
    std::size_t size = SizeWith(folded, entry_bytes);
    if (size <= blocks_->room()) {
        return;
    }
    if (pending_.size() >= kMinSplitWords) {
        WriteBlock();
        size = SizeWith(folded, entry_bytes);
        if (size <= blocks_->room()) {
            return;
        }
    }
    if (size > kPagePayload && !pending_.empty()) {
        WriteBlock();
        size = SizeWith(folded, entry_bytes);
    }
    if (size > kPagePayload) {
        ThrowInternal("the entry of a word is larger than a page");
    }
    if (size > blocks_->room()) {
        blocks_->NextPage();
    }
}

void LexiconWriter::WriteBlock() {
    const std::size_t words = pending_.size();
    const std::size_t prefix =
        words == 1 ? PendingWord(0).size() : SharedPrefix(PendingWord(0), PendingWord(words - 1));
    block_.clear();
    PutLe(block_, static_cast<std::uint16_t>(words));
    PutLe(block_, static_cast<std::uint16_t>(text_.size() - words * prefix + words));
    PutLe(block_, static_cast<std::uint16_t>(prefix));
    PutLe(block_, static_cast<std::uint16_t>(entries_.size()));
    for (std::size_t word = kEntryRestart; word < words; word += kEntryRestart) {
        PutLe(block_, static_cast<std::uint16_t>(pending_[word - 1].entry_end));
    }
    block_.insert(block_.end(), text_.begin(), text_.begin() + static_cast<long>(prefix));
    for (std::size_t word = 0; word < words; ++word) {
        const std::string_view suffix = PendingWord(word).substr(prefix);
        block_.insert(block_.end(), suffix.begin(), suffix.end());
        block_.push_back(0);
        grams_.Add(PendingWord(word),
                   word == 0 ? 0 : SharedPrefix(PendingWord(word - 1), PendingWord(word)));
    }
    grams_.EndBlock();
    block_.insert(block_.end(), entries_.begin(), entries_.end());

    const Loc at = blocks_->Append(block_.data(), block_.size());
    std::uint8_t place[kBlockDirectoryBytes];
    StoreLe<std::uint32_t>(place, word_count_ - static_cast<std::uint32_t>(words));
    StoreLe<std::uint32_t>(place + 4, at.page);
    StoreLe<std::uint16_t>(place + 8, static_cast<std::uint16_t>(at.offset));
    StoreLe<std::uint16_t>(place + 10, static_cast<std::uint16_t>(words));
    directory_->Append(place, sizeof place);
    ++block_count_;
    text_.clear();
    entries_.clear();
    pending_.clear();
}

}  // namespace namedex::core
