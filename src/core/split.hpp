// Splits a value into words and the delimiters between them, and folds it.
//
// A word is a maximal run of ASCII letters, digits and bytes >= 0x80; every other ASCII byte is a
// delimiter. The *shape* of a value is the value with each word replaced by the byte 0x80:
// delimiters are ASCII, so shape and words give the value back and nothing is ambiguous.
//
//     "O'Neil, Ann"  ->  words O, Neil, Ann;  shape \x80 ' \x80 , space \x80
//
// A value is *regular* when its fold splits into the same shape and the i-th folded word is the
// fold of the i-th word. Only then may words be folded and searched one by one. Every other value,
// one with a NUL, one past the limits in ids.hpp, and one in which a character reaches over the
// edge of a word (invalid in its encoding) is *opaque*: it is to be kept whole, and every pattern
// must look at it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/fold.hpp"
#include "core/ids.hpp"

namespace namedex::core {

// What stands for a word in a shape.
inline constexpr char kShapeWord = '\x80';

inline constexpr bool IsWordByte(unsigned char byte) {
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}
inline constexpr bool IsWordByte(char byte) {
    return IsWordByte(static_cast<unsigned char>(byte));
}

struct SplitWord {
    std::string_view original;  // points into the value that was split
    std::string_view folded;    // points into SplitValue::folded_value
    WordClass word_class = WordClass::kOnly;
};

// The result of Splitter::Split. Not to be copied: the words point into folded_value. They are
// valid until the next Split into the same object, and as long as the value that was split.
struct SplitValue {
    SplitValue() = default;
    SplitValue(const SplitValue&) = delete;
    SplitValue& operator=(const SplitValue&) = delete;

    bool opaque = false;
    std::string folded_value;      // the fold of the whole value, opaque or not
    std::vector<SplitWord> words;  // empty when opaque
    std::string shape;             // empty when opaque
};

class Splitter {
  public:
    // `folder` must outlive the splitter.
    explicit Splitter(const Folder& folder);
    Splitter(const Splitter&) = delete;
    Splitter& operator=(const Splitter&) = delete;

    // Splits and folds `value` into `out`, reusing its memory. What Fold throws passes through.
    void Split(std::string_view value, SplitValue& out);

  private:
    struct Folded {
        std::string word;
        std::string fold;
    };

    bool SplitAscii(std::string_view value, SplitValue& out);
    bool SplitAny(std::string_view value, SplitValue& out);
    void JoinFolds(std::string_view value, std::string& out);
    std::string_view FoldWord(std::string_view word);

    const Folder& folder_;
    bool ascii_bytewise_;  // the folder says so and its table keeps its promise
    bool lowers_only_;     // the table is that of AsciiLowerTable
    std::vector<std::string_view> words_;
    std::vector<std::string_view> folded_words_;
    std::string folded_shape_;
    std::vector<Folded> cache_;  // folds of words met lately, by hash; empty until one is needed
};

// Cuts `value` into shape and words without folding; the words point into `value`. False when the
// value has a NUL byte or is past a limit of ids.hpp, so that it would be opaque; shape and words
// are then not usable.
bool Tokenize(std::string_view value, std::string& shape, std::vector<std::string_view>& words);

// The class of a word that stands at [begin, end) of a value of `size` bytes.
constexpr WordClass ClassOf(std::size_t begin, std::size_t end, std::size_t size) {
    return begin == 0 ? (end == size ? WordClass::kOnly : WordClass::kFirst)
                      : (end == size ? WordClass::kLast : WordClass::kInner);
}

}  // namespace namedex::core
