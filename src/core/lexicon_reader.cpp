#include "core/lexicon_reader.hpp"

#include <algorithm>
#include <cstring>

#include "core/bit_count.hpp"
#include "core/lexicon_blocks.hpp"

namespace namedex::core {

namespace {

constexpr std::size_t kBitmapWords = SubstringSearch::BitmapWords(kPagePayload);
// Searching so many blocks that cannot match costs no more than finding the next one that can.
constexpr std::uint32_t kCheaperToSearch = 4;

// The first set bit at or after `from`, or `limit`.
std::size_t NextBit(const std::uint64_t* bits, std::size_t from, std::size_t limit) {
    while (from < limit) {
        const std::uint64_t rest = bits[from / 64] >> (from % 64);
        if (rest != 0) {
            return from + static_cast<unsigned>(__builtin_ctzll(rest));
        }
        from = (from / 64 + 1) * 64;
    }
    return limit;
}

// The `n`-th set bit from bit 0 of the first word on, n counted from 0, or `limit`.
std::size_t NthBit(const std::uint64_t* bits, std::size_t n, std::size_t limit) {
    for (std::size_t word = 0; word * 64 < limit; ++word) {
        const std::size_t here = CountBits(bits[word]);
        if (n < here) {
            std::uint64_t rest = bits[word];
            for (; n > 0; --n) {
                rest &= rest - 1;
            }
            return word * 64 + static_cast<unsigned>(__builtin_ctzll(rest));
        }
        n -= here;
    }
    return limit;
}

// Where the word around a position stands in the text of its block: skips to it from the start of a
// word.
struct WordPosition {
    std::uint32_t index = 0;
    std::size_t begin = 0;

    // Moves from the word at `begin` to the word that byte `at` >= begin belongs to.
    void SkipTo(std::size_t at, const std::uint64_t* ends) {
        std::size_t word = begin / 64;
        std::uint64_t bits = ends[word] & ~std::uint64_t{0} << (begin % 64);
        for (; word < at / 64; bits = ends[++word]) {
            Pass(word, bits);
        }
        Pass(word, bits & ((std::uint64_t{1} << (at % 64)) - 1));
    }

