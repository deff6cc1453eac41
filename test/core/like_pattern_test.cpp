// LikePattern against its naive twin on random patterns and values, and the decomposition of the
// patterns people write, spelled out.

#include "core/like_pattern.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reference/naive_like.hpp"

namespace namedex::core {
namespace {

using reference::Euc;
using reference::FaultIn;
using reference::NaiveMatches;
using reference::SingleByte;
using reference::Utf8;

LikePattern Like(std::string_view pattern) {
    return LikePattern::Compile(Operator::kLike, pattern, Utf8());
}

// The alternatives as text: "exact: prefix smi in first only; ..." for comparison by eye.
std::string Describe(const LikePattern& pattern) {
    static const char* const kKinds[] = {"all", "contains", "prefix", "suffix", "exact"};
    static const char* const kClasses[] = {"only", "first", "last", "inner"};
    std::string out;
    for (const auto& alternative : pattern.alternatives()) {
        out += out.empty() ? "" : " | ";
        out += alternative.exact ? "exact:" : "verify:";
        for (const auto& term : alternative.terms) {
            out += std::string(" ") + kKinds[static_cast<int>(term.kind)] + "(" + term.literal +
                   (term.needs_word_check ? ")+check[" : ")[");
            for (int c = 0; c < kWordClasses; ++c) {
                if ((term.classes >> c & 1) != 0) {
                    out += kClasses[c][0];
                }
            }
            out += "]";
        }
    }
    return out;
}

// A copy of the text in a heap block of exactly its size, so that AddressSanitizer sees overreads.
class ExactCopy {
  public:
    explicit ExactCopy(std::string_view text) : size_(text.size()), bytes_(new char[size_]) {
        text.copy(bytes_.get(), size_);
    }
    std::string_view view() const { return {bytes_.get(), size_}; }

  private:
    std::size_t size_;
    std::unique_ptr<char[]> bytes_;
};

std::string Hex(std::string_view text) {
    std::string out;
    for (const char c : text) {
        char byte[8];
        const bool plain = c >= ' ' && c < 127;
        std::snprintf(byte, sizeof byte, plain ? "%c" : "<%02x>", static_cast<unsigned char>(c));
        out += byte;
    }
    return out;
}

std::string RandomText(std::mt19937& random, const std::vector<std::string>& alphabet,
                       std::size_t longest) {
    std::string out;
    for (std::size_t length = random() % (longest + 1); length > 0; --length) {
        out += alphabet[random() % alphabet.size()];
    }
    return out;
}

// A value that has a fair chance to match: the pattern with its wildcards filled in.
std::string Instance(std::mt19937& random, std::string_view pattern,
                     const std::vector<std::string>& alphabet) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '%') {
            out += RandomText(random, alphabet, 3);
        } else if (pattern[i] == '_') {
            out += alphabet[random() % alphabet.size()];
        } else if (pattern[i] == '\\' && i + 1 < pattern.size()) {
            out += pattern[++i];
        } else {
            out += pattern[i];
        }
    }
    if (random() % 4 == 0) {
        out += alphabet[random() % alphabet.size()];
    }
    return out;
}

constexpr Operator kOperators[] = {Operator::kLike, Operator::kILike, Operator::kEqual,
                                   Operator::kPrefix, Operator::kEqualIgnoringTrailingSpaces};

struct Counts {
    long pairs = 0;
    long matches = 0;
    long exact = 0;
};

void CompareAtRandom(const Encoding& encoding, const std::vector<std::string>& letters,
                     unsigned seed, int patterns, Counts& counts) {
    std::mt19937 random(seed);
    std::vector<std::string> of_pattern = letters;
    of_pattern.insert(of_pattern.end(), {"%", "%", "_", "\\"});
    for (int i = 0; i < patterns; ++i) {
        const Operator op = kOperators[random() % 3 != 0 ? 0 : random() % 5];
        const std::string pattern = RandomText(random, of_pattern, 1 + random() % 8);
        const LikePattern compiled = LikePattern::Compile(op, pattern, encoding);
        for (int j = 0; j < 16; ++j) {
            const std::string value =
                j % 2 == 0 ? Instance(random, pattern, letters) : RandomText(random, letters, 8);
            const ExactCopy text(value);
            const std::string fault = FaultIn(compiled, encoding, pattern, text.view());
            ASSERT_EQ(fault, "") << "operator " << static_cast<int>(op) << " pattern '"
                                 << Hex(pattern) << "' value '" << Hex(value)
                                 << "': " << Describe(compiled);
            ++counts.pairs;
            counts.matches += compiled.Matches(value) ? 1 : 0;
            counts.exact += compiled.alternatives()[0].exact ? 1 : 0;
        }
    }
}

