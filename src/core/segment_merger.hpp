// Joins segments into one: the runs of a build, or live segments of an index.
//
// Rows keep TID order: the sources' TIDs are merged first, which gives every live source row its
// new ordinal. Then column by column the lexicons are merged, each word's postings translated, and
// the rows copied with their new word and shape ids; the INCLUDE columns' values are copied as they
// are. Dead rows, and words only they held, are left out.
//
// Memory, while a column is merged: each source's row and word translation, 2 bits a row or word
// where numbers stay consecutive, about 1 byte where they do not, at most 4 bytes
// (core/monotone_map.hpp), and 1 bit for words that are gone; one word's postings, at most 1 MB and
// a bit for each row of the result; for each source about 200 kB of words and pages. The order in
// which the sources' rows follow one another is in temporary pages.
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

// Writes the live rows of `sources` as one segment. Throws kCorrupt when a TID is alive in two
// sources.
SegmentStats MergeSegments(const std::vector<MergeSource>& sources, PageSink& out,
                           PageStoreFactory& temporary, const SegmentOptions& options,
                           std::pmr::memory_resource* memory);

}  // namespace namedex::core
