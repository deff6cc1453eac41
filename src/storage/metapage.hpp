/*
 * Block 0: the index's table of contents. Everything a reader needs to find hangs on it, so
 * changing it is what publishes a change, and it is one page so that publishing is one WAL record.
 *
 * Contents (little-endian host order; the server's own pages are not portable either):
 * magic and version first, then the generation, which changes with every publish, the list of
 * segments, the chain of pending pages, and what the stored folds depend on.
 *
 * Invariants: a segment is listed only when all of its pages are written and logged. Segment ids
 * are given out in order and never used again. The generation changes in the same record as the
 * segment list or the pending chain's head, and never for a mere insert.
 */
#pragma once

#include "pg/prelude.hpp"
#include "storage/page_layout.hpp"

namespace namedex::storage {

inline constexpr BlockNumber kMetaBlock = 0;
inline constexpr uint32 kMetaMagic = 0x5844584E;  // "NXDX"
inline constexpr uint32 kFormatVersion = 1;
inline constexpr uint32 kMaxSegments = 32;

struct SegmentEntry {
    uint32 segment_id;
    BlockNumber root;  // the page with the extent table
    uint32 level;
    uint32 rows;
    uint32 dead;
    uint32 reserved;
};

struct PendingChain {
    BlockNumber head;  // InvalidBlockNumber when there is none
    BlockNumber tail;
    uint32 pages;  // of the chain, value pages included
    uint32 reserved;
};

inline constexpr PendingChain kNoPending{InvalidBlockNumber, InvalidBlockNumber, 0, 0};

// What stored folds depend on: encoding and the collation's provider, locale and version of every
// key column. 64 bits of a hash, compared on open.
using FoldSignature = uint64;

// The signature of an index whose segments were folded under more than one set of rules, or under
// rules of which no version is known: equal to none, itself included.
inline constexpr FoldSignature kMixedFolds = 0;

struct MetaData {
    uint32 magic;
    uint32 version;
    uint64 generation;
    uint32 next_segment_id;
    uint32 segment_count;
    PendingChain pending;
    PendingChain sealed;  // pending rows on their way into a segment
    FoldSignature fold_signature;
    // Random, drawn whenever the index is built. Together with a segment's id it names that
    // segment's bytes for good, also where a file's name is used again, so what a backend keeps is
    // known by it.
    uint64 identity;
    uint64 reserved;
    SegmentEntry segments[kMaxSegments];
};

static_assert(sizeof(MetaData) <= core::kPagePayload);
static_assert(offsetof(MetaData, segments) == 80);

// Makes `page` the metapage of an empty index, with an identity of its own.
void InitMetaPage(Page page, FoldSignature signature);

// Checks magic and version and copies the contents out. Errors: index_corrupted, and
// object_not_in_prerequisite_state (with a REINDEX hint) for another format version.
// The caller holds at least a share lock on the page.
void CopyMeta(Relation index, Page page, MetaData* meta);

// Reads the metapage under a share lock. `snapshot` (may be null) is checked for its age: whatever
// removes rows that it could see changes the metapage.
void ReadMeta(Relation index, MetaData* meta, Snapshot snapshot = nullptr);

// The metapage's contents on a page that is being edited.
inline MetaData* MetaOf(Page page) {
    return reinterpret_cast<MetaData*>(PayloadOf(page));
}

}  // namespace namedex::storage
