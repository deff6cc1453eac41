// A search condition on a value, compiled: what it asks of single words, and the exact check of a
// whole value.
//
// The condition is resolved into *alternatives*, each a conjunction of *terms*; a term asks for
// some occurrence of a word, in one of the given classes, that the term accepts. For every regular
// value (core/split.hpp):
//   - if all terms of an exact alternative hold, the value matches;
//   - if the value matches, then all terms of at least one alternative hold.
// So the answer is: the rows of the exact alternatives, and of the rows of the others those for
// which Matches says yes. Opaque values have no words: Matches decides on each. An alternative
// without terms is every row.
//
//     %son%      {a word contains son: exact}
//     smi%       {the first or only word begins with smi: exact}
//     a%b        {the first word begins with a and the last ends with b: exact}
//                or {the only word is like a%b: exact}
//     j_n%       {the first or only word is like j_n%: exact}
//                or {the first word is j, and one after it begins with n}
//     %ann smi%  {a first or inner word ends with ann, and an inner or last begins with smi}
//
// Text means folded text for kILike (the pattern comes folded, terms apply to folded words, Matches
// takes the folded value) and original text for every other operator.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/encoding.hpp"
#include "core/ids.hpp"
#include "core/like_matcher.hpp"
#include "core/word_query.hpp"

namespace namedex::core {

enum class Operator : std::uint8_t {
    kLike,
    kILike,
    kEqual,                        // =, byte for byte
    kPrefix,                       // ^@
    kEqualIgnoringTrailingSpaces,  // = of char(n)
};

// What the = of char(n) compares of a value.
std::string_view WithoutTrailingSpaces(std::string_view text);

class LikePattern {
  public:
    class Term {
      public:
        ClassMask classes = kAllClasses;
        WordQueryKind kind = WordQueryKind::kAll;
        std::string literal;  // word bytes only; empty for kAll
        // If false, the words that fit query() are exactly those that MatchesWord accepts.
        bool needs_word_check = false;

        // What every accepted word fits; the needle points into this term.
        WordQuery query() const { return {kind, literal}; }
        // The whole decision about a word's text (not its class).
        bool MatchesWord(std::string_view word) const;
        // Appends bytes that are the same for terms that ask the same of words, under one operator
        // and encoding, and for no others.
        void AppendKey(std::string& key) const;

      private:
        friend class PatternTerms;
        bool literal_only_ = true;  // accepts every word that has the literal at its place
        LikeMatcher matcher_;       // used if needs_word_check
    };

    struct Alternative {
        std::vector<Term> terms;  // what few words are likely to have comes first
        bool exact = false;
    };

    // For kILike `pattern` is the server's fold of the whole pattern. Does not keep `pattern`.
    static LikePattern Compile(Operator op, std::string_view pattern, const Encoding& encoding);

    Operator op() const { return op_; }

    // Every value matches, also the empty one.
    bool matches_everything() const { return matches_everything_; }

    // The server must decide on every row: the pattern ends in a lone escape character, upon which
    // the server raises an error or not depending on the value, or it is not valid in the encoding.
    // Matches is then true for all values and the only alternative is every row.
    bool trailing_escape() const { return trailing_escape_; }

    // True if the whole value matches, exactly as the server decides.
    bool Matches(std::string_view text) const;

    // At least one.
    const std::vector<Alternative>& alternatives() const { return alternatives_; }

  private:
    LikePattern() = default;

    Operator op_ = Operator::kLike;
    bool matches_everything_ = false;
    bool trailing_escape_ = false;
    LikeMatcher matcher_;
    std::vector<Alternative> alternatives_;
};

}  // namespace namedex::core
