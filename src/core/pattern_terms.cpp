#include "core/pattern_terms.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/split.hpp"

namespace namedex::core {

namespace {

// With more '_' than this the alternatives cost more searches than their precision saves.
constexpr std::size_t kMaxSpelledOutSkips = 3;

// The longest pieces say nearly all; more terms only cost searches. It also bounds Reduce.
constexpr std::size_t kMaxTerms = 16;
// Pieces looked at to find those; it bounds the memory that a very long pattern takes.
constexpr std::size_t kMaxPieces = 256;

constexpr ClassMask kBeginsValue = MaskOf(WordClass::kOnly) | MaskOf(WordClass::kFirst);
constexpr ClassMask kEndsValue = MaskOf(WordClass::kOnly) | MaskOf(WordClass::kLast);
constexpr ClassMask kNotFirst = kAllClasses & ~kBeginsValue;
constexpr ClassMask kNotLast = kAllClasses & ~kEndsValue;

std::size_t CountDelimiters(std::string_view literal) {
    return static_cast<std::size_t>(
        std::count_if(literal.begin(), literal.end(), [](char byte) { return !IsWordByte(byte); }));
}

std::size_t CountDelimiters(const ParsedPattern& pattern) {
    std::size_t count = 0;
    for (const PatternPart& part : pattern.parts) {
        for (const PatternRun& run : part) {
            count += CountDelimiters(run.literal);
        }
    }
    return count;
}

WordQueryKind KindOf(bool at_start, bool at_end) {
    return at_start ? (at_end ? WordQueryKind::kExact : WordQueryKind::kPrefix)
                    : (at_end ? WordQueryKind::kSuffix : WordQueryKind::kContains);
}

ParsedPattern OneLiteral(std::string_view literal, bool at_start, bool at_end) {
    ParsedPattern pattern;
    pattern.parts.push_back({PatternRun{0, std::string(literal)}});
    pattern.anchored_start = at_start;
    pattern.anchored_end = at_end;
    return pattern;
}

// A prefix is found by binary search, so it is worth a longer literal elsewhere.
std::size_t WorthOf(WordQueryKind kind, std::size_t literal_size) {
    switch (kind) {
        case WordQueryKind::kExact:
            return 2 * literal_size + 4;
        case WordQueryKind::kPrefix:
            return 2 * literal_size + 3;
        case WordQueryKind::kSuffix:
            return 2 * literal_size + 1;
        default:
            return 2 * literal_size;
    }
}

}  // namespace

PatternTerms::PatternTerms(const ParsedPattern& pattern, const Encoding& encoding,
                           bool open_to_spaces)
    : pattern_(pattern),
      encoding_(encoding),
      open_to_spaces_(open_to_spaces),
      delimiters_(CountDelimiters(pattern)) {
    for (const PatternPart& part : pattern.parts) {
        for (const PatternRun& run : part) {
            skips_ += run.skip;
            literal_bytes_ += run.literal.size();
        }
    }
}

std::vector<LikePattern::Alternative> PatternTerms::Resolve() const {
    std::vector<Alternative> out;
    const bool words_only = delimiters_ == 0 && literal_bytes_ > 0;
    if (words_only && pattern_.parts.size() == 1 && skips_ == 0) {
        ResolveWord(out);
    } else if (words_only && pattern_.parts.size() == 2 && skips_ == 0 && pattern_.anchored_start &&
               pattern_.anchored_end) {
        ResolveTwoWords(out);
    } else if (words_only && pattern_.parts.size() == 1 && skips_ <= kMaxSpelledOutSkips) {
        ResolveSkips(out);
    } else {
        out.push_back(Pieces(pattern_, false));
    }
    for (Alternative& alternative : out) {
        Reduce(alternative.terms);
    }
    return out;
}

// A single literal without delimiters lies in one word.
void PatternTerms::ResolveWord(std::vector<Alternative>& out) const {
    ClassMask classes = kAllClasses;
    if (pattern_.anchored_start) {
        classes &= kBeginsValue;
    }
    if (pattern_.anchored_end) {
        classes &= kEndsValue;
    }
    out.push_back({{WordLike(pattern_, classes)}, true});
    if (open_to_spaces_) {
        out.push_back({{WordLike(pattern_, MaskOf(WordClass::kFirst))}, false});
    }
}

// a%b: the first and the last word of a value are two words, which cannot overlap, unless it is one
// word.
void PatternTerms::ResolveTwoWords(std::vector<Alternative>& out) const {
    const ParsedPattern begin = OneLiteral(pattern_.parts[0][0].literal, true, false);
    const ParsedPattern end = OneLiteral(pattern_.parts[1][0].literal, false, true);
    out.push_back(
        {{WordLike(begin, MaskOf(WordClass::kFirst)), WordLike(end, MaskOf(WordClass::kLast))},
         true});
    out.push_back({{WordLike(pattern_, MaskOf(WordClass::kOnly))}, true});
}

void PatternTerms::ResolveSkips(std::vector<Alternative>& out) const {
    ResolveWord(out);
    const PatternPart& part = pattern_.parts[0];
    for (std::size_t run = 0; run < part.size(); ++run) {
        for (std::size_t skip = 0; skip < part[run].skip; ++skip) {
            out.push_back(LeftmostDelimiter(run, skip));
        }
    }
}

// The case that the '_' number `skip` of run `run` is a delimiter, and every '_' before it is not.
LikePattern::Alternative PatternTerms::LeftmostDelimiter(std::size_t run, std::size_t skip) const {
    const PatternPart& part = pattern_.parts[0];
    const auto at = part.begin() + static_cast<std::ptrdiff_t>(run);

    ParsedPattern after;
    after.parts.emplace_back(at, part.end());
    after.parts[0][0].skip -= skip + 1;
    after.anchored_end = pattern_.anchored_end;
    Alternative alternative = Pieces(after, true);

    ParsedPattern before;
    before.parts.emplace_back(part.begin(), at);
    if (skip > 0) {
        before.parts[0].push_back({skip, {}});
    }
    before.anchored_start = pattern_.anchored_start;
    const bool has_literal =
        std::any_of(part.begin(), at, [](const PatternRun& r) { return !r.literal.empty(); });
    if (has_literal) {
        const ClassMask begin = pattern_.anchored_start ? kBeginsValue : kAllClasses;
        alternative.terms.push_back(WordLike(before, begin & kNotLast));
    }
    return alternative;
}

// One term for each piece of each literal. `after_delimiter`: a delimiter precedes the pattern's
// (anchored) start.
LikePattern::Alternative PatternTerms::Pieces(const ParsedPattern& pattern,
                                              bool after_delimiter) const {
    Alternative alternative;
    const std::size_t delimiters = CountDelimiters(pattern);
    std::size_t passed = 0;
    for (std::size_t p = 0; p < pattern.parts.size(); ++p) {
        const PatternPart& part = pattern.parts[p];
        for (std::size_t r = 0; r < part.size(); ++r) {
            const std::string_view literal = part[r].literal;
            const bool at_start = p == 0 && r == 0 && part[r].skip == 0 && pattern.anchored_start;
            const bool at_end =
                p + 1 == pattern.parts.size() && r + 1 == part.size() && pattern.anchored_end;
            for (std::size_t begin = 0; begin < literal.size();) {
                if (!IsWordByte(literal[begin])) {
                    ++begin;
                    ++passed;
                    continue;
                }
                std::size_t end = begin;
                while (end < literal.size() && IsWordByte(literal[end])) {
                    ++end;
                }
                ClassMask classes = kAllClasses;
                if (after_delimiter || passed > 0) {
                    classes &= kNotFirst;
                } else if (at_start) {
                    classes &= kBeginsValue;
                }
                if (passed < delimiters) {
                    classes &= kNotLast;
                } else if (at_end && !open_to_spaces_) {
                    classes &= kEndsValue;
                }
                if (alternative.terms.size() == kMaxPieces) {
                    return alternative;
                }
                const bool word_start = begin > 0 || at_start;
                const bool word_end = end < literal.size() || at_end;
                alternative.terms.push_back(WordLike(
                    OneLiteral(literal.substr(begin, end - begin), word_start, word_end), classes));
                begin = end;
            }
        }
    }
    return alternative;
}

// A word of one of the classes that is, as a whole, like `in_word`, which has a literal and no
// delimiters.
LikePattern::Term PatternTerms::WordLike(const ParsedPattern& in_word, ClassMask classes) const {
    Term term;
    term.classes = classes;
    std::size_t best = 0;
    std::size_t runs = 0;
    for (std::size_t p = 0; p < in_word.parts.size(); ++p) {
        const PatternPart& part = in_word.parts[p];
        for (std::size_t r = 0; r < part.size(); ++r) {
            ++runs;
            const bool at_start = p == 0 && r == 0 && part[r].skip == 0 && in_word.anchored_start;
            const bool at_end =
                p + 1 == in_word.parts.size() && r + 1 == part.size() && in_word.anchored_end;
            const WordQueryKind kind = KindOf(at_start, at_end);
            if (!part[r].literal.empty() && WorthOf(kind, part[r].literal.size()) > best) {
                best = WorthOf(kind, part[r].literal.size());
                term.kind = kind;
                term.literal = part[r].literal;
            }
        }
    }
    const bool one_literal = runs == 1 && in_word.parts[0][0].skip == 0;
    const bool bytes_may_mislead = encoding_.kind == EncodingKind::kMultiByte &&
                                   !in_word.anchored_start &&
                                   static_cast<unsigned char>(term.literal[0]) >= 0x80;
    term.literal_only_ = one_literal;
    term.needs_word_check = !one_literal || bytes_may_mislead;
    if (term.needs_word_check) {
        term.matcher_ = LikeMatcher(in_word, encoding_);
    }
    return term;
}

// True if every row that has `stronger` is known to have `weaker`.
bool PatternTerms::Implies(const Term& stronger, const Term& weaker) const {
    if (!weaker.literal_only_ || (stronger.classes & ~weaker.classes) != 0) {
        return false;
    }
    const auto has = [&](WordQueryKind kind) {
        return stronger.kind == kind || stronger.kind == WordQueryKind::kExact;
    };
    // The word has stronger's literal at the place its kind says; what the literal alone is certain
    // to have there, the word has.
    return (weaker.kind == WordQueryKind::kContains || has(weaker.kind)) &&
           weaker.MatchesWord(stronger.literal);
}

// Drops repeated and implied terms and keeps the most selective ones.
void PatternTerms::Reduce(std::vector<Term>& terms) const {
    std::stable_sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) {
        return WorthOf(a.kind, a.literal.size()) > WorthOf(b.kind, b.literal.size());
    });
    std::vector<Term> kept;
    for (Term& term : terms) {
        const bool implied = std::any_of(kept.begin(), kept.end(), [&](const Term& stronger) {
            return Implies(stronger, term);
        });
        if (!implied && kept.size() < kMaxTerms) {
            kept.push_back(std::move(term));
        }
    }
    terms = std::move(kept);
}

}  // namespace namedex::core
