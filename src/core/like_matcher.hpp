// LIKE patterns, parsed, and the matcher of one text against one of them.
//
// A pattern is a list of *parts* with a '%' between each two; '%' at the pattern's start or end
// leaves that end open. A part is a list of *runs*: first so many characters of any kind ('_'),
// then literal bytes.
//
//     j_n%smith  ->  parts [(0, j) (1, n)] [(0, smith)], anchored at both ends
//
// Matching takes the first part at the text's start, the last at its end, and the others leftmost
// one after the other: a part spans a fixed number of characters, so its leftmost match also ends
// leftmost, and no choice is ever taken back. Time is at most text length times pattern length,
// which is seconds for the longest ones: Encoding::poll is called meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/encoding.hpp"

namespace namedex::core {

struct PatternRun {
    std::size_t skip = 0;  // characters of any kind before the literal
    std::string literal;   // empty only in a part's last run
};
using PatternPart = std::vector<PatternRun>;

struct ParsedPattern {
    std::vector<PatternPart> parts;  // none of them empty
    bool anchored_start = true;      // false when the pattern begins with '%'
    bool anchored_end = true;
    bool trailing_escape = false;  // a lone '\' ends the pattern (it is not part of any literal)
};

// Reads the syntax of LIKE with '\' as the escape character.
ParsedPattern ParseLike(std::string_view pattern);

// A pattern without metacharacters: `text` as it is, open at the end if `open_end`.
ParsedPattern ParseLiteral(std::string_view text, bool open_end);

// True if each literal of the pattern is made of whole characters of the encoding, and no character
// mixes ASCII with other bytes. LikeMatcher is exact for such patterns only.
bool IsWellFormed(const ParsedPattern& pattern, const Encoding& encoding);
// The same of one literal.
bool IsWellFormed(std::string_view literal, const Encoding& encoding);

class LikeMatcher {
  public:
    LikeMatcher() = default;
    LikeMatcher(const ParsedPattern& pattern, const Encoding& encoding);

    // True if the whole text matches, as the server's MatchText for this encoding decides it.
    bool Matches(std::string_view text) const;

    // Appends bytes that are the same for matchers of one pattern, under one encoding, and for no
    // others.
    void AppendKey(std::string& key) const;

  private:
    enum class Plan : std::uint8_t {
        kEverything,
        kExact,
        kPrefix,
        kSuffix,
        kContains,
        kParts,
    };
    struct Run {
        std::size_t skip;
        std::size_t literal;  // offset into literals_
        std::size_t literal_size;
    };
    struct Part {
        std::size_t first_run;
        std::size_t end_run;
    };
    template <EncodingKind kKind>
    struct Walk;

    void AddPart(const PatternPart& part);
    template <EncodingKind kKind>
    bool MatchesParts(std::string_view text) const;

    Encoding encoding_;
    Plan plan_ = Plan::kEverything;
    bool anchored_start_ = false;
    bool anchored_end_ = false;
    std::size_t min_bytes_ = 0;  // that a matching text has
    std::string literals_;
    std::vector<Run> runs_;
    std::vector<Part> parts_;
};

}  // namespace namedex::core
