#include "core/split.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>

#include "core/byte_masks.hpp"

namespace namedex::core {

namespace {

// Word folds remembered, one a slot. Names repeat so much that this many catch most of them.
constexpr std::size_t kFoldCacheSlots = 4096;

// Calls word(begin, end) for each word of `text` in order.
template <typename Sink>
inline void ForEachWord(std::string_view text, Sink&& word) {
    std::size_t begin = 0;
    bool inside = false;
    for (std::size_t base = 0; base < text.size(); base += kMaskBytes) {
        const std::size_t size = std::min(kMaskBytes, text.size() - base);
        const std::uint64_t bits = WordMask(text.data() + base, size);
        // A set bit is a byte of another kind than the byte before it.
        std::uint64_t edges = bits ^ (bits << 1 | (inside ? 1 : 0));
        if (size < kMaskBytes) {
            edges &= (std::uint64_t{1} << size) - 1;
        }
        for (; edges != 0; edges &= edges - 1) {
            const std::size_t at = base + static_cast<std::size_t>(__builtin_ctzll(edges));
            if (inside) {
                word(begin, at);
            }
            inside = !inside;
            begin = at;
        }
    }
    if (inside) {
        word(begin, text.size());
    }
}

struct ByteKinds {
    bool has_high;  // a byte >= 0x80
    bool has_nul;
};

ByteKinds KindsOf(std::string_view text) {
    constexpr std::uint64_t kHighs = 0x8080808080808080u;
    constexpr std::uint64_t kOnes = 0x0101010101010101u;
    std::uint64_t high = 0;
    std::uint64_t nul = 0;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t chunk;
        std::memcpy(&chunk, text.data() + at, 8);
        high |= chunk;
        nul |= (chunk - kOnes) & ~chunk;
    }
    if (at < text.size()) {
        std::uint64_t chunk = 0x2020202020202020u;
        std::memcpy(&chunk, text.data() + at, text.size() - at);
        high |= chunk;
        nul |= (chunk - kOnes) & ~chunk;
    }
    return {(high & kHighs) != 0, (nul & kHighs) != 0};
}

// Copies bytes between words, which are few: mostly one space or a comma and a space.
inline char* CopyDelimiters(char* to, const char* from, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        to[i] = from[i];
    }
    return to + count;
}

// Writes the shape of `value` and calls word(begin, end) for each word in order; false past the
// limits.
template <typename Sink>
inline bool CutWords(std::string_view value, std::string& shape, Sink&& word) {
    shape.resize(value.size());  // a word takes no more room than its bytes
    char* to = shape.data();
    std::size_t words = 0;
    std::size_t longest = 0;
    std::size_t after = 0;  // the end of the word before
    ForEachWord(value, [&](std::size_t begin, std::size_t end) {
        ++words;
        longest = std::max(longest, end - begin);
        if (words <= kMaxWordsPerValue) {
            word(begin, end);
        }
        to = CopyDelimiters(to, value.data() + after, begin - after);
        *to++ = kShapeWord;
        after = end;
    });
    to = CopyDelimiters(to, value.data() + after, value.size() - after);
    shape.resize(static_cast<std::size_t>(to - shape.data()));
    return words <= kMaxWordsPerValue && longest <= kMaxWordBytes && shape.size() <= kMaxShapeBytes;
}

// Without a table the compiler makes it work on a vector of bytes at a time.
inline void LowerAscii(char* text, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool upper = static_cast<unsigned char>(byte - 'A') < 26;
        text[i] = static_cast<char>(byte | (upper ? 0x20 : 0));
    }
}

void MakeOpaque(SplitValue& out) {
    out.opaque = true;
    out.words.clear();
    out.shape.clear();
}

// False if a character of `value` reaches over an edge of `word`, a part of it.
bool IsWholeCharacters(std::string_view word, std::string_view value, const Encoding& encoding) {
    switch (encoding.kind) {
        case EncodingKind::kSingleByte:
            return true;
        case EncodingKind::kUtf8:
            return !Encoding::IsUtf8Continuation(word.front());
        case EncodingKind::kMultiByte:
            break;
    }
    const char* at = word.data();
    const char* word_end = at + word.size();
    const char* value_end = value.data() + value.size();
    while (at < word_end) {
        at += encoding.CharLength(at, static_cast<std::size_t>(value_end - at));
    }
    return at == word_end;
}

