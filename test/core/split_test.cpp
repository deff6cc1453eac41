// Splitter against its naive twin, with folders that have context rules, that make one character
// several, and that break their promises; and ILIKE over what the splitter yields.

#include "core/split.hpp"

#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/like_pattern.hpp"
#include "reference/naive_like.hpp"

namespace namedex::core {
namespace {

using reference::NaiveSplit;
using reference::SplitNaively;

// Lowers ASCII, Greek sigma and e with acute by rules like those of ICU:
//   - a capital sigma (CE A3) at the end of a word is CF 82, elsewhere CF 83; the apostrophe does
//   not
//     end a word, so the whole value may fold otherwise than its words;
//   - I with a dot (C4 B0) becomes three bytes, 69 CC 87.
// And by rules no real folder has: a kelvin sign (E2 84 AA) becomes two words, C5 80 vanishes.
class RuleFolder : public Folder {
  public:
    explicit RuleFolder(bool with_context) : with_context_(with_context) {
        encoding = reference::Utf8();
        ascii_bytewise = true;
        ascii_fold = AsciiLowerTable();
        context_free = !with_context;
    }

    void Fold(std::string_view in, std::string& out) const override {
        ++calls;
        out.clear();
        for (std::size_t i = 0; i < in.size();) {
            const std::size_t length = reference::NaiveCharLength(encoding, in.substr(i));
            const std::string_view character = in.substr(i, length);
            i += length;
            if (character == "\xCE\xA3") {
                out += with_context_ && EndsWordHere(in.substr(i)) ? "\xCF\x82" : "\xCF\x83";
            } else if (character == "\xC3\x89") {
                out += "\xC3\xA9";
            } else if (character == "\xC4\xB0") {
                out += "i\xCC\x87";
            } else if (character == "\xE2\x84\xAA") {
                out += "k k";
            } else if (character == "\xC5\x80") {
                continue;
            } else if (character.size() == 1 && static_cast<unsigned char>(character[0]) < 0x80) {
                out += static_cast<char>(ascii_fold[static_cast<unsigned char>(character[0])]);
            } else {
                out += character;
            }
        }
    }

    mutable long calls = 0;

  private:
    static bool EndsWordHere(std::string_view rest) {
        while (!rest.empty() && rest[0] == '\'') {
            rest.remove_prefix(1);
        }
        return rest.empty() || !IsWordByte(rest[0]);
    }

