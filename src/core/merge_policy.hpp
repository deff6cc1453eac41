// Which segments of an index to merge next: size-tiered, so that a row is rewritten a logarithmic
// number of times and few segments are left to be searched.
//
// Sizes are live rows. Tiers are powers of four above 65,536 rows. The first of these that applies:
//   1. segments without live rows: they go, and nothing is written;
//   2. four segments of one tier: they and all smaller ones become one. Sources stay readable for a
//      while, so that merging much takes much room: if they are more than a quarter of all rows,
//      only when there are more than kMostSegments segments;
//   3. more than kMostSegments segments: those of the smallest, two or more, that cost least for
//      each segment less;
//   4. a segment a quarter or more of whose rows are dead: it is written anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace namedex::core {

struct SegmentSize {
    std::uint64_t rows;
    std::uint64_t dead;  // of the rows
};

inline constexpr std::size_t kMostSegments = 10;
inline constexpr std::size_t kTierSegments = 4;
inline constexpr std::uint64_t kTierRows = 65536;

// The positions in `segments` of those to merge; none: leave it as it is.
std::vector<std::size_t> ChooseMerge(const std::vector<SegmentSize>& segments);

}  // namespace namedex::core