bool AreWholeCharacters(const std::vector<std::string_view>& words, std::string_view value,
                        const Encoding& encoding) {
    for (const std::string_view word : words) {
        if (!IsWholeCharacters(word, value, encoding)) {
            return false;
        }
    }
    return true;
}

}  // namespace

Splitter::Splitter(const Folder& folder)
    : folder_(folder),
      ascii_bytewise_(folder.ascii_bytewise),
      lowers_only_(folder.ascii_fold == AsciiLowerTable()) {
    for (std::size_t byte = 0; byte < folder.ascii_fold.size(); ++byte) {
        const std::uint8_t folded = folder.ascii_fold[byte];
        const bool kept =
            IsWordByte(static_cast<unsigned char>(byte)) ? IsWordByte(folded) : folded == byte;
        ascii_bytewise_ = ascii_bytewise_ && kept;
    }
}

void Splitter::Split(std::string_view value, SplitValue& out) {
    out.opaque = false;
    out.words.clear();
    const ByteKinds kinds = KindsOf(value);
    bool regular = false;
    if (kinds.has_nul) {
        folder_.Fold(value, out.folded_value);
    } else if (ascii_bytewise_ && !kinds.has_high) {
        regular = SplitAscii(value, out);
    } else {
        regular = SplitAny(value, out);
    }
    if (!regular) {
        MakeOpaque(out);
    }
}

// Folding keeps the kind of each byte, so value and fold have the same words at the same places.
bool Splitter::SplitAscii(std::string_view value, SplitValue& out) {
    out.folded_value.assign(value);
    char* folded = out.folded_value.data();
    if (lowers_only_) {
        LowerAscii(folded, value.size());
    } else {
        for (std::size_t i = 0; i < value.size(); ++i) {
            folded[i] = static_cast<char>(folder_.ascii_fold[static_cast<unsigned char>(value[i])]);
        }
    }
    return CutWords(value, out.shape, [&](std::size_t begin, std::size_t end) {
        out.words.push_back({value.substr(begin, end - begin),
                             std::string_view(folded + begin, end - begin),
                             ClassOf(begin, end, value.size())});
    });
}

// Follows the definition of a regular value.
bool Splitter::SplitAny(std::string_view value, SplitValue& out) {
    const bool cut =
        Tokenize(value, out.shape, words_) && AreWholeCharacters(words_, value, folder_.encoding);
    if (cut && folder_.context_free && ascii_bytewise_) {
        JoinFolds(value, out.folded_value);
    } else {
        folder_.Fold(value, out.folded_value);
    }
    if (!cut || !Tokenize(out.folded_value, folded_shape_, folded_words_) ||
        folded_shape_ != out.shape ||
        !AreWholeCharacters(folded_words_, out.folded_value, folder_.encoding)) {
        return false;
    }
    for (std::size_t i = 0; i < words_.size(); ++i) {
        if (FoldWord(words_[i]) != folded_words_[i]) {
            return false;
        }
        const auto begin = static_cast<std::size_t>(words_[i].data() - value.data());
        out.words.push_back(
            {words_[i], folded_words_[i], ClassOf(begin, begin + words_[i].size(), value.size())});
    }
    return true;
}

// The fold of a value whose words_ are whole characters, where folding knows no context.
void Splitter::JoinFolds(std::string_view value, std::string& out) {
    out.clear();
    const char* after = value.data();
    for (const std::string_view word : words_) {
        out.append(after, word.data());
        out.append(FoldWord(word));
        after = word.data() + word.size();
    }
    out.append(after, value.data() + value.size());
}

// The fold of one word taken alone; valid until the next call.
std::string_view Splitter::FoldWord(std::string_view word) {
    if (cache_.empty()) {
        cache_.resize(kFoldCacheSlots);
    }
    Folded& slot = cache_[std::hash<std::string_view>()(word) % kFoldCacheSlots];
    if (slot.word != word) {
        slot.word.clear();  // no word, in case Fold throws
        folder_.Fold(word, slot.fold);
        slot.word = word;
    }
    return slot.fold;
}

bool Tokenize(std::string_view value, std::string& shape, std::vector<std::string_view>& words) {
    words.clear();
    const bool within_limits = CutWords(value, shape, [&](std::size_t begin, std::size_t end) {
        words.push_back(value.substr(begin, end - begin));
    });
    return within_limits && !KindsOf(value).has_nul;
}

}  // namespace namedex::core
