// The segment: an immutable index over `row_count` rows, and its table of contents.
//
// A segment is a run of pages. Its sections follow one another; the last page is the header,
// because only then are all lengths known and writing stays sequential:
//
//     tid map | tid map directory | tombstones
//     for each key column: postings | lexicon | lexicon directory | grams | gram directory
//                          forward | forward directory | forward dictionary | opaque | opaque directory
//     for each INCLUDE column: pages | directory | dictionary | long values
//     header (the last page)
//
// Header: u32 magic "NDXS", u16 version, u8 key columns, u8 INCLUDE columns, u32 rows, then a
// section range {u32 first page, u32 pages} for each segment-wide section, then for each key column
// its section ranges and {u32 words, u32 lexicon blocks, u32 opaque values, u32 shapes, u32 nulls,
// u32 page, u32 offset of the NULL list in the postings section, u64 postings, u64 lexicon text
// bytes}, then for each INCLUDE column {u8 kind, u8 width, u16 zero} and its section ranges.
//
// Invariants: every section range lies below the header page; ordinals are dense from 0 in heap
// order. Tombstones, one bit a row (bit o of the section's bytes, pages full), are the only part
// that changes.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.hpp"
#include "core/include_type.hpp"
#include "core/pages.hpp"
#include "core/word_entry.hpp"

namespace namedex::core {

inline constexpr std::uint32_t kSegmentMagic = 0x5358444E;  // "NDXS"
inline constexpr std::uint16_t kSegmentVersion = 2;
inline constexpr std::uint32_t kMaxColumns = 32;  // key and INCLUDE columns together
inline constexpr std::uint32_t kTombstonesPerPage = kPagePayload * 8;
// Ordinals are 32 bits and a heap row limit keeps every sum of them inside 32 bits.
inline constexpr std::uint32_t kMaxSegmentRows = 0xFFFF0000u;

enum class SegmentSection : std::uint8_t { kTids, kTidDirectory, kTombstones };
inline constexpr int kSegmentSections = 3;

enum class ColumnSection : std::uint8_t {
    kPostings,
    kLexicon,
    kLexiconDirectory,
    kGrams,
    kGramDirectory,
    kForward,
    kForwardDirectory,
    kForwardDictionary,
    kOpaque,
    kOpaqueDirectory,
};
inline constexpr int kColumnSections = 10;

struct SectionRange {
    std::uint32_t first_page = 0;
    std::uint32_t page_count = 0;
};

struct ColumnHeader {
    SectionRange sections[kColumnSections];
    std::uint32_t word_count = 0;
    std::uint32_t block_count = 0;
    std::uint32_t opaque_count = 0;
    std::uint32_t shape_count = 0;
    ListRef nulls;
    std::uint64_t posting_count = 0;
    std::uint64_t text_bytes = 0;

    const SectionRange& operator[](ColumnSection s) const { return sections[static_cast<int>(s)]; }
    SectionRange& operator[](ColumnSection s) { return sections[static_cast<int>(s)]; }
};

enum class IncludeSection : std::uint8_t { kPages, kDirectory, kDictionary, kLongValues };
inline constexpr int kIncludeSections = 4;

struct IncludeHeader {
    IncludeType type;
    SectionRange sections[kIncludeSections];

    const SectionRange& operator[](IncludeSection s) const { return sections[static_cast<int>(s)]; }
    SectionRange& operator[](IncludeSection s) { return sections[static_cast<int>(s)]; }
};

struct SegmentHeader {
    std::uint32_t row_count = 0;
    SectionRange sections[kSegmentSections];
    std::vector<ColumnHeader> columns;
    std::vector<IncludeHeader> includes;

    const SectionRange& operator[](SegmentSection s) const {
        return sections[static_cast<int>(s)];
    }
    SectionRange& operator[](SegmentSection s) { return sections[static_cast<int>(s)]; }

    IncludeTypes include_types() const;
    // The pages of all INCLUDE columns.
    std::uint64_t include_pages() const;
};

inline constexpr std::size_t kSegmentHeaderBytes = 12 + 8 * kSegmentSections;
inline constexpr std::size_t kColumnHeaderBytes = 8 * kColumnSections + 7 * 4 + 2 * 8;
inline constexpr std::size_t kIncludeHeaderBytes = 4 + 8 * kIncludeSections;
static_assert(kIncludeHeaderBytes <= kColumnHeaderBytes);
static_assert(kSegmentHeaderBytes + kMaxColumns * kColumnHeaderBytes <= kPagePayload,
              "the header of a segment with the most columns fits one page");

std::vector<std::uint8_t> EncodeSegmentHeader(const SegmentHeader& header);

// `page_count` is the segment's length with the header page. Throws kCorrupt, kVersionMismatch.
SegmentHeader DecodeSegmentHeader(Span bytes, std::uint32_t page_count);

}  // namespace namedex::core
