// Joins segments into one: the runs of a build, or live segments of an index.
//
// Rows keep TID order: the sources' TIDs are merged first, which gives every live source row its new ordinal.
// Then column by column the lexicons are merged, each word's postings translated, and the rows copied with
// their new word and shape ids. Dead rows, and words only they held, are left out.
//
// The translation is kept as pieces, runs of source rows that stay together: a few for the runs of a build,
// whose rows follow one another, at most one a row. Memory: the pieces, a word id for every source word of one
// column, and one word's postings (a bitmap of the result's rows when they are many).
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/segment_reader.hpp"
#include "core/segment_writer.hpp"

namespace namedex::core {

struct MergeSource {
    SegmentReader* segment = nullptr;
    const RowBitmap* dead = nullptr;  // over all rows; null: none
};

// Writes the live rows of `sources` as one segment. Throws kCorrupt when a TID is alive in two sources.
SegmentStats MergeSegments(const std::vector<MergeSource>& sources, PageSink& out,
                           PageStoreFactory& temporary, const SegmentOptions& options,
                           std::pmr::memory_resource* memory);

}  // namespace namedex::core
