// The bytes of the forward store: what each row of one key column holds, by row ordinal.
//
// *Pages* section, one object a page:
//     u32 first ordinal, u16 row count, u16 group count, u16 byte offset of each group (from the
//     page's start), the groups, kBitPadding zero bytes
// A group is kRowsPerGroup rows (the page's last one may have fewer), bit-packed, starting on a
// byte. A row is the code of its *row symbol* (below), then for a regular row the codes of its
// words, for an opaque row its opaque id in BitsFor(opaque count) bits. A row never straddles
// pages.
//
// *Directory* section: u32 first ordinal of every page.
//
// *Dictionary* section:
//   - shape pages, each at the start of a page:
//       u32 first shape id, u16 shape count, u16 zero, u16 end of each shape's text (from the
//       page's start), the texts
//   - u32 numbers, packed onto pages without gaps: first shape id of every shape page, row symbol
//   of every
//     row rank, word id of every word rank
//   - the trailer, the last kForwardTrailerBytes of the section
//
// A shape is a value with each word replaced by kWordMarker; the number of words of a row is the
// number of markers in its shape and is stored nowhere else. Row symbols: kNullSymbol,
// kOpaqueSymbol, and kFirstShapeSymbol + shape id. Rows and words are coded by a PrefixCode each,
// see core/prefix_code.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bit_stream.hpp"
#include "core/ids.hpp"
#include "core/pages.hpp"
#include "core/prefix_code.hpp"

namespace namedex::core {

// Random access decodes half a group: with 16 rows it took a third of the time of a value, where
// one row in ten is read. The offset and the bits lost at a group's end are 2.4 bytes a group, with
// 8 rows 0.15 a row more than with 16, of the 11 and more that a row of names takes.
inline constexpr unsigned kRowsPerGroup = 8;
inline constexpr std::size_t kForwardPageHeader = 8;
inline constexpr std::size_t kShapePageHeader = 8;
inline constexpr char kWordMarker = static_cast<char>(0x80);

inline constexpr std::uint32_t kNullSymbol = 0;
inline constexpr std::uint32_t kOpaqueSymbol = 1;
inline constexpr std::uint32_t kFirstShapeSymbol = 2;
// Symbols must fit 32 bits beside the two special ones.
inline constexpr std::uint32_t kMaxShapes = 0xFFFFFFFFu - kFirstShapeSymbol;

// The trailer's fields in stored order, u32 each, the codes last.
struct ForwardTrailer {
    std::uint32_t word_count = 0;
    std::uint32_t opaque_count = 0;
    std::uint32_t shape_count = 0;
    std::uint32_t shape_page_count = 0;
    Loc numbers;  // where the u32 numbers begin
    PrefixCode row_code;
    PrefixCode word_code;
};
inline constexpr std::size_t kForwardTrailerBytes = 6 * 4 + 2 * PrefixCode::kBytes;

// The longest row: a row symbol and the most words, each with the longest code; must fit an empty
// page.
inline constexpr std::size_t kLongestRowBytes =
    ((1 + kMaxWordsPerValue) * (PrefixCode::kMaxSelectorBits + 32) + 7) / 8;
static_assert(kForwardPageHeader + 2 + kLongestRowBytes + kBitPadding <= kPagePayload);
static_assert(kShapePageHeader + 2 + kMaxShapeBytes <= kPagePayload);
static_assert((kPagePayload - kForwardPageHeader - kBitPadding) / 2 * kRowsPerGroup <= 0xFFFF,
              "rows without a single bit must still be counted in 16 bits");
static_assert(kMaxWordsPerValue <= 0xFF, "words of a shape are counted in a byte");

}  // namespace namedex::core
