/*
 * Block 0: the index's table of contents. Everything a reader needs to find hangs on it, so
 * changing it is what publishes a change, and it is one page so that publishing is one WAL record.
 *
 * Contents (host byte order; the server's own pages are not portable either): magic and version
 * first, then the generation, which changes with every publish, what the stored folds depend on, the
 * chains of pending pages, the list of segments, and what becomes of blocks that are given up.
 *
 * Owners. Segments and pending chains have ids from one sequence, and every page but the metapage
 * carries the id of what it belongs to. An id is *listed* while the metapage names it: as a
 * segment, a chain, a parked segment, or as what a flush or a merge is writing now. Ids are never
 * used again, so an id below next_id that is not listed will never be listed again: pages that
 * carry it are free, for good, and nobody has to mark them. What a crashed flush or merge leaves
 * behind becomes free when the next one takes its place.
 *
 * Invariants: a segment is listed only when all of its pages are written and logged. The generation
 * changes in the same record as the list of segments or the end of a chain, and never for a mere
 * insert or for sealing, which move no row.
 */
#pragma once

#include "pg/prelude.hpp"
#include "storage/page_layout.hpp"

namespace namedex::storage {

inline constexpr BlockNumber kMetaBlock = 0;
inline constexpr uint32 kMetaMagic = 0x5844584E;  // "NXDX"
inline constexpr uint32 kFormatVersion = 1;
inline constexpr uint32 kMaxSegments = 32;
// Chains that rows are appended to, each by some of the backends.
inline constexpr uint32 kLanes = 8;
inline constexpr uint32 kMaxSealed = 2 * kLanes;
inline constexpr uint32 kMaxParked = 192;
inline constexpr uint32 kMaxReserve = 32;

// What pages carry the id of; from one sequence for segments and chains. 0: of nothing.
using OwnerId = uint32;

struct SegmentEntry {
    OwnerId segment_id;
    BlockNumber root;  // the page with the extent table
    uint32 level;
    uint32 rows;
    uint32 dead;
    uint32 reserved;
};

struct PendingChain {
    OwnerId id;  // 0: there is no chain
    BlockNumber head;
    BlockNumber tail;
    uint32 pages;
    uint32 value_pages;  // of long rows
    uint32 reserved;
};

// A segment that is not listed as one any more and that older scans may still read.
struct ParkedSegment {
    OwnerId segment_id;
    BlockNumber root;
    // Scans that can have found the segment listed have snapshots that are older. 0: not known yet.
    uint64 horizon;
};

struct BlockRun {
    BlockNumber start;
    uint32 count;
};

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
    uint32 next_id;
    uint32 segment_count;
    FoldSignature fold_signature;
    // Random, drawn whenever the index is built. Together with an owner's id it names that owner's
    // bytes for good, also where a file's name is used again, so what a backend keeps is known by
    // it.
    uint64 identity;
    // Changes with every VACUUM that may have marked pending rows dead, after it has done so.
    uint64 pending_deletes;
    // What is being written at the moment, or was when it was broken off; 0: nothing.
    OwnerId flushing;
    OwnerId merging;
    uint32 sealed_count;
    uint32 parked_count;
    uint32 reserve_count;
    uint32 reserved[3];
    PendingChain lanes[kLanes];
    PendingChain sealed[kMaxSealed];  // pending rows on their way into a segment
    SegmentEntry segments[kMaxSegments];
    BlockRun reserve[kMaxReserve];  // where free blocks are likely, for the chains' new pages
    ParkedSegment parked[kMaxParked];
};

static_assert(sizeof(SegmentEntry) == 24 && sizeof(PendingChain) == 24);
static_assert(sizeof(ParkedSegment) == 16 && sizeof(BlockRun) == 8);
static_assert(offsetof(MetaData, lanes) == 80 && offsetof(MetaData, segments) == 656);
static_assert(offsetof(MetaData, reserve) == 1424 && offsetof(MetaData, parked) == 1680);
static_assert(sizeof(MetaData) == 4752 && sizeof(MetaData) <= core::kPagePayload);

// Makes `page` the metapage of an empty index, with an identity of its own.
void InitMetaPage(Page page, FoldSignature signature);

// Checks magic, version and checksum and copies the contents out. Errors: index_corrupted, and
// object_not_in_prerequisite_state (with a REINDEX hint) for another format version.
// The caller holds at least a share lock on the page.
void CopyMeta(Relation index, Page page, MetaData* meta);

// Reads the metapage under a share lock. `snapshot` (may be null) is checked for its age: whatever
// removes rows that it could see changes the metapage.
void ReadMeta(Relation index, MetaData* meta, Snapshot snapshot = nullptr);

// The chain of one lane, read under a share lock.
PendingChain ReadLane(Relation index, uint32 lane);

// Whether `id` is listed in any of the ways described above, or may yet be. 0 counts as listed.
bool IsOwner(const MetaData& meta, OwnerId id);

// Gives out the next id; `meta` is a copy that is written back. Error: program_limit_exceeded when
// there are none left.
OwnerId TakeId(Relation index, MetaData* meta);

// Calls fn(chain) for every chain there is, sealed ones first.
template <typename Fn>
void ForEachChain(const MetaData& meta, Fn&& fn) {
    for (uint32 i = 0; i < meta.sealed_count; ++i) {
        fn(meta.sealed[i]);
    }
    for (const PendingChain& chain : meta.lanes) {
        if (chain.id != 0) {
            fn(chain);
        }
    }
}

// Pages of all lanes, value pages included; sealed chains are not counted.
uint32 PendingPages(const MetaData& meta);

// The metapage's contents on a page that is being edited.
inline MetaData* MetaOf(Page page) {
    return reinterpret_cast<MetaData*>(PayloadOf(page));
}

// Ends every change of the metapage: puts the checksum of the contents where readers look for it.
void SumMeta(Page page);

// Makes `meta` the contents of the metapage, a page that is being edited.
void WriteMeta(Page page, const MetaData& meta);


}  // namespace namedex::storage
