// Grams: which lexicon blocks can contain a piece of text.
//
// For each sequence of 2 or 3 bytes that occurs in a folded word, the grams section lists the
// groups of 2^shift consecutive lexicon blocks where it occurs. A needle can only be found in the
// groups that all its grams share; the blocks of those groups are then searched, so grams never
// decide, they only spare work.
//
// A gram is the number b0 << 16 | b1 << 8 | b2, with b2 = 0 for a sequence of two bytes (words
// contain no NUL). Groups are cut into chunks of 32,768, so that a list, at worst a bitmap of 4 kB,
// never straddles a page.
//
// Section *grams*, each page:
//
//     u16 list count
//     per list, ascending by (gram, chunk), 8 bytes:
//         u32 gram, bit 31 set when the list is a bitmap
//         u16 chunk
//         u16 offset of the list on the page
//     lists, in the same order and back to back up to the end of the page:
//         varints: first group of the chunk, then each distance to the next, less 1; or
//         a bitmap: bit i%8 of byte i/8 is group i of the chunk
//
// Section *gram directory*, 8 bytes per element, 1016 to a page:
//
//     element 0     u32 page count of the grams section
//                   u8 shift
//                   u8 kept: 1 two-byte grams, 2 three-byte grams, 3 both
//                   u16 zero
//     element 1+p   u32 gram, u16 chunk: the first list of page p
//                   u16 zero
//
// When there is nothing to list both sections are empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "core/pages.hpp"
#include "core/poll.hpp"

namespace namedex::core {

// Below this many blocks a scan of the whole lexicon takes no longer than looking up grams.
inline constexpr std::uint32_t kMinGramBlocks = 16;
inline constexpr std::uint32_t kGramChunkGroups = 32768;
inline constexpr std::size_t kGramSlotBytes = 8;
inline constexpr std::uint32_t kGramDirectoryPerPage = kPagePayload / kGramSlotBytes;
static_assert(kGramDirectoryPerPage == 1016, "the page layout is part of the format");

using Gram = std::uint32_t;
inline constexpr std::size_t kLongGram = 3;
inline constexpr std::size_t kShortGram = 2;

// The gram of `length` (2 or 3) bytes at `bytes`.
constexpr Gram GramAt(const char* bytes, std::size_t length) {
    const auto byte = [bytes](std::size_t i) { return Gram{static_cast<unsigned char>(bytes[i])}; };
    return byte(0) << 16 | byte(1) << 8 | (length == kLongGram ? byte(2) : 0);
}

// Collects grams block by block and writes both sections. Memory stays within the limit: when it is
// reached, groups double; when that no longer helps, the three-byte grams are given up, and at last
// all grams. `poll` (core/poll.hpp) may be null; a writer that it stopped is only destroyed.
class GramWriter {
  public:
    GramWriter(std::pmr::memory_resource* memory, std::size_t memory_limit,
               void (*poll)() = nullptr);

    // Adds a word of the current block. The first `shared` bytes are those of the word added before
    // it to the same block; 0 for the first.
    void Add(std::string_view folded, std::size_t shared);
    void EndBlock() { ++block_; }

    void Finish(SectionWriter& grams, SectionWriter& directory);

    unsigned shift() const { return shift_; }
    bool keeps_long_grams() const { return kept_ & kKeepsLong; }
    bool keeps_short_grams() const { return kept_ & kKeepsShort; }
    std::size_t memory_used() const;

  private:
    static constexpr std::uint8_t kKeepsShort = 1;
    static constexpr std::uint8_t kKeepsLong = 2;
    friend class GramReader;

    static constexpr std::uint32_t kNoNode = 0xFFFFFFFFu;

    // A list grows as a chain of nodes that hold its varints.
    struct Node {
        std::uint32_t next;
        std::uint8_t bytes[28];
    };
    struct List {
        Gram gram = 0;  // 0: the slot is free
        std::uint32_t last_group = 0;
        std::uint32_t head = kNoNode;
        std::uint32_t tail = kNoNode;
        std::uint32_t tail_bytes = 0;
    };
    class ListDecoder;
    class PageBuilder;

    void AddGram(Gram gram);
    List& Probe(Gram gram);
    void Append(List& list, std::uint32_t group);
    void AppendByte(List& list, std::uint8_t byte);
    std::uint32_t AddNode();
    bool TableIsFull() const;
    void GrowTable();
    void ReduceMemory();
    void Rebuild(unsigned by);
    void WriteList(const List& list, PageBuilder& pages) const;

    std::pmr::memory_resource* memory_;
    std::size_t memory_limit_;
    Poller poller_;
    std::pmr::vector<List> table_;  // open addressing, a power of two
    std::size_t lists_ = 0;
    std::pmr::deque<Node> nodes_;
    std::uint32_t block_ = 0;
    unsigned shift_ = 0;
    std::uint8_t kept_ = kKeepsShort | kKeepsLong;
};

// Finds the blocks that can contain a needle.
class GramReader {
  public:
    GramReader(const SectionReader& grams, const SectionReader& directory,
               std::uint32_t block_count, std::pmr::memory_resource* memory);

    // Whether blocks can be told apart for this needle; if not, every block has to be searched.
    bool Helps(std::string_view needle);

    // Calls visit(begin, end) for each run of blocks [begin, end) that can contain the needle,
    // ascending. Only if Helps(needle).
    template <typename Visit>
    void ForEachRun(std::string_view needle, Visit visit) {
        for (std::uint32_t chunk = 0; chunk * std::uint64_t{kGramChunkGroups} < groups_; ++chunk) {
            if (!Intersect(needle, chunk)) {
                continue;
            }
            std::uint32_t begin = 0;
            std::uint32_t end = 0;
            while (NextRun(chunk, begin, end)) {
                visit(begin, end);
            }
        }
    }

  private:
    void Load();
    std::size_t GramLength(std::string_view needle) const;
    std::uint32_t GroupsOf(std::uint32_t chunk) const;
    bool Intersect(std::string_view needle, std::uint32_t chunk);
    bool IntersectGram(Gram gram, std::uint32_t chunk, bool first);
    std::uint32_t PagesUpTo(std::uint64_t key) const;
    static void Decode(Span list, bool bitmap, std::uint32_t count,
                       std::pmr::vector<std::uint64_t>& groups);
    std::uint64_t CountCandidates() const;
    // Moves [begin, end) on to the next run of candidate blocks at or after `end`.
    bool NextRun(std::uint32_t chunk, std::uint32_t& begin, std::uint32_t& end) const;

    SectionReader grams_section_;
    SectionReader directory_section_;
    std::uint32_t block_count_;
    bool loaded_ = false;
    std::uint32_t pages_ = 0;
    std::uint32_t groups_ = 0;
    unsigned shift_ = 0;
    std::uint8_t kept_ = 0;
    std::pmr::vector<std::uint64_t> candidates_;  // one bit per group of the chunk
    std::pmr::vector<std::uint64_t> list_;
};

}  // namespace namedex::core