    bool with_context_;
};

// Turkish in a single-byte encoding: I folds to a byte >= 0x80.
class LatinTurkishFolder : public Folder {
  public:
    LatinTurkishFolder() {
        encoding = reference::SingleByte();
        ascii_bytewise = true;
        ascii_fold = AsciiLowerTable();
        ascii_fold['I'] = 0xFD;
        context_free = true;
    }
    void Fold(std::string_view in, std::string& out) const override {
        out.clear();
        for (const char c : in) {
            const auto byte = static_cast<unsigned char>(c);
            out += byte < 0x80    ? static_cast<char>(ascii_fold[byte])
                   : byte >= 0xF0 ? c
                                  : static_cast<char>(byte | 0x20);
        }
    }
};

// Two-byte characters, of which those that begin with C1 fold to those that begin with E1.
class EucFolder : public Folder {
  public:
    EucFolder() {
        encoding = reference::Euc();
        ascii_bytewise = true;
        ascii_fold = AsciiLowerTable();
    }
    void Fold(std::string_view in, std::string& out) const override {
        out.clear();
        for (std::size_t i = 0; i < in.size();) {
            const std::size_t length = reference::NaiveCharLength(encoding, in.substr(i));
            std::string character(in.substr(i, length));
            i += length;
            if (character[0] == '\xC1') {
                character[0] = '\xE1';
            } else if (static_cast<unsigned char>(character[0]) < 0x80) {
                character[0] =
                    static_cast<char>(ascii_fold[static_cast<unsigned char>(character[0])]);
            }
            out += character;
        }
    }
};

std::string FoldOf(const Folder& folder, std::string_view text) {
    std::string out;
    folder.Fold(text, out);
    return out;
}

// The definition of a regular value, word for word (for values within the limits).
bool IsRegularNaively(const Folder& folder, std::string_view value) {
    const NaiveSplit original = SplitNaively(value);
    const NaiveSplit folded = SplitNaively(FoldOf(folder, value));
    if (original.shape != folded.shape || value.find('\0') != std::string_view::npos) {
        return false;
    }
    for (std::size_t i = 0; i < original.words.size(); ++i) {
        if (FoldOf(folder, original.words[i].text) != folded.words[i].text) {
            return false;
        }
    }
    return true;
}

// Shape and words put together again.
std::string Rebuild(const SplitValue& split, bool folded) {
    std::string out;
    std::size_t word = 0;
    for (const char c : split.shape) {
        if (c == kShapeWord) {
            out += folded ? split.words.at(word).folded : split.words.at(word).original;
            ++word;
        } else {
            out += c;
        }
    }
    EXPECT_EQ(word, split.words.size());
    return out;
}

void ExpectSplit(const Folder& folder, Splitter& splitter, SplitValue& split,
                 std::string_view value) {
    // A block of exactly the value's size, so that AddressSanitizer sees overreads.
    const std::unique_ptr<char[]> block(new char[value.size()]);
    value.copy(block.get(), value.size());
    const std::string_view text(block.get(), value.size());

    splitter.Split(text, split);
    ASSERT_EQ(split.folded_value, FoldOf(folder, value));
    ASSERT_EQ(split.opaque, !IsRegularNaively(folder, value)) << value;
    if (split.opaque) {
        ASSERT_TRUE(split.words.empty());
        ASSERT_TRUE(split.shape.empty());
        return;
    }
    const NaiveSplit naive = SplitNaively(value);
    ASSERT_EQ(split.shape, naive.shape);
    ASSERT_EQ(split.words.size(), naive.words.size());
    for (std::size_t i = 0; i < naive.words.size(); ++i) {
        ASSERT_EQ(split.words[i].original, naive.words[i].text);
        ASSERT_EQ(split.words[i].folded, FoldOf(folder, naive.words[i].text));
        ASSERT_EQ(split.words[i].word_class, naive.words[i].word_class);
        ASSERT_GE(split.words[i].original.data(), text.data());
        ASSERT_LE(split.words[i].original.data() + split.words[i].original.size(),
                  text.data() + text.size());
        ASSERT_GE(split.words[i].folded.data(), split.folded_value.data());
        ASSERT_LE(split.words[i].folded.data() + split.words[i].folded.size(),
                  split.folded_value.data() + split.folded_value.size());
    }
    ASSERT_EQ(Rebuild(split, false), value);
    ASSERT_EQ(Rebuild(split, true), split.folded_value);
    std::string shape;
    std::vector<std::string_view> words;
    ASSERT_TRUE(Tokenize(text, shape, words));
    ASSERT_EQ(shape, naive.shape);
    ASSERT_EQ(words.size(), naive.words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
        ASSERT_EQ(words[i], naive.words[i].text);
    }
}

std::string RandomText(std::mt19937& random, const std::vector<std::string>& alphabet,
                       std::size_t longest) {
    std::string out;
    for (std::size_t length = random() % (longest + 1); length > 0; --length) {
        out += alphabet[random() % alphabet.size()];
    }
    return out;
}

constexpr int kValues = 8000;

// Splits random values; counts opaque ones in the second member.
std::pair<long, long> CompareAtRandom(const Folder& folder,
                                      const std::vector<std::string>& alphabet, unsigned seed) {
    std::mt19937 random(seed);
    Splitter splitter(folder);
    SplitValue split;
    std::pair<long, long> counts{0, 0};
    for (int i = 0; i < kValues && !testing::Test::HasFatalFailure(); ++i) {
        const std::size_t longest = random() % 16 == 0 ? 200 : 12;
        ExpectSplit(folder, splitter, split, RandomText(random, alphabet, longest));
        ++counts.first;
        counts.second += split.opaque ? 1 : 0;
    }
    return counts;
}

TEST(Splitter, AsciiValues) {
    const RuleFolder folder(true);
    const auto [all, opaque] = CompareAtRandom(folder, {"a", "B", "Z9", " ", "-", ",", "'"}, 1);
    EXPECT_EQ(all, kValues);
    EXPECT_EQ(opaque, 0);
}

TEST(Splitter, ContextRulesMakeOpaqueValues) {
    const RuleFolder folder(true);
    const auto [all, opaque] =
        CompareAtRandom(folder, {"a", "B", " ", "'", "'", "\xCE\xA3", "\xC3\x89", "\xC4\xB0"}, 2);
    EXPECT_GT(opaque, all / 20);
    EXPECT_LT(opaque, all / 2);
}

TEST(Splitter, ContextFreeFolds) {
    const RuleFolder folder(false);
    const auto [all, opaque] =
        CompareAtRandom(folder, {"a", "B", " ", "'", "\xCE\xA3", "\xC3\x89", "\xC4\xB0"}, 3);
    EXPECT_EQ(all, kValues);
    EXPECT_EQ(opaque, 0);
}

TEST(Splitter, FoldsThatChangeTheShape) {
    for (const bool with_context : {false, true}) {
        const RuleFolder folder(with_context);
        const auto [all, opaque] = CompareAtRandom(
            folder, {"a", "B", " ", " ", "\xE2\x84\xAA", "\xC5\x80", "\xC3\x89"}, 4);
        EXPECT_GT(opaque, all / 10);
        EXPECT_LT(opaque, all * 9 / 10);
    }
}

TEST(Splitter, OtherEncodings) {
    const LatinTurkishFolder latin;
    EXPECT_EQ(CompareAtRandom(latin, {"a", "I", " ", "\xC9", "\xDE", "-"}, 5).second, 0);
    const EucFolder euc;
    EXPECT_EQ(CompareAtRandom(euc, {"a", "B", " ", "\xC1\xC1", "\xE1\xC1", "-"}, 6).second, 0);
}

// A table that moves delimiters, or none at all, must not be relied upon.
TEST(Splitter, FolderWithoutATable) {
    RuleFolder none(true);
    none.ascii_bytewise = false;
    EXPECT_EQ(CompareAtRandom(none, {"a", "B", " ", "'"}, 7).second, 0);
    RuleFolder moving(true);
    moving.ascii_fold['-'] = ' ';
    EXPECT_GT(CompareAtRandom(moving, {"a", "B", " ", "-"}, 8).second, kValues / 3);
    RuleFolder joining(false);
    joining.ascii_fold['-'] = 'x';
    EXPECT_GT(CompareAtRandom(joining, {"a", "B", " ", "-", "\xC3\x89"}, 9).second, kValues / 3);
}

// The final sigma of the specification: alone the word folds otherwise than in the value.
TEST(Splitter, FinalSigmaBeforeAnApostrophe) {
    const RuleFolder folder(true);
    Splitter splitter(folder);
    SplitValue split;
    splitter.Split("A\xCE\xA3'B", split);
    EXPECT_TRUE(split.opaque);
    EXPECT_EQ(split.folded_value, "a\xCF\x83'b");
    splitter.Split("A\xCE\xA3 B", split);
    EXPECT_FALSE(split.opaque);
    EXPECT_EQ(split.words[0].folded, "a\xCF\x82");
}

TEST(Splitter, Classes) {
    const RuleFolder folder(true);
    Splitter splitter(folder);
    SplitValue split;
    const auto classes = [&](std::string_view value) {
        splitter.Split(value, split);
        std::string out;
        for (const SplitWord& word : split.words) {
            out += "ofli"[static_cast<int>(word.word_class)];
        }
        return out;
    };
    EXPECT_EQ(classes("smith"), "o");
    EXPECT_EQ(classes(" smith"), "l");
    EXPECT_EQ(classes("smith "), "f");
    EXPECT_EQ(classes(" smith "), "i");
    EXPECT_EQ(classes("ann lee smith"), "fil");
    EXPECT_EQ(classes(""), "");
    EXPECT_FALSE(split.opaque);
    EXPECT_EQ(classes(" - "), "");
    EXPECT_EQ(split.shape, " - ");
}

TEST(Splitter, Limits) {
    const RuleFolder folder(true);
    Splitter splitter(folder);
    SplitValue split;
    const auto is_opaque = [&](const std::string& value) {
        splitter.Split(value, split);
        EXPECT_EQ(split.folded_value, FoldOf(folder, value));
        std::string shape;
        std::vector<std::string_view> words;
        const bool cut = Tokenize(value, shape, words);
        EXPECT_TRUE(split.opaque || cut);
        return split.opaque;
    };
    const auto words = [](std::size_t count, const std::string& word) {
        std::string out;
        for (std::size_t i = 0; i < count; ++i) {
            out += (i == 0 ? "" : " ") + word;
        }
        return out;
    };
    EXPECT_FALSE(is_opaque(std::string(kMaxWordBytes, 'A')));
    EXPECT_TRUE(is_opaque(std::string(kMaxWordBytes + 1, 'A')));
    EXPECT_TRUE(is_opaque("a b " + std::string(kMaxWordBytes + 1, 'A') + " c"));
    EXPECT_FALSE(is_opaque(words(kMaxWordsPerValue, "ab")));
    EXPECT_TRUE(is_opaque(words(kMaxWordsPerValue + 1, "ab")));
    EXPECT_FALSE(is_opaque(std::string(kMaxShapeBytes, ' ')));
    EXPECT_TRUE(is_opaque(std::string(kMaxShapeBytes + 1, ' ')));
    EXPECT_FALSE(is_opaque(std::string(kMaxShapeBytes - 1, ' ') + "word"));
    EXPECT_TRUE(is_opaque(std::string(kMaxShapeBytes, ' ') + "word"));
    EXPECT_TRUE(is_opaque(std::string("a\0b", 3)));
    EXPECT_TRUE(is_opaque(std::string("0123456\0\xC3\xA9", 10)));
    EXPECT_FALSE(is_opaque(std::string(kMaxWordBytes - 2, 'a') + "\xC3\x89"));
    EXPECT_TRUE(is_opaque(std::string(kMaxWordBytes - 1, 'a') + "\xC3\x89"));
    // The original is within the limit, its fold (three bytes for two) is not.
    EXPECT_TRUE(is_opaque(std::string(kMaxWordBytes - 2, 'a') + "\xC4\xB0"));
}

// The words of one value must not show in the next.
TEST(Splitter, ReusesItsResult) {
    const RuleFolder folder(true);
    Splitter splitter(folder);
    SplitValue split;
    splitter.Split("Ann Lee \xC3\x89lan", split);
    splitter.Split("A\xCE\xA3'B", split);
    EXPECT_TRUE(split.opaque);
    splitter.Split("X", split);
    EXPECT_FALSE(split.opaque);
    ASSERT_EQ(split.words.size(), 1u);
    EXPECT_EQ(split.words[0].folded, "x");
    EXPECT_EQ(split.shape, "\x80");
}

// A character that reaches over a word's edge: '_' would step over both at once.
TEST(Splitter, CharactersAcrossWordsMakeOpaqueValues) {
    SplitValue split;
    const RuleFolder utf8(true);
    Splitter of_utf8(utf8);
    of_utf8.Split(
        "ab \xA9"
        "c",
        split);
    EXPECT_TRUE(split.opaque);
    const EucFolder euc;
    Splitter of_euc(euc);
    of_euc.Split("\xC1\xC1\xC1 b", split);
    EXPECT_TRUE(split.opaque);
    of_euc.Split("\xC1\xC1 b", split);
    EXPECT_FALSE(split.opaque);
}

// Words come back folded without asking the folder each time.
TEST(Splitter, RemembersFolds) {
    const RuleFolder folder(false);
    Splitter splitter(folder);
    SplitValue split;
    for (int i = 0; i < 100; ++i) {
        splitter.Split("\xC3\x89lan Vital", split);
        ASSERT_EQ(split.folded_value, "\xC3\xA9lan vital");
    }
    EXPECT_LE(folder.calls, 4);
}

class ThrowingFolder : public RuleFolder {
  public:
    ThrowingFolder() : RuleFolder(false) {}
    void Fold(std::string_view in, std::string& out) const override {
        RuleFolder::Fold(in, out);
        if (fail) {
            out = "rubbish";
            throw std::runtime_error("fold failed");
        }
    }
    bool fail = false;
};

TEST(Splitter, SurvivesAFolderThatThrows) {
    ThrowingFolder folder;
    Splitter splitter(folder);
    SplitValue split;
    splitter.Split("\xC3\x89lan", split);
    folder.fail = true;
    EXPECT_THROW(splitter.Split("\xC3\x89tat", split), std::runtime_error);
    folder.fail = false;
    splitter.Split("\xC3\x89tat \xC3\x89lan", split);
    EXPECT_EQ(split.folded_value, "\xC3\xA9tat \xC3\xA9lan");
}

// What a failed fold leaves behind must not be taken for the fold of the word remembered before it.
TEST(Splitter, FailedFoldsAreNotRemembered) {
    ThrowingFolder folder;
    Splitter splitter(folder);
    SplitValue split;
    const auto word = [](int i) { return "\xC3\x89" + std::to_string(i); };
    for (int i = 0; i < 5000; ++i) {
        splitter.Split(word(i), split);
    }
    folder.fail = true;
    for (int i = 5000; i < 6000; ++i) {
        EXPECT_THROW(splitter.Split(word(i), split), std::runtime_error);
    }
    folder.fail = false;
    for (int i = 0; i < 6000; ++i) {
        splitter.Split(word(i), split);
        ASSERT_EQ(split.folded_value, "\xC3\xA9" + std::to_string(i));
    }
}

// ---- the whole way: split, compile, evaluate on the splitter's words ---------------------------

constexpr int kPatterns = 4000;

void ComparePatterns(const Folder& folder, const std::vector<std::string>& letters, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::string> of_pattern = letters;
    of_pattern.insert(of_pattern.end(), {"%", "%", "%", "_"});
    Splitter splitter(folder);
    SplitValue split;
    long regular = 0;
    long matched = 0;
    for (int i = 0; i < kPatterns; ++i) {
        const Operator op = random() % 2 == 0 ? Operator::kLike : Operator::kILike;
        const bool folded = op == Operator::kILike;
        std::string text = RandomText(random, of_pattern, 7);
        text = folded ? FoldOf(folder, text) : text;
        const LikePattern pattern = LikePattern::Compile(op, text, folder.encoding);
        for (int j = 0; j < 8; ++j) {
            const std::string value = RandomText(random, letters, 8);
            splitter.Split(value, split);
            const std::string_view whole = folded ? split.folded_value : value;
            if (folded) {
                ASSERT_EQ(split.folded_value, FoldOf(folder, value));
            }
            ASSERT_EQ(reference::FaultIn(pattern, folder.encoding, text, whole), "");
            if (split.opaque) {
                continue;
            }
            std::vector<reference::NaiveSplitWord> words;
            for (const SplitWord& word : split.words) {
                words.push_back(
                    {std::string(folded ? word.folded : word.original), word.word_class});
            }
            ASSERT_EQ(reference::FaultInAlternatives(pattern, words, pattern.Matches(whole)), "")
                << "pattern '" << text << "' value '" << value << "'";
            ++regular;
            matched += pattern.Matches(whole) ? 1 : 0;
        }
    }
    EXPECT_GT(matched, kPatterns / 4);
    EXPECT_GT(regular, kPatterns * 2);
}

TEST(SplitterAndPattern, RegularValuesAreDecidedByTheirWords) {
    ComparePatterns(RuleFolder(true), {"a", "B", "'", "\xCE\xA3", "\xC3\x89", " "}, 21);
    ComparePatterns(RuleFolder(false), {"a", "A", "\xC4\xB0", "\xC3\x89", " "}, 22);
    ComparePatterns(RuleFolder(true), {"a", "A", "\xE2\x84\xAA", "\xC5\x80", " "}, 23);
    ComparePatterns(LatinTurkishFolder(), {"a", "I", "\xC9", "\xFD", "-"}, 24);
    ComparePatterns(EucFolder(), {"\xC1\xC1", "\xE1\xC1", "\xC1\xE1", "a", "A", " "}, 25);
}

// The short way to a fold gives what the long way gives, and asks the folder only where it must.
TEST(Folder, FoldFastIsFold) {
    const std::vector<std::string> pieces = {"a", "B", "Z", "'", " ", "\xCE\xA3", "\xC3\x89",
                                             "\xC4\xB0"};
    std::mt19937 random(31);
    for (const bool with_context : {true, false}) {
        const RuleFolder folder(with_context);
        for (int round = 0; round < 2000; ++round) {
            std::string value;
            bool ascii = true;
            for (unsigned n = random() % 8; n > 0; --n) {
                const std::string& piece = pieces[random() % pieces.size()];
                ascii = ascii && piece.size() == 1;
                value += piece;
            }
            std::string fast = "left over";
            const long before = folder.calls;
            folder.FoldFast(value, fast);
            ASSERT_EQ(folder.calls - before, ascii ? 0 : 1) << value;
            std::string slow;
            folder.Fold(value, slow);
            ASSERT_EQ(fast, slow);
        }
    }
    EucFolder bytes;
    bytes.ascii_bytewise = false;
    std::string folded;
    bytes.FoldFast("AB", folded);
    std::string slow;
    bytes.Fold("AB", slow);
    EXPECT_EQ(folded, slow);
}

}  // namespace
}  // namespace namedex::core