TEST(LikePattern, AgreesWithTheNaiveTwin) {
    Counts counts;
    CompareAtRandom(Utf8(), {"a", "b", " "}, 1, 12000, counts);
    CompareAtRandom(Utf8(), {"a", "b", "c", " ", ",", "\xC3\xA9", "\xE2\x82\xAC"}, 2, 16000,
                    counts);
    CompareAtRandom(Utf8(), {"a", "%", "_", "\\", " "}, 3, 8000, counts);
    CompareAtRandom(Utf8(), {"a", "\xC3\xA9", "\xC3\xA8", "\xF0\x90\x80\x80"}, 4, 8000, counts);
    CompareAtRandom(SingleByte(), {"a", "\xB0", "\xA1", " "}, 5, 8000, counts);
    CompareAtRandom(Euc(), {"\xB0\xA1", "\xA1\xB0", "\xB0\xB0", "\xA1\xA1", "a"}, 6, 16000, counts);
    CompareAtRandom(Euc(), {"\xB0\xA1", "\xA1\xB0", " ", "a"}, 7, 8000, counts);
    EXPECT_GE(counts.pairs, 1000000);
    // The comparison is worth something only if both answers and both kinds of alternative abound.
    EXPECT_GT(counts.matches, counts.pairs / 10);
    EXPECT_LT(counts.matches, counts.pairs * 9 / 10);
    EXPECT_GT(counts.exact, counts.pairs / 20);
}

// Long values, where searches switch to other methods.
TEST(LikePattern, AgreesWithTheNaiveTwinOnLongValues) {
    std::mt19937 random(11);
    const std::vector<std::string> letters = {"a", "b", "b", "b", "\xC3\xA9", " "};
    for (int i = 0; i < 3000; ++i) {
        const std::string needle = RandomText(random, letters, 1 + random() % 24);
        const std::string other = RandomText(random, letters, 3);
        const std::string pattern = (random() % 2 != 0 ? "%" : "") + needle +
                                    (random() % 2 != 0 ? "%" : "_") + other +
                                    (random() % 2 != 0 ? "%" : "");
        const LikePattern compiled = Like(pattern);
        for (int j = 0; j < 8; ++j) {
            const std::string value =
                RandomText(random, letters, 120) + (random() % 2 != 0 ? needle : "") +
                RandomText(random, letters, 120) + (random() % 2 != 0 ? other : "");
            const ExactCopy text(value);
            ASSERT_EQ(FaultIn(compiled, Utf8(), pattern, text.view()), "")
                << "pattern '" << Hex(pattern) << "' value '" << Hex(value) << "'";
        }
    }
}

// Bytes that no valid text has: nothing may be read past the end, and UTF-8 still agrees.
TEST(LikePattern, WithstandsInvalidText) {
    std::mt19937 random(12);
    const std::vector<std::string> pieces = {"a", " ", "\x80", "\xA1", "\xC3", "\xC3\xA9", "\xE2"};
    for (int i = 0; i < 20000; ++i) {
        std::string pattern = RandomText(random, {"a", " ", "\xC3\xA9", "%", "_"}, 6);
        const LikePattern utf8 = Like(pattern);
        const LikePattern euc = LikePattern::Compile(Operator::kLike, pattern, Euc());
        for (int j = 0; j < 4; ++j) {
            const std::string value = RandomText(random, pieces, 8);
            const ExactCopy text(value);
            ASSERT_EQ(utf8.Matches(text.view()),
                      NaiveMatches(Operator::kLike, Utf8(), pattern, value))
                << "pattern '" << Hex(pattern) << "' value '" << Hex(value) << "'";
            euc.Matches(text.view());
        }
    }
}

TEST(LikePattern, SingleLiteralsAreExact) {
    EXPECT_EQ(Describe(Like("%son%")), "exact: contains(son)[ofli]");
    EXPECT_EQ(Describe(Like("smi%")), "exact: prefix(smi)[of]");
    EXPECT_EQ(Describe(Like("%son")), "exact: suffix(son)[ol]");
    EXPECT_EQ(Describe(Like("smith")), "exact: exact(smith)[o]");
    EXPECT_EQ(Describe(Like("%%son%%")), "exact: contains(son)[ofli]");
    EXPECT_EQ(Describe(Like("%\xC3\xA9%")), "exact: contains(\xC3\xA9)[ofli]");
}

TEST(LikePattern, TwoAnchoredLiteralsAreExact) {
    EXPECT_EQ(Describe(Like("jo%son")),
              "exact: prefix(jo)[f] suffix(son)[l] | exact: prefix(jo)+check[o]");
    const LikePattern overlap = Like("aba%aba");
    EXPECT_FALSE(overlap.Matches("ababa"));
    EXPECT_FALSE(overlap.alternatives()[1].terms[0].MatchesWord("ababa"));
    EXPECT_TRUE(overlap.alternatives()[1].terms[0].MatchesWord("abaaba"));
}

