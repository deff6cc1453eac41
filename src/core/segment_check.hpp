// Verifies that the parts of a segment agree with one another.
//
// For every key column: words ascend strictly, each folded form is the fold of its original, every
// posting list holds the number of ordinals it counts, and postings, NULL list and opaque values
// say of every row exactly what the forward store says (compared by a 64-bit sum over all (word,
// class, row), which a wrong, missing or additional ordinal changes). TIDs ascend. Of every INCLUDE
// column all values can be read. Damage throws kCorrupt naming the key column.
#pragma once

#include <vector>

#include "core/fold.hpp"
#include "core/segment_reader.hpp"

namespace namedex::core {

void CheckSegment(SegmentReader& segment, const std::vector<const Folder*>& folders,
                  void (*poll)());

}  // namespace namedex::core
