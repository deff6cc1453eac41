/*
 * Opened segments that a backend keeps for its next scan or plan.
 *
 * Opening a segment reads its root, its header and, when they are first needed, directories and
 * code tables; all of it stays true as long as the segment is listed, since a segment's bytes never
 * change. So a scan that ends gives its segments back here, without a pin, and the next one takes
 * them. A segment is with one scan at a time; a second scan of the same index opens its own.
 *
 * A segment is known by its file, its index's identity (storage/metapage.hpp) and its id. Whoever
 * takes one has just read in the metapage that it is listed. At most kKeptBytes are kept; where it
 * would be more, first the texts of segments' words and the terms found go, then segments. Which
 * one goes is left to chance: scans that go round more segments than fit, such as the inner side of a
 * nested loop over partitions, would find none under "least recently used".
 */
#pragma once

#include "core/segment_reader.hpp"
#include "pg/compat.hpp"
#include "pg/context_resource.hpp"
#include "storage/segment_pages.hpp"

namespace namedex::am {

struct SegmentKey {
    compat::RelationFileId file;
    uint64 identity;
    storage::OwnerId segment_id;

    friend bool operator==(const SegmentKey& a, const SegmentKey& b) {
        return compat::SameFile(a.file, b.file) && a.identity == b.identity &&
               a.segment_id == b.segment_id;
    }
};

struct OpenSegment {
    // Takes over `root`, a pin of the segment's root (storage/segment_pages.hpp).
    OpenSegment(Relation index, const storage::SegmentEntry& entry, Buffer root,
                std::pmr::memory_resource* memory)
        : pages(index, entry, root), reader(pages, pages.page_count(), memory) {}
    // With memory of its own, so that it can outlive the scan.
    OpenSegment(Relation index, const storage::SegmentEntry& entry, Buffer root,
                const SegmentKey& key, std::unique_ptr<pg::ContextResource> memory)
        : key(key),
          own_memory(std::move(memory)),
          pages(index, entry, root),
          reader(pages, pages.page_count(), own_memory.get()) {}

    SegmentKey key{};
    std::unique_ptr<pg::ContextResource> own_memory;
    storage::SegmentPages pages;
    core::SegmentReader reader;
    bool trimmed = false;  // kept, and without what Trim gives up
};

// The segment, from the cache or opened anew; takes over `root`, the pin of its root.
std::unique_ptr<OpenSegment> TakeSegment(Relation index, std::uint64_t identity,
                                         const storage::SegmentEntry& entry, Buffer root);

// Puts a segment of TakeSegment's into the cache and lets go of its pins.
void GiveSegment(std::unique_ptr<OpenSegment> segment);

}  // namespace namedex::am