TEST(LikePattern, LiteralsThatCrossWordsAreVerified) {
    EXPECT_EQ(Describe(Like("%ann smi%")), "verify: prefix(smi)[li] suffix(ann)[fi]");
    EXPECT_EQ(Describe(Like("john smith")), "verify: exact(smith)[l] exact(john)[f]");
    EXPECT_EQ(Describe(Like("smith,%")), "verify: exact(smith)[f]");
    EXPECT_EQ(Describe(Like("%, ann")), "verify: exact(ann)[l]");
    EXPECT_EQ(Describe(Like("%o'neil%")), "verify: prefix(neil)[li] suffix(o)[fi]");
    EXPECT_EQ(Describe(Like("%x y%z%")), "verify: prefix(y)[li] suffix(x)[fi] contains(z)[li]");
    EXPECT_EQ(Describe(Like("%-%")), "verify:");
    EXPECT_EQ(Describe(Like("")), "verify:");
    EXPECT_EQ(Describe(Like("%_%")), "verify:");
}

TEST(LikePattern, ImpliedTermsAreDropped) {
    EXPECT_EQ(Describe(Like("%ann%ann%")), "verify: contains(ann)[ofli]");
    EXPECT_EQ(Describe(Like("%joanna%ann%")), "verify: contains(joanna)[ofli]");
    EXPECT_EQ(Describe(Like("anna%ann%")), "verify: prefix(anna)[of]");
    EXPECT_EQ(Describe(Like("%ann%anna b%")), "verify: suffix(anna)[fi] prefix(b)[li]");
}

TEST(LikePattern, AnyCharacterIsAWordCharacterOrADelimiter) {
    EXPECT_EQ(Describe(Like("j_n%")),
              "exact: prefix(j)+check[of] | verify: exact(j)[f] prefix(n)[li]");
    EXPECT_EQ(Describe(Like("smith_")), "exact: prefix(smith)+check[o] | verify: exact(smith)[f]");
    EXPECT_EQ(Describe(Like("%_ohn")), "exact: suffix(ohn)+check[ol] | verify: exact(ohn)[l]");
    EXPECT_EQ(Describe(Like("a__b")),
              "exact: prefix(a)+check[o] | verify: exact(a)[f] suffix(b)[l] | "
              "verify: exact(b)[l] prefix(a)+check[f]");
    EXPECT_EQ(Describe(Like("a____b")), "verify: prefix(a)[of] suffix(b)[ol]");
    EXPECT_EQ(Describe(Like("%j_n%smith%")),
              "verify: contains(smith)[ofli] contains(j)[ofli] "
              "contains(n)[ofli]");
}

TEST(LikePattern, EscapesAreTheServers) {
    EXPECT_TRUE(Like("a\\%b").Matches("a%b"));
    EXPECT_FALSE(Like("a\\%b").Matches("axb"));
    EXPECT_TRUE(Like("a\\_b").Matches("a_b"));
    EXPECT_FALSE(Like("a\\_b").Matches("axb"));
    EXPECT_TRUE(Like("a\\\\b").Matches("a\\b"));
    EXPECT_TRUE(Like("\\a\\b").Matches("ab"));
    EXPECT_TRUE(Like("%\\\xC3\xA9%").Matches("x\xC3\xA9y"));
    EXPECT_EQ(Describe(Like("%\\s\\on%")), "exact: contains(son)[ofli]");
    EXPECT_FALSE(Like("a\\\\").trailing_escape());
    for (const char* pattern : {"\\", "a\\", "%\\", "%a%\\", "a\\\\\\"}) {
        const LikePattern compiled = Like(pattern);
        EXPECT_TRUE(compiled.trailing_escape()) << pattern;
        EXPECT_TRUE(compiled.Matches("anything")) << pattern;
        EXPECT_EQ(Describe(compiled), "verify:") << pattern;
    }
}

TEST(LikePattern, EverythingAndTheEmptyValue) {
    EXPECT_TRUE(Like("%").matches_everything());
    EXPECT_TRUE(Like("%%%").matches_everything());
    EXPECT_EQ(Describe(Like("%")), "exact:");
    EXPECT_TRUE(Like("%").Matches(""));
    EXPECT_FALSE(Like("").matches_everything());
    EXPECT_TRUE(Like("").Matches(""));
    EXPECT_FALSE(Like("").Matches(" "));
    EXPECT_FALSE(Like("%_").matches_everything());
    EXPECT_FALSE(Like("%_").Matches(""));
    EXPECT_TRUE(LikePattern::Compile(Operator::kPrefix, "", Utf8()).matches_everything());
    EXPECT_FALSE(LikePattern::Compile(Operator::kEqual, "", Utf8()).matches_everything());
}

