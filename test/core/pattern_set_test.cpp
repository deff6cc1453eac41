// PatternSet against its naive twin: every pattern that was taken, tried on the text.

#include "core/pattern_set.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reference/naive_like.hpp"
#include "reference/random_table.hpp"

namespace namedex::core {
namespace {

using namespace reference;

constexpr Operator kOperators[] = {Operator::kLike, Operator::kILike, Operator::kEqual,
                                   Operator::kPrefix, Operator::kEqualIgnoringTrailingSpaces};

std::string Draw(Random& random, const std::vector<std::string>& letters, std::uint32_t longest) {
    std::string text;
    for (std::uint32_t n = random.Below(longest + 1); n > 0; --n) {
        text += random.Of(letters);
    }
    return text;
}

// What the header says of a member, read from the pattern's end.
bool IsMember(Operator op, std::string pattern, const Encoding& encoding) {
    if (op == Operator::kPrefix) {
        return !pattern.empty();
    }
    if (op != Operator::kLike && op != Operator::kILike) {
        return true;
    }
    if (EndsInEscape(pattern)) {
        return false;
    }
    bool open = false;
    while (!pattern.empty() && pattern.back() == '%' &&
           !EndsInEscape(pattern.substr(0, pattern.size() - 1))) {
        pattern.pop_back();
        open = true;
    }
    std::string literal;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '%' || pattern[i] == '_') {
            return false;
        }
        i += pattern[i] == '\\' ? 1 : 0;
        literal += pattern[i];
    }
    return IsValidText(encoding, literal) && !(open && literal.empty());
}

void Compare(const Encoding& encoding, const std::vector<std::string>& letters,
             std::uint64_t seed) {
    Random random(seed);
    std::vector<std::string> of_pattern = letters;
    of_pattern.insert(of_pattern.end(), {"%", "_", "\\", "\\%", "\\_", "\\\\", " "});
    std::uint64_t accepted = 0;
    std::uint64_t tried = 0;
    for (int round = 0; round < 3000; ++round) {
        const Operator op = random.Of(kOperators);
        PatternSet set(op);
        std::vector<std::string> members;
        for (std::uint32_t n = random.Below(random.Percent(80) ? 6 : 60); n > 0; --n) {
            std::string pattern = Draw(random, random.Percent(50) ? letters : of_pattern, 5);
            pattern += random.Percent(20) ? "%" : "";
            const bool taken = set.Add(pattern, encoding);
            ASSERT_EQ(taken, IsMember(op, pattern, encoding))
                << static_cast<int>(op) << " {" << pattern << '}';
            if (taken) {
                members.push_back(pattern);
            }
        }
        set.Finish();
        ASSERT_EQ(set.empty(), members.empty());
        for (std::size_t i = 1; i < set.size(); ++i) {
            const PatternSet::Member last = set.member(i - 1);
            const PatternSet::Member next = set.member(i);
            ASSERT_LT(last.text, next.text);
            ASSERT_FALSE(last.open_end && next.text.substr(0, last.text.size()) == last.text);
        }
        for (int i = 0; i < 30; ++i) {
            const std::string text = Draw(random, random.Percent(80) ? letters : of_pattern, 7) +
                                     (random.Percent(20) ? "  " : "");
            bool wanted = false;
            for (const std::string& pattern : members) {
                wanted = wanted || NaiveMatches(op, encoding, pattern, text);
            }
            ASSERT_EQ(set.Accepts(text), wanted) << static_cast<int>(op) << " {" << text << '}';
            accepted += wanted ? 1 : 0;
            ++tried;
        }
    }
    EXPECT_GT(accepted * 20, tried);
    EXPECT_LT(accepted * 3, tried * 2);
}

TEST(PatternSet, AgreesWithTheNaiveTwin) {
    Compare(Utf8(), {"a", "b", " ", "\xC3\xA4"}, 1);
    Compare(SingleByte(), {"a", "b", "\xE4"}, 2);
    Compare(Euc(), {"a", "b", "\xB0\xA1", "\xA1\xB0"}, 3);
}

TEST(PatternSet, LeavesWhatTheServerDecides) {
    PatternSet set(Operator::kLike);
    EXPECT_FALSE(set.Add("a\\", Utf8()));
    EXPECT_FALSE(set.Add("a\xC3", Utf8()));
    EXPECT_FALSE(set.Add("%", Utf8()));
    EXPECT_FALSE(set.Add("%%", Utf8()));
    EXPECT_FALSE(set.Add("a%\\", Utf8()));
    EXPECT_TRUE(set.Add("", Utf8()));
    set.Finish();
    EXPECT_EQ(set.size(), 1u);
    EXPECT_TRUE(set.Accepts(""));
    EXPECT_FALSE(set.Accepts("a"));
}

TEST(PatternSet, AcceptsNothingWhenEmpty) {
    PatternSet unfinished(Operator::kEqual);
    EXPECT_FALSE(unfinished.Accepts(""));
    PatternSet set(Operator::kEqual);
    set.Finish();
    EXPECT_FALSE(set.Accepts(""));
}

}  // namespace
}  // namespace namedex::core
