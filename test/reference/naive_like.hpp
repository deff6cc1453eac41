// Naive twins of core/split and core/like_pattern, written from the specification alone: LIKE by
// trying everything, the splitter byte by byte, and the two promises of the decomposition as a
// check.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/like_pattern.hpp"
#include "core/split.hpp"

namespace namedex::reference {

// ---- encodings and folders ------------------------------------------------------------------

// A two-byte encoding like EUC: a byte >= 0x80 begins a character of two.
inline int EucLength(const unsigned char* at) {
    return *at >= 0x80 ? 2 : 1;
}

inline core::Encoding SingleByte() {
    return {core::EncodingKind::kSingleByte, nullptr};
}
inline core::Encoding Utf8() {
    return {core::EncodingKind::kUtf8, nullptr};
}
inline core::Encoding Euc() {
    return {core::EncodingKind::kMultiByte, EucLength};
}

inline std::size_t NaiveCharLength(const core::Encoding& encoding, std::string_view rest) {
    std::size_t length = 1;
    if (encoding.kind == core::EncodingKind::kUtf8) {
        while (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xC0) == 0x80) {
            ++length;
        }
    } else if (encoding.kind == core::EncodingKind::kMultiByte) {
        length = static_cast<std::size_t>(
            encoding.char_length(reinterpret_cast<const unsigned char*>(rest.data())));
    }
    return length < rest.size() ? length : rest.size();
}

// True if the text is made of whole characters none of which mixes ASCII with other bytes.
inline bool IsValidText(const core::Encoding& encoding, std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = NaiveCharLength(encoding, text);
        const auto lead = static_cast<unsigned char>(text[0]);
        if (encoding.kind == core::EncodingKind::kUtf8) {
            const std::size_t wanted = lead < 0x80   ? 1
                                       : lead < 0xC0 ? 0
                                       : lead < 0xE0 ? 2
                                       : lead < 0xF0 ? 3
                                                     : 4;
            if (length != wanted) {
                return false;
            }
        } else if (encoding.kind == core::EncodingKind::kMultiByte && lead >= 0x80) {
            if (length != 2 || static_cast<unsigned char>(text[1]) < 0x80) {
                return false;
            }
        }
        text.remove_prefix(length);
    }
    return true;
}

// ---- LIKE -----------------------------------------------------------------------------------

// Tries every way to match; remembers what failed, so that time is polynomial.
class NaiveLike {
  public:
    NaiveLike(const core::Encoding& encoding, std::string_view pattern, std::string_view text)
        : encoding_(encoding),
          pattern_(pattern),
          text_(text),
          failed_((pattern.size() + 1) * (text.size() + 1), false) {}

    bool Matches() { return From(0, 0); }

  private:
    bool From(std::size_t p, std::size_t t) {
        const std::size_t state = p * (text_.size() + 1) + t;
        if (failed_[state]) {
            return false;
        }
        if (Try(p, t)) {
            return true;
        }
        failed_[state] = true;
        return false;
    }

    bool Try(std::size_t p, std::size_t t) {
        if (p == pattern_.size()) {
            return t == text_.size();
        }
        const bool at_end = t == text_.size();
        switch (pattern_[p]) {
            case '%':
                return From(p + 1, t) || (!at_end && From(p, After(t)));
            case '_':
                return !at_end && From(p + 1, After(t));
            case '\\':
                return !at_end && p + 1 < pattern_.size() && pattern_[p + 1] == text_[t] &&
                       From(p + 2, t + 1);
            default:
                return !at_end && pattern_[p] == text_[t] && From(p + 1, t + 1);
        }
    }

    std::size_t After(std::size_t t) const {
        return t + NaiveCharLength(encoding_, text_.substr(t));
    }

    core::Encoding encoding_;
    std::string_view pattern_;
    std::string_view text_;
    std::vector<bool> failed_;
};