TEST(LikePattern, OtherOperatorsHaveNoMetacharacters) {
    const LikePattern equal = LikePattern::Compile(Operator::kEqual, "a%", Utf8());
    EXPECT_TRUE(equal.Matches("a%"));
    EXPECT_FALSE(equal.Matches("ab"));
    EXPECT_EQ(Describe(equal), "verify: exact(a)[f]");
    const LikePattern escape = LikePattern::Compile(Operator::kEqual, "a\\", Utf8());
    EXPECT_FALSE(escape.trailing_escape());
    EXPECT_TRUE(escape.Matches("a\\"));
    const LikePattern prefix = LikePattern::Compile(Operator::kPrefix, "john sm", Utf8());
    EXPECT_TRUE(prefix.Matches("john smith"));
    EXPECT_EQ(Describe(prefix), "verify: exact(john)[f] prefix(sm)[li]");
}

TEST(LikePattern, TrailingSpacesOfPaddedValues) {
    const auto padded = [](std::string_view text) {
        return LikePattern::Compile(Operator::kEqualIgnoringTrailingSpaces, text, Utf8());
    };
    EXPECT_TRUE(padded("smith  ").Matches("smith"));
    EXPECT_TRUE(padded("smith").Matches("smith   "));
    EXPECT_FALSE(padded("smith").Matches(" smith"));
    EXPECT_TRUE(padded("  ").Matches(""));
    EXPECT_EQ(Describe(padded("smith")), "exact: exact(smith)[o] | verify: exact(smith)[f]");
    EXPECT_EQ(Describe(padded("ann smith ")), "verify: exact(smith)[li] exact(ann)[f]");
}

// In EUC a pair of bytes can also appear across two characters.
TEST(LikePattern, MultiByteHitsStandBetweenCharacters) {
    const LikePattern pattern = LikePattern::Compile(Operator::kLike, "%\xA1\xB0%", Euc());
    EXPECT_FALSE(pattern.Matches("\xB0\xA1\xB0\xA2"));
    EXPECT_TRUE(pattern.Matches("\xB0\xA1\xA1\xB0"));
    const LikePattern::Term& term = pattern.alternatives()[0].terms[0];
    EXPECT_TRUE(pattern.alternatives()[0].exact);
    EXPECT_TRUE(term.needs_word_check);
    EXPECT_FALSE(term.MatchesWord("\xB0\xA1\xB0\xA2"));
    EXPECT_TRUE(term.MatchesWord("\xB0\xA1\xA1\xB0"));
    const LikePattern ascii = LikePattern::Compile(Operator::kLike, "%son", Euc());
    EXPECT_FALSE(ascii.alternatives()[0].terms[0].needs_word_check);
}

// A copy or a moved-to pattern keeps working when the pattern it came from is gone.
TEST(LikePattern, OwnsItsText) {
    std::vector<LikePattern> patterns;
    for (int i = 0; i < 100; ++i) {
        const std::string text = "%x" + std::to_string(i) + "%";
        LikePattern compiled = Like(text);
        patterns.push_back(compiled);
        patterns.push_back(std::move(compiled));
    }
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        const std::string needle = "x" + std::to_string(i / 2);
        EXPECT_EQ(patterns[i].alternatives()[0].terms[0].query().needle, needle);
        EXPECT_TRUE(patterns[i].Matches("a " + needle + " b"));
    }
}

TEST(LikePattern, AdversarialPatternsStayPolynomial) {
    std::string pattern = "%";
    for (int i = 0; i < 500; ++i) {
        pattern += i % 2 == 0 ? "n%a%" : "a_%n%";
    }
    pattern += "x%";
    const std::string value(20000, 'a');
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(Like(pattern).Matches(value));
    EXPECT_FALSE(Like("%" + std::string(1000, 'a') + "b%").Matches(value));
    EXPECT_FALSE(Like("%" + std::string(1000, 'a') + "_b%c").Matches(value));
    EXPECT_FALSE(Like(std::string(30000, '_')).Matches(value));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

// The number of terms is bounded, whatever the pattern.
TEST(LikePattern, LongPatternsHaveFewTerms) {
    std::string pattern = "%";
    for (int i = 0; i < 5000; ++i) {
        pattern += "w" + std::to_string(i) + "% ";
    }
    const LikePattern compiled = Like(pattern);
    ASSERT_EQ(compiled.alternatives().size(), 1u);
    EXPECT_LE(compiled.alternatives()[0].terms.size(), 16u);
    EXPECT_GE(compiled.alternatives()[0].terms.size(), 8u);
}

}  // namespace
}  // namespace namedex::core
