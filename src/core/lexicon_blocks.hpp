// How the blocks of a lexicon are visited and their words handed out: what LexiconReader and
// LexiconWalk share, and nobody else includes.
#pragma once

#include <algorithm>
#include <cstring>

#include "core/lexicon_reader.hpp"

namespace namedex::core {

// Asks for the memory where the next block lies, if it is on the page, while this one is being
// searched.
inline void PrefetchBlock(const ByteReader& next) {
    // Most of a usual block's header, prefix and text.
    constexpr std::size_t kPrefetchBytes = 768;
    const std::size_t ahead = std::min(next.remaining(), kPrefetchBytes);
    for (std::size_t at = 0; at < ahead; at += 64) {
        __builtin_prefetch(next.position() + at);
    }
}

// Hands words of one block to a sink, in ascending order, and finds their entries.
class LexiconReader::BlockReporter {
  public:
    BlockReporter(LexiconReader& reader, const Block& block, WordSink sink)
        : reader_(reader), block_(block), sink_(sink), entries_(block.entries) {
        std::memcpy(reader.word_.data(), block.prefix.data(), block.prefix.size());
    }

    void Report(std::uint32_t index, std::size_t begin, std::size_t end) {
        if (index >= block_.words || block_.prefix.size() + (end - begin) > kMaxWordBytes) {
            ThrowCorrupt("the text of a lexicon block does not match its word count");
        }
        std::string_view folded = block_.text.substr(begin, end - begin);
        if (!block_.prefix.empty()) {
            char* const joined = reader_.word_.data();
            std::memcpy(joined + block_.prefix.size(), folded.data(), folded.size());
            folded = {joined, block_.prefix.size() + folded.size()};
        }
        ++reader_.words_read_;
        if (!sink_.Wants(folded)) {
            return;
        }
        SkipTo(index);
        ++next_;
        sink_({WordId{block_.first_word + index}, folded,
               ParseWordEntry(entries_, reader_.source_.ordinal_bytes)});
    }

  private:
    void SkipTo(std::uint32_t index) {
        if (index / kEntryRestart > next_ / kEntryRestart) {
            const std::uint32_t restart = index / kEntryRestart;
            const std::uint8_t* stored =
                block_.restarts.data + (restart - 1) * sizeof(std::uint16_t);
            const std::size_t offset = LoadLe<std::uint16_t>(stored);
            entries_ = ByteReader(block_.entries);
            entries_.Take(offset);
            next_ = restart * kEntryRestart;
        }
        for (; next_ < index; ++next_) {
            SkipWordEntry(entries_, reader_.source_.ordinal_bytes);
        }
    }

    LexiconReader& reader_;
    const Block& block_;
    WordSink sink_;
    ByteReader entries_;
    std::uint32_t next_ = 0;  // the word whose entry is next in entries_
};

// Visits the blocks from `block` on, in order, until visit(const Block&) returns false or they end.
template <typename Visitor>
void LexiconReader::WalkBlocks(std::uint32_t block, Visitor visit) {
    BlockPlace place;
    {
        PinnedPage pin;
        place = PlaceOf(block, pin);
    }
    if (place.first_word >= source_.word_count) {
        ThrowCorrupt("the directory of a lexicon names a word that does not exist");
    }
    std::uint32_t word = place.first_word;
    for (; block < source_.block_count; ++place.loc.page, place.loc.offset = 0) {
        Poll();
        PinnedPage pin;
        ByteReader bytes(source_.blocks.At(place.loc, pin));
        while (bytes.remaining() > 0 && block < source_.block_count) {
            const Block opened = OpenBlock(word, bytes);
            if (word == place.first_word && opened.words != place.words) {
                ThrowCorrupt("a lexicon block and its directory disagree");
            }
            PrefetchBlock(bytes);
            ++blocks_read_;
            if (!visit(opened)) {
                return;
            }
            word += opened.words;
            ++block;
        }
    }
    if (word != source_.word_count) {
        ThrowCorrupt("the blocks of a lexicon hold too few words");
    }
}

}  // namespace namedex::core