  private:
    void Pass(std::size_t word, std::uint64_t ends) {
        if (ends != 0) {
            index += CountBits(ends);
            begin = word * 64 + 64 - static_cast<unsigned>(__builtin_clzll(ends));
        }
    }
};

}  // namespace

LexiconReader::LexiconReader(const LexiconSource& source, std::pmr::memory_resource* memory)
    : source_(source),
      grams_(source.grams, source.gram_directory, source.block_count, memory),
      directory_top_(memory),
      word_(kMaxWordBytes, memory),
      end_search_(std::string(1, '\0')),
      ends_(kBitmapWords, memory),
      hits_(kBitmapWords, memory) {
    if (source.block_count > source.word_count ||
        source.word_count > std::uint64_t{source.block_count} * kMaxBlockWords ||
        source.block_count >
            std::uint64_t{source.directory.page_count()} * kBlocksPerDirectoryPage) {
        ThrowCorrupt("the size of a lexicon does not match its sections");
    }
}

// ---- blocks -----------------------------------------------------------------------------------

LexiconReader::BlockPlace LexiconReader::PlaceOf(std::uint32_t block, PinnedPage& pin) const {
    const std::uint32_t slot = block % kBlocksPerDirectoryPage;
    ByteReader bytes(source_.directory.At(
        {block / kBlocksPerDirectoryPage, slot * static_cast<std::uint32_t>(kBlockDirectoryBytes)},
        pin));
    BlockPlace place;
    place.first_word = bytes.U32();
    place.loc.page = bytes.U32();
    place.loc.offset = bytes.U16();
    place.words = bytes.U16();
    return place;
}

void LexiconReader::LoadDirectoryTop() {
    std::pmr::vector<std::uint32_t> top(directory_top_.get_allocator());
    for (std::uint64_t block = 0; block < source_.block_count; block += kBlocksPerDirectoryPage) {
        PinnedPage pin;
        const std::uint32_t first_word = PlaceOf(static_cast<std::uint32_t>(block), pin).first_word;
        if (!top.empty() && first_word <= top.back()) {
            ThrowCorrupt("the directory of a lexicon does not ascend");
        }
        top.push_back(first_word);
    }
    directory_top_.swap(top);
}

LexiconReader::BlockWords LexiconReader::BlockOf(WordId id) {
    const std::uint32_t word = Raw(id);
    if (directory_top_.empty()) {
        LoadDirectoryTop();
    }
    const auto after = std::upper_bound(directory_top_.begin() + 1, directory_top_.end(), word);
    std::uint32_t begin =
        static_cast<std::uint32_t>(after - directory_top_.begin() - 1) * kBlocksPerDirectoryPage;
    std::uint32_t end = std::min(begin + kBlocksPerDirectoryPage, source_.block_count);
    PinnedPage pin;
    while (begin + 1 < end) {
        const std::uint32_t middle = begin + (end - begin) / 2;
        if (PlaceOf(middle, pin).first_word <= word) {
            begin = middle;
        } else {
            end = middle;
        }
    }
    const BlockPlace place = PlaceOf(begin, pin);
    if (word < place.first_word || word - place.first_word >= place.words ||
        place.words > source_.word_count - place.first_word) {
        ThrowCorrupt("the directory of a lexicon misses a word");
    }
    return {begin, {place.first_word, place.first_word + place.words}};
}

// Lays open the block that begins where `bytes` stands, and leaves `bytes` behind it.
LexiconReader::Block LexiconReader::OpenBlock(std::uint32_t first_word, ByteReader& bytes) const {
    const std::uint8_t* header = bytes.Take(kBlockHeaderBytes);
    const std::uint32_t words = LoadLe<std::uint16_t>(header);
    const std::size_t text_bytes = LoadLe<std::uint16_t>(header + 2);
    const std::size_t prefix_bytes = LoadLe<std::uint16_t>(header + 4);
    const std::size_t entry_bytes = LoadLe<std::uint16_t>(header + 6);
    if (words == 0 || words > kMaxBlockWords || words > source_.word_count - first_word ||
        text_bytes < words || text_bytes > kPagePayload || prefix_bytes > kMaxWordBytes) {
        ThrowCorrupt("the header of a lexicon block is damaged");
    }
    Block block;
    block.first_word = first_word;
    block.words = words;
    block.restarts.size = RestartBytes(words);
    block.restarts.data = bytes.Take(block.restarts.size);
    block.prefix = Span{bytes.Take(prefix_bytes), prefix_bytes}.text();
    block.text = Span{bytes.Take(text_bytes), text_bytes}.text();
    block.entries = {bytes.Take(entry_bytes), entry_bytes};
    if (block.text.back() != '\0') {
        ThrowCorrupt("the text of a lexicon block does not end");
    }
    return block;
}

// ---- ranges -----------------------------------------------------------------------------------

WordRange LexiconReader::PrefixRange(std::string_view folded) {
    return Range(folded, Bound::kLessOrPrefixed);
}

WordRange LexiconReader::ExactRange(std::string_view folded) {
    return Range(folded, Bound::kLessOrEqual);
}

bool LexiconReader::IsBefore(std::string_view word, std::string_view key, Bound bound) {
    switch (bound) {
        case Bound::kLess:
            return word < key;
        case Bound::kLessOrPrefixed:
            return word.substr(0, key.size()) <= key;
        case Bound::kLessOrEqual:
            return word <= key;
    }
    return false;
}

// The block's prefix and `suffix` in one piece, until the next call.
std::string_view LexiconReader::Join(const Block& block, std::string_view suffix) {
    const std::size_t size = block.prefix.size() + suffix.size();
    if (size > kMaxWordBytes) {
        ThrowCorrupt("a word of a lexicon is too long");
    }
    std::memcpy(word_.data(), block.prefix.data(), block.prefix.size());
    std::memcpy(word_.data() + block.prefix.size(), suffix.data(), suffix.size());
    return {word_.data(), size};
}

bool LexiconReader::BeginsBefore(std::uint32_t block, std::string_view key, Bound bound) {
    bool before = false;
    WalkBlocks(block, [&](const Block& opened) {
        before =
            IsBefore(Join(opened, opened.text.substr(0, opened.text.find('\0'))), key, bound);
        return false;
    });
    return before;
}

// The words from `folded` on that come before it in the sense of `end`. A range is mostly short, so
// the blocks behind its begin are tried in growing steps before the rest is halved.
WordRange LexiconReader::Range(std::string_view folded, Bound end) {
    WordRange range;
    range.begin = CountBefore(folded, Bound::kLess, 0, source_.block_count);
    std::uint32_t known = 0;  // so many blocks begin before the range's end
    if (range.begin > 0) {
        known = range.begin < source_.word_count ? BlockOfWord(range.begin) : source_.block_count;
    }
    std::uint32_t above = source_.block_count;
    for (std::uint32_t step = 1; step <= above - known; step *= 2) {
        if (!BeginsBefore(known + step - 1, folded, end)) {
            above = known + step - 1;
            break;
        }
        known += step;
    }
    range.end = CountBefore(folded, end, known, above);
    return range;
}

// How many words come before the key. At least `begin` blocks begin with such a word, and at most
// `end`: finds the last of them, and counts in it.
std::uint32_t LexiconReader::CountBefore(std::string_view key, Bound bound, std::uint32_t begin,
                                         std::uint32_t end) {
    std::uint32_t count = 0;
    while (begin < end) {
        const std::uint32_t middle = begin + (end - begin) / 2;
        if (BeginsBefore(middle, key, bound)) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    if (begin == 0) {
        return 0;
    }
    WalkBlocks(begin - 1, [&](const Block& block) {
        count = block.first_word;
        for (std::string_view text = block.text; !text.empty(); ++count) {
            const std::size_t word_end = text.find('\0');
            if (!IsBefore(Join(block, text.substr(0, word_end)), key, bound)) {
                break;
            }
            text.remove_prefix(word_end + 1);
        }
        if (count - block.first_word > block.words) {
            ThrowCorrupt("the text of a lexicon block does not match its word count");
        }
        return false;
    });
    return count;
}

void LexiconReader::FindRange(WordRange range, WordSink sink) {
    if (range.empty()) {
        return;
    }
    if (range.end > source_.word_count) {
        ThrowInvalidArgument("a range of words lies outside its lexicon");
    }
    FindRangeFrom(range.begin == 0 ? 0 : BlockOfWord(range.begin), range, sink);
}

void LexiconReader::FindRangeFrom(std::uint32_t block_of_begin, WordRange range, WordSink sink) {
    WalkBlocks(block_of_begin, [&](const Block& block) {
        const std::uint32_t begin = std::max(range.begin, block.first_word) - block.first_word;
        const std::uint32_t end = std::min(range.end - block.first_word, block.words);
        ReportWords(block, begin, end, sink);
        return block.first_word + block.words < range.end;
    });
}

void LexiconReader::Word(WordId id, std::string& folded, std::string& original) {
    Visit(id, [&](const WordHit& hit) {
        folded.assign(hit.folded);
        original.clear();
        AppendOriginal(hit.folded, hit.entry, original);
    });
}

// ---- searching --------------------------------------------------------------------------------

void LexiconReader::Find(const WordQuery& query, WordSink sink) {
    if (query.needle.find('\0') != std::string_view::npos || source_.word_count == 0) {
        return;
    }
    if (IsAll(query)) {
        FindRange({0, source_.word_count}, sink);
    } else if (query.kind == WordQueryKind::kPrefix) {
        FindRange(PrefixRange(query.needle), sink);
    } else if (query.kind == WordQueryKind::kExact) {
        FindRange(ExactRange(query.needle), sink);
    } else {
        std::string text(query.needle);
        if (query.kind == WordQueryKind::kSuffix) {
            text.push_back('\0');  // every word of a block's text ends so
        }
        FindText(SubstringSearch(std::move(text)), query.needle, sink);
    }
}

std::uint64_t LexiconReader::BlocksToSearch(const WordQuery& query) {
    if (IsAll(query)) {
        return source_.block_count;
    }
    if (query.kind == WordQueryKind::kPrefix || query.kind == WordQueryKind::kExact) {
        return 0;
    }
    if (!grams_.Helps(query.needle)) {
        return source_.block_count;
    }
    std::uint64_t blocks = 0;
    grams_.ForEachRun(query.needle, [&](std::uint32_t begin, std::uint32_t end) {
        blocks += end - begin;
    });
    return blocks;
}

// Reports the words that, with NUL behind them, contain search.needle(); `needle` is it without
// NUL.
void LexiconReader::FindText(const SubstringSearch& search, std::string_view needle,
                             WordSink sink) {
    if (!grams_.Helps(needle)) {
        SearchBlocks(0, source_.block_count, search, sink);
        return;
    }
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    grams_.ForEachRun(needle, [&](std::uint32_t run_begin, std::uint32_t run_end) {
        if (run_begin > end + kCheaperToSearch) {
            SearchBlocks(begin, end, search, sink);
            begin = run_begin;
        }
        end = run_end;
    });
    SearchBlocks(begin, end, search, sink);
}

void LexiconReader::SearchBlocks(std::uint32_t begin, std::uint32_t end,
                                 const SubstringSearch& search, WordSink sink) {
    if (begin == end) {
        return;
    }
    WalkBlocks(begin, [&](const Block& block) {
        SearchBlock(block, search, sink);
        return ++begin < end || end == source_.block_count;
    });
}

void LexiconReader::SearchBlock(const Block& block, const SubstringSearch& search, WordSink sink) {
    if (block.prefix.find(search.needle()) != std::string_view::npos) {
        ReportWords(block, 0, block.words, sink);
        return;
    }
    bool any = search.Mark(block.text.data(), block.text.size(), hits_.data());
    if (!block.prefix.empty()) {
        any |= MarkAcrossPrefix(block, search.needle());
    }
    if (any) {
        ReportMarked(block, sink);
    }
}

// Marks, at their first byte, the suffixes that complete a needle begun in the prefix.
bool LexiconReader::MarkAcrossPrefix(const Block& block, std::string_view needle) {
    bool any = false;
    const std::size_t longest = std::min(block.prefix.size(), needle.size() - 1);
    for (std::size_t inside = 1; inside <= longest; ++inside) {
        if (needle[inside - 1] != block.prefix.back() ||
            block.prefix.substr(block.prefix.size() - inside) != needle.substr(0, inside)) {
            continue;
        }
        const std::string_view rest = needle.substr(inside);
        std::size_t begin = 0;
        while (begin < block.text.size()) {
            if (block.text[begin] == rest.front() &&
                block.text.substr(begin, rest.size()) == rest) {
                hits_[begin / 64] |= std::uint64_t{1} << (begin % 64);
                any = true;
            }
            begin = block.text.find('\0', begin) + 1;
        }
    }
    return any;
}

void LexiconReader::MarkEnds(const Block& block) {
    end_search_.Mark(block.text.data(), block.text.size(), ends_.data());
    if (CountBits(ends_.data(), SubstringSearch::BitmapWords(block.text.size())) != block.words) {
        ThrowCorrupt("the text of a lexicon block does not match its word count");
    }
}

void LexiconReader::ReportMarked(const Block& block, WordSink sink) {
    MarkEnds(block);
    BlockReporter reporter(*this, block, sink);
    WordPosition word;
    const std::size_t size = block.text.size();
    for (std::size_t hit; (hit = NextBit(hits_.data(), word.begin, size)) < size;) {
        word.SkipTo(hit, ends_.data());
        const std::size_t end = NextBit(ends_.data(), hit, size);
        reporter.Report(word.index, word.begin, end);
        ++word.index;
        word.begin = end + 1;
    }
}

// Reports the block's words [begin, end).
void LexiconReader::ReportWords(const Block& block, std::uint32_t begin, std::uint32_t end,
                                WordSink sink) {
    MarkEnds(block);
    BlockReporter reporter(*this, block, sink);
    const std::size_t size = block.text.size();
    std::size_t at = begin == 0 ? 0 : NthBit(ends_.data(), begin - 1, size) + 1;
    for (std::uint32_t index = begin; index < end; ++index) {
        const std::size_t word_end = NextBit(ends_.data(), at, size);
        reporter.Report(index, at, word_end);
        at = word_end + 1;
    }
}

}  // namespace namedex::core
