// Identifiers and sizes that every part of the core shares.
//
// A RowOrdinal numbers the rows of one segment densely from 0 in heap order. It stays a plain
// integer, because ordinals live in bulk arrays and bitmaps; the ids that are easily mixed up are
// strong types.
#pragma once

#include <cstddef>
#include <cstdint>

namespace namedex::core {

using RowOrdinal = std::uint32_t;

enum class WordId : std::uint32_t {};
enum class ShapeId : std::uint32_t {};

constexpr std::uint32_t Raw(WordId id) {
    return static_cast<std::uint32_t>(id);
}
constexpr std::uint32_t Raw(ShapeId id) {
    return static_cast<std::uint32_t>(id);
}

// Where a word stands in its value. A word is kFirst when it begins at byte 0 and something
// follows, kLast when it ends at the value's end and something precedes, kOnly when it is the whole
// value, and kInner otherwise; so `smi%` is exactly (kOnly + kFirst) and `%son` exactly (kOnly +
// kLast).
enum class WordClass : std::uint8_t { kOnly = 0, kFirst = 1, kLast = 2, kInner = 3 };
inline constexpr int kWordClasses = 4;

using ClassMask = std::uint8_t;
constexpr ClassMask MaskOf(WordClass c) {
    return static_cast<ClassMask>(1u << static_cast<unsigned>(c));
}
inline constexpr ClassMask kAllClasses = 0x0F;

// Longest word, in bytes, original or folded, that is kept in a lexicon; a value with a longer
// word, or with more words, is stored whole (an opaque value). 1 kB keeps every lexicon block
// inside a page.
inline constexpr std::size_t kMaxWordBytes = 1000;
inline constexpr std::size_t kMaxWordsPerValue = 250;
inline constexpr std::size_t kMaxShapeBytes = 2000;

}  // namespace namedex::core