inline std::string_view TrimSpaces(std::string_view text) {
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

inline bool NaiveMatches(core::Operator op, const core::Encoding& encoding,
                         std::string_view pattern, std::string_view text) {
    switch (op) {
        case core::Operator::kEqual:
            return text == pattern;
        case core::Operator::kPrefix:
            return text.substr(0, pattern.size()) == pattern;
        case core::Operator::kEqualIgnoringTrailingSpaces:
            return TrimSpaces(text) == TrimSpaces(pattern);
        default:
            return NaiveLike(encoding, pattern, text).Matches();
    }
}

// True if a lone escape character ends the pattern.
inline bool EndsInEscape(std::string_view pattern) {
    std::size_t backslashes = 0;
    while (backslashes < pattern.size() && pattern[pattern.size() - 1 - backslashes] == '\\') {
        ++backslashes;
    }
    return backslashes % 2 == 1;
}

// ---- splitting ------------------------------------------------------------------------------

struct NaiveSplitWord {
    std::string text;
    core::WordClass word_class = core::WordClass::kOnly;
};

struct NaiveSplit {
    std::string shape;
    std::vector<NaiveSplitWord> words;
};

inline NaiveSplit SplitNaively(std::string_view value) {
    NaiveSplit split;
    const auto is_word = [](char c) {
        const std::string_view ascii =
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        return static_cast<signed char>(c) < 0 || ascii.find(c) != std::string_view::npos;
    };
    std::size_t at = 0;
    while (at < value.size()) {
        if (!is_word(value[at])) {
            split.shape += value[at++];
            continue;
        }
        NaiveSplitWord word;
        const bool first = at == 0;
        while (at < value.size() && is_word(value[at])) {
            word.text += value[at++];
        }
        const bool last = at == value.size();
        word.word_class = first && last ? core::WordClass::kOnly
                          : first       ? core::WordClass::kFirst
                          : last        ? core::WordClass::kLast
                                        : core::WordClass::kInner;
        split.shape += '\x80';
        split.words.push_back(word);
    }
    return split;
}

// ---- the decomposition ----------------------------------------------------------------------

inline bool FitsQuery(const core::WordQuery& query, std::string_view word) {
    const std::size_t found = word.find(query.needle);
    switch (query.kind) {
        case core::WordQueryKind::kAll:
            return true;
        case core::WordQueryKind::kContains:
            return found != std::string_view::npos;
        case core::WordQueryKind::kPrefix:
            return found == 0;
        case core::WordQueryKind::kSuffix:
            return word.size() >= query.needle.size() &&
                   word.substr(word.size() - query.needle.size()) == query.needle;
        case core::WordQueryKind::kExact:
            break;
    }
    return word == query.needle;
}

// Checks what core/like_pattern.hpp promises of a value that splits into `words`. Returns what is
// wrong, or an empty string. `matches`: what the naive matcher says of the value.
inline std::string FaultInAlternatives(const core::LikePattern& pattern,
                                       const std::vector<NaiveSplitWord>& words, bool matches) {
    bool any_holds = false;
    for (const auto& alternative : pattern.alternatives()) {
        bool holds = true;
        for (const auto& term : alternative.terms) {
            bool found = false;
            for (const NaiveSplitWord& word : words) {
                const bool accepted = term.MatchesWord(word.text);
                const bool fits = FitsQuery(term.query(), word.text);
                if (accepted && !fits) {
                    return "a word is accepted that does not fit the query";
                }
                if (fits && !accepted && !term.needs_word_check) {
                    return "a word fits the query, needs no check, and is not accepted";
                }
                found = found || (accepted && (term.classes & core::MaskOf(word.word_class)) != 0);
            }
            holds = holds && found;
        }
        if (holds && alternative.exact && !matches) {
            return "an exact alternative holds for a value that does not match";
        }
        any_holds = any_holds || holds;
    }
    return matches && !any_holds ? "a value matches for which no alternative holds" : "";
}

// Checks a pattern against one value: Matches, and the alternatives if the value is regular.
// `pattern_text`, `text` and `words` are folded for kILike, original otherwise.
inline std::string FaultIn(const core::LikePattern& pattern, const core::Encoding& encoding,
                           std::string_view pattern_text, std::string_view text) {
    const bool like =
        pattern.op() == core::Operator::kLike || pattern.op() == core::Operator::kILike;
    const bool escape = like && EndsInEscape(pattern_text);
    if (escape && !pattern.trailing_escape()) {
        return "a trailing escape is not left to the server";
    }
    if (pattern.trailing_escape()) {
        if (!escape && (!like || IsValidText(encoding, pattern_text))) {
            return "a sound pattern is left to the server";
        }
        const bool all_rows = pattern.Matches(text) && pattern.alternatives().size() == 1 &&
                              pattern.alternatives()[0].terms.empty() &&
                              !pattern.alternatives()[0].exact;
        return all_rows ? "" : "a pattern left to the server is not every row";
    }
    const bool matches = NaiveMatches(pattern.op(), encoding, pattern_text, text);
    if (pattern.Matches(text) != matches) {
        return matches ? "Matches misses a value" : "Matches takes a value that does not match";
    }
    if (pattern.matches_everything() && !matches) {
        return "matches_everything, but not this value";
    }
    return FaultInAlternatives(pattern, SplitNaively(text).words, matches);
}

}  // namespace namedex::reference
