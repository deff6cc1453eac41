// What a search asks of one key column; the conditions of a search are ANDed.
//
// Conditions are compiled once per (re)scan and shared by all segments and the pending rows.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/fold.hpp"
#include "core/like_pattern.hpp"
#include "core/pattern_set.hpp"

namespace namedex::core {

// A test of distinct values that only the server can do (a comparison across types). `word` is a
// value that is a single word; called once per distinct value.
class ValueTest {
  public:
    virtual ~ValueTest() = default;
    virtual bool Accepts(std::string_view word) const = 0;
};

struct Condition {
    enum class Kind : std::uint8_t {
        kMatch,      // some pattern or member of the set matches; NULL never does
        kValueTest,  // every value of the column is one word, and the test accepts it
        kIsNull,
        kIsNotNull,
    };

    std::uint32_t column = 0;
    Kind kind = Kind::kMatch;
    std::vector<LikePattern> patterns;  // kMatch; none, and an empty set: no row
    PatternSet set;                     // kMatch, where there are many patterns
    const ValueTest* test = nullptr;    // kValueTest

    // Whether one value, given whole in both forms, satisfies the condition.
    bool Accepts(bool is_null, std::string_view original, std::string_view folded) const {
        switch (kind) {
            case Kind::kIsNull:
                return is_null;
            case Kind::kIsNotNull:
                return !is_null;
            case Kind::kValueTest:
                return !is_null && test->Accepts(original);
            case Kind::kMatch:
                break;
        }
        if (is_null) {
            return false;
        }
        if (set.Accepts(set.op() == Operator::kILike ? folded : original)) {
            return true;
        }
        for (const LikePattern& pattern : patterns) {
            if (pattern.Matches(pattern.op() == Operator::kILike ? folded : original)) {
                return true;
            }
        }
        return false;
    }

    // Whether Accepts needs the folded form. (All patterns of a scan key have one operator.)
    bool NeedsFold() const {
        return (!set.empty() && set.op() == Operator::kILike) ||
               (!patterns.empty() && patterns.front().op() == Operator::kILike);
    }

    // Whether the server must look at the rows again (see LikePattern::trailing_escape).
    bool NeedsRecheck() const {
        for (const LikePattern& pattern : patterns) {
            if (pattern.trailing_escape()) {
                return true;
            }
        }
        return false;
    }
};

}  // namespace namedex::core
