// What a search asks of one word of the lexicon: a literal and where in the word it must stand.
//
// Bytes are compared as they are; the caller decides whether the needle is folded or original text.
#pragma once

#include <cstdint>
#include <string_view>

namespace namedex::core {

enum class WordQueryKind : std::uint8_t {
    kAll,       // every word; the needle is empty
    kContains,  // the needle stands anywhere in the word
    kPrefix,    // the word begins with the needle
    kSuffix,    // the word ends with the needle
    kExact,     // the word is the needle
};

struct WordQuery {
    using Kind = WordQueryKind;

    Kind kind = WordQueryKind::kAll;
    std::string_view needle;  // only word bytes; not owned
};

}  // namespace namedex::core
