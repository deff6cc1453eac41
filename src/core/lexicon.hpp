// The lexicon: every distinct word of a key column, sorted, and the query a reader answers from it.
//
// A word is a distinct run of original bytes; case variants are words of their own. Words are
// sorted by (folded bytes, original bytes) in memcmp order and a WordId is the rank in that order,
// so a folded prefix is one contiguous range of ids. The lexicon stores the folded form of each
// word and its entry (core/word_entry.hpp), which holds what rebuilds the original and where the
// word's postings are.
//
// Section *blocks*: blocks one after the other, none straddling a page. A block holds 1..128 words:
//
//     u16 word count
//     u16 text bytes
//     u16 prefix bytes      shared by the folded form of every word in the block
//     u16 entry bytes
//     u16 x (words-1)/8     where, among the entry bytes, the entries of words 8, 16, 24, ... begin
//     prefix
//     text                  the folded suffix of each word, each followed by NUL: one run that a
//                           substring search crosses without stopping at words
//     entries               one per word
//
// No word contains NUL, and none is empty; a suffix may be. The text ends with NUL and holds as
// many NULs as the block has words.
//
// Section *directory*: 12 bytes per block, in order, 677 to a page:
//
//     u32 id of the block's first word, u32 page, u16 offset on the page, u16 word count
//
// Sections *grams* and *gram directory* (core/grams.hpp) say which blocks can contain a piece of
// text. They are empty when the lexicon has fewer than kMinGramBlocks blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/ids.hpp"
#include "core/pages.hpp"
#include "core/word_entry.hpp"
#include "core/word_query.hpp"

namespace namedex::core {

// 128 words are about 1 kB of text: a block is searched in less time than it takes to find it, and
// a block's share of directory, header and prefix stays below half a byte per word.
inline constexpr std::uint32_t kMaxBlockWords = 128;
// Reaching an entry skips at most 7 others.
inline constexpr std::uint32_t kEntryRestart = 8;
inline constexpr std::size_t kBlockHeaderBytes = 8;
inline constexpr std::size_t kBlockDirectoryBytes = 12;
inline constexpr std::uint32_t kBlocksPerDirectoryPage = kPagePayload / kBlockDirectoryBytes;
static_assert(kBlocksPerDirectoryPage == 677, "the page layout is part of the format");

constexpr std::size_t RestartBytes(std::uint32_t words) {
    return words == 0 ? 0 : (words - 1) / kEntryRestart * sizeof(std::uint16_t);
}

// A word found. Views are valid until the sink that received the hit returns.
struct WordHit {
    WordId id{};
    std::string_view folded;
    WordEntry entry;
};

// The words [begin, end).
struct WordRange {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;

    bool empty() const { return begin >= end; }
    std::uint32_t size() const { return empty() ? 0 : end - begin; }
};

}  // namespace namedex::core
