// The bytes of an INCLUDE column: the value of each row, by row ordinal.
//
// *Pages* section, one object a page:
//     u32 first ordinal, u32 rows, u16 kind, u16 offset of each block (from the page's start), the
//     blocks, kBitPadding zero bytes
// All blocks of a page are of its kind, and all but its last hold as many rows: 128 of numbers or
// codes, 16 of texts. So a row is found by a division.
//
// *Block*: u8 flags, of which bits 0-1 say which rows are NULL: 0 none, 1 some, 2 all. If some, a
// bitmap follows, of 16 bytes, or 2 in a block of texts; bit i is set if row i is NULL. If all,
// nothing follows. The values of the other rows, n of them, in order:
//   - numbers: the least in the column's width; u8 bits, <= 56 or 64; n differences to the least,
//     as a stream of so many bits each, in whole bytes
//   - codes: the same, as of a column of 4 bytes; a value is the dictionary entry of its code
//   - texts: if bit 4 of the flags is set, u8 size of a prefix, and the prefix; by bits 2-3 of the
//     flags 0: n u8 sizes, 1: n u16 sizes, 2: one u16 size of all; then the bytes. A value is the
//     prefix and its bytes. The u16 size kLongSize (not with one size of all) stands for 12 bytes
//     {u32 page, u32 offset, u32 size} which say where the whole value is among the long ones
//
// *Directory* section: u32 first ordinal of every page.
//
// *Dictionary* section, empty if no page holds codes: u32 entries, u32 bytes of all, u16 size of
// each, the bytes, without gaps, running over page ends.
//
// *Long values* section: bytes of long values, running over page ends (core/byte_run.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bit_stream.hpp"
#include "core/pages.hpp"

namespace namedex::core {

enum class IncludePageKind : std::uint16_t { kNumbers, kCodes, kTexts };

inline constexpr std::uint32_t kNumberBlockRows = 128;
// Reading one row means adding up the sizes of a block's values.
inline constexpr std::uint32_t kTextBlockRows = 16;
constexpr std::uint32_t BlockRows(IncludePageKind kind) {
    return kind == IncludePageKind::kTexts ? kTextBlockRows : kNumberBlockRows;
}

inline constexpr std::size_t kIncludePageHeader = 10;
inline constexpr unsigned kCodeBytes = 4;

inline constexpr std::uint8_t kNullsMask = 3;
inline constexpr std::uint8_t kNoNulls = 0;
inline constexpr std::uint8_t kSomeNulls = 1;
inline constexpr std::uint8_t kAllNulls = 2;
inline constexpr unsigned kSizesShift = 2;
inline constexpr std::uint8_t kSizesMask = 3;
inline constexpr std::uint8_t kShortSizes = 0;
inline constexpr std::uint8_t kWideSizes = 1;
inline constexpr std::uint8_t kOneSize = 2;
inline constexpr std::uint8_t kHasPrefix = 1 << 4;

// Longer values go to the long ones: a block of the longest must fit a page.
inline constexpr std::size_t kMaxInlineBytes = 480;
inline constexpr std::size_t kMaxPrefixBytes = 255;
inline constexpr std::uint16_t kLongSize = 0xFFFF;
inline constexpr std::size_t kLongRefBytes = 12;
static_assert(kIncludePageHeader + 2 + 1 + 2 + 1 + kMaxPrefixBytes +
                      kTextBlockRows * (2 + kMaxInlineBytes) + kBitPadding <=
                  kPagePayload,
              "a block of texts fits a page");
static_assert(kIncludePageHeader + 2 + 1 + 16 + 8 + 1 + kNumberBlockRows * 8 + kBitPadding <=
                  kPagePayload,
              "a block of numbers fits a page");

// So that a code takes 16 bits at most, and a reader can hold the dictionary in memory.
inline constexpr std::size_t kMaxDictionaryEntries = 65536;
inline constexpr std::size_t kMaxDictionaryBytes = std::size_t{512} << 10;

}  // namespace namedex::core
