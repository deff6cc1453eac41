/*
 * Memory for one scan, out of what the backend's scans before it have left.
 *
 * A scan of a large index wants blocks of up to a few megabytes (bitmaps of rows) for less time
 * than the operating system takes to hand them out: each page of fresh memory is a fault. So blocks
 * of 4 kB to 4 MB are rounded up to powers of two, and those that are given back are kept for the
 * next who asks, up to 8 MB in all, in a context below TopMemoryContext ("namedex scratch").
 * Smaller and larger ones come from the scan's own memory context, as with ContextResource.
 *
 * Invariant: every block is given back by its owner's destructor; the pool's memory does not go
 * with a context.
 */
#pragma once

#include "pg/context_resource.hpp"

namespace namedex::pg {

class ScratchResource final : public std::pmr::memory_resource {
  public:
    explicit ScratchResource(MemoryContext context) noexcept : own_(context) {}
    ScratchResource(const ScratchResource&) = delete;
    ScratchResource& operator=(const ScratchResource&) = delete;

  private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

    ContextResource own_;
};

}  // namespace namedex::pg
