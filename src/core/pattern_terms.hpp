// Resolves a parsed pattern into the alternatives of core/like_pattern.hpp.
//
// A literal run is cut at its delimiters into *pieces*; each piece lies inside one word of a
// matching value. What stands beside a piece says where in that word: next to a delimiter or an
// anchored end of the pattern the word ends there, next to '%' or '_' it may go on. A delimiter
// anywhere before a piece means that its word does not begin the value, one anywhere after it that
// its word does not end the value.
//
// '_' may stand for a word's character or for a delimiter. For patterns of one part with few of
// them both cases are spelled out: either all '_' lie in one word with everything else, and a check
// of that word alone decides, or there is a leftmost '_' that is a delimiter, and what is before it
// ends a word. Otherwise the pieces say all there is.
#pragma once

#include <vector>

#include "core/encoding.hpp"
#include "core/like_matcher.hpp"
#include "core/like_pattern.hpp"

namespace namedex::core {

class PatternTerms {
  public:
    // `pattern` is well-formed and does not match everything. `open_to_spaces`: after the pattern's
    // end a value may go on with spaces (and the pattern has no wildcards).
    PatternTerms(const ParsedPattern& pattern, const Encoding& encoding, bool open_to_spaces);

    std::vector<LikePattern::Alternative> Resolve() const;

  private:
    using Term = LikePattern::Term;
    using Alternative = LikePattern::Alternative;

    void ResolveWord(std::vector<Alternative>& out) const;
    void ResolveTwoWords(std::vector<Alternative>& out) const;
    void ResolveSkips(std::vector<Alternative>& out) const;
    Alternative LeftmostDelimiter(std::size_t run, std::size_t skip) const;
    Alternative Pieces(const ParsedPattern& pattern, bool after_delimiter) const;

    Term WordLike(const ParsedPattern& in_word, ClassMask classes) const;
    bool Implies(const Term& stronger, const Term& weaker) const;
    void Reduce(std::vector<Term>& terms) const;

    const ParsedPattern& pattern_;
    Encoding encoding_;
    bool open_to_spaces_;
    std::size_t skips_ = 0;
    std::size_t delimiters_ = 0;
    std::size_t literal_bytes_ = 0;
};

}  // namespace namedex::core
