#include "am/segment_cache.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include "pg/boundary.hpp"

namespace namedex::am {

namespace {

constexpr std::size_t kKeptBytes = std::size_t{12} << 20;
// A small segment's objects outside of its memory resource, roughly.
constexpr std::size_t kSegmentBytes = 4096;

std::size_t BytesOf(const OpenSegment& segment) {
    return kSegmentBytes + segment.own_memory->bytes_in_use() + segment.pages.memory_bytes();
}

// The kept segments. Never destroyed: at the process's end the memory context may have gone before.
struct Cache {
    MemoryContext context = pg::Call([] {
        return AllocSetContextCreate(TopMemoryContext, "namedex segments", ALLOCSET_DEFAULT_SIZES);
    });
    std::vector<std::unique_ptr<OpenSegment>> segments;
    std::minstd_rand random;
    std::size_t bytes = 0;
};

Cache& TheCache() {
    static Cache* const cache = new Cache;
    return *cache;
}

}  // namespace

std::unique_ptr<OpenSegment> TakeSegment(Relation index, std::uint64_t identity,
                                         const storage::SegmentEntry& entry, Buffer root) {
    const SegmentKey key{compat::FileOf(index), identity, entry.segment_id};
    Cache& cache = TheCache();
    const auto found =
        std::find_if(cache.segments.begin(), cache.segments.end(),
                     [&key](const std::unique_ptr<OpenSegment>& s) { return s->key == key; });
    if (found == cache.segments.end()) {
        return std::make_unique<OpenSegment>(index, entry, root, key,
                                             std::make_unique<pg::ContextResource>(cache.context));
    }
    std::unique_ptr<OpenSegment> segment = std::move(*found);
    cache.segments.erase(found);
    cache.bytes -= BytesOf(*segment);
    segment->trimmed = false;
    segment->pages.Resume(index, entry, root);
    return segment;
}

void GiveSegment(std::unique_ptr<OpenSegment> segment) {
    segment->reader.Release();
    segment->pages.Rest();
    Cache& cache = TheCache();
    cache.segments.push_back(std::move(segment));
    cache.bytes += BytesOf(*cache.segments.back());
    // Words' texts, found terms and the like are given up before a segment is: they are got again in
    // less time.
    for (auto s = cache.segments.begin(); cache.bytes > kKeptBytes && s != cache.segments.end();
         ++s) {
        if ((*s)->trimmed) {
            continue;
        }
        cache.bytes -= BytesOf(**s);
        (*s)->reader.Trim();
        (*s)->trimmed = true;
        cache.bytes += BytesOf(**s);
    }
    while (cache.bytes > kKeptBytes) {
        const std::size_t victim = cache.random() % cache.segments.size();
        cache.bytes -= BytesOf(*cache.segments[victim]);
        cache.segments[victim] = std::move(cache.segments.back());
        cache.segments.pop_back();
    }
}

}  // namespace namedex::am
