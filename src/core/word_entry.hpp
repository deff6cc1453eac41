// WordEntry: what the lexicon stores after each word.
//
// An entry says how the original word differs from its folded form, in which classes the word
// occurs, and for each class either the row ordinals themselves (inline) or where their posting
// list is. The writer keeps a class of at most kInlineLimit ordinals inline: most words are rare,
// and a rare class then costs neither a list header nor a visit to another page.
//
//   byte 0   bits 0-3  mask of the classes present, at least one
//            bit  4    single: exactly one class is present, with one ordinal; bit 5 is 0
//            bits 6-7  case form: 0 original == folded, 1 ASCII-capitalised (the first byte
//                      upper-cased), 2 ASCII upper-cased, 3 explicit
//   explicit varint length (1..kMaxWordBytes), then the original bytes
//   single   one ordinal
//   else     for each class present, ascending: varint 2 * count + inline (count >= 1, inline 0 or
//            1), then
//              inline 1: count ordinals, ascending
//              inline 0: varint page, varint offset of the posting list
//
// An ordinal takes `ordinal_bytes` little-endian bytes, 1..4, the same throughout a segment: with
// the scattered ordinals of a rare word that is no larger than coded gaps, and it is skipped
// without a look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/pages.hpp"

namespace namedex::core {

// A posting list outside the entry; count 0 = no list.
struct ListRef {
    std::uint32_t count = 0;
    Loc loc;
};

// Ordinals, ascending and distinct.
struct OrdinalSpan {
    const RowOrdinal* data = nullptr;
    std::size_t size = 0;
};

// Longest class that the writer keeps in the entry. From 8 on, a list takes about as many bytes as
// the plain ordinals, and longer entries would only thin out the lexicon.
inline constexpr std::uint32_t kInlineLimit = 8;

inline constexpr std::uint8_t kCaseSame = 0;
inline constexpr std::uint8_t kCaseCapitalised = 1;
inline constexpr std::uint8_t kCaseUpper = 2;
inline constexpr std::uint8_t kCaseExplicit = 3;

// Bytes that hold every ordinal of a segment of `row_count` rows.
constexpr unsigned OrdinalBytes(std::uint32_t row_count) {
    return row_count <= 0x100u ? 1 : row_count <= 0x10000u ? 2 : row_count <= 0x1000000u ? 3 : 4;
}

// A parsed entry; spans and views point into the page it was parsed from.
struct WordEntry {
    ClassMask mask = 0;
    std::uint8_t case_form = kCaseSame;
    std::uint8_t ordinal_bytes = 0;
    std::uint32_t count[kWordClasses] = {};  // 0 when the class is absent
    ListRef lists[kWordClasses];             // count 0 when the class is absent or inline
    Span inline_bytes[kWordClasses];         // empty when the class is absent or a list
    std::string_view explicit_original;

    bool Inlined(WordClass word_class) const {
        return inline_bytes[static_cast<int>(word_class)].size > 0;
    }

    // Occurrences in the classes of `classes`.
    std::uint64_t Total(ClassMask classes = kAllClasses) const {
        std::uint64_t total = 0;
        for (int c = 0; c < kWordClasses; ++c) {
            total += (classes >> c & 1) != 0 ? count[c] : 0;
        }
        return total;
    }

    // Appends the class's inline ordinals to `out`; nothing when the class is absent or kept in a
    // list. Throws kCorrupt unless they ascend strictly below row_count.
    void AppendInline(WordClass word_class, std::uint32_t row_count,
                      std::pmr::vector<RowOrdinal>& out) const;

    // The same, as calls fn(RowOrdinal).
    template <typename Fn>
    void ForEachInline(WordClass word_class, std::uint32_t row_count, Fn&& fn) const {
        const Span bytes = inline_bytes[static_cast<int>(word_class)];
        std::uint64_t least = 0;
        for (std::size_t at = 0; at < bytes.size; at += ordinal_bytes) {
            RowOrdinal row = 0;
            for (unsigned i = 0; i < ordinal_bytes; ++i) {
                row |= static_cast<RowOrdinal>(bytes.data[at + i]) << (8 * i);
            }
            if (row < least || row >= row_count) {
                ThrowCorrupt("row ordinals of a word do not ascend below the row count");
            }
            least = std::uint64_t{row} + 1;
            fn(row);
        }
    }
};

// One class of a word to be encoded: inline if `rows` is given, otherwise the list at `loc`.
struct ClassPostings {
    std::uint32_t count = 0;  // 0 = the class is absent
    const RowOrdinal* rows = nullptr;
    Loc loc;
};

// Appends an entry. At least one class has count > 0; inline rows ascend strictly and fit
// ordinal_bytes (kInternal otherwise).
void EncodeWordEntry(std::string_view folded, std::string_view original,
                     const ClassPostings (&classes)[kWordClasses], unsigned ordinal_bytes,
                     std::pmr::vector<std::uint8_t>& out);

// The same for a word that is inline in every class.
void EncodeInlineEntry(std::string_view folded, std::string_view original,
                       const OrdinalSpan (&ordinals)[kWordClasses], unsigned ordinal_bytes,
                       std::pmr::vector<std::uint8_t>& out);

// Parses one entry and leaves `reader` exactly behind it. Throws kCorrupt on any damage that shows.
WordEntry ParseWordEntry(ByteReader& reader, unsigned ordinal_bytes);

// Moves `reader` exactly behind one entry.
void SkipWordEntry(ByteReader& reader, unsigned ordinal_bytes);

// The cheapest form that rebuilds `original` from `folded` byte for byte.
std::uint8_t CaseFormOf(std::string_view folded, std::string_view original);

// Appends the original word to `out`.
void AppendOriginal(std::string_view folded, const WordEntry& entry, std::string& out);

}  // namespace namedex::core
