/*
 * Core's memory out of a server memory context.
 *
 * Core takes its memory from a std::pmr::memory_resource. This one allocates in a MemoryContext,
 * so whatever a skipped destructor would have freed goes with the context, and it counts, so that
 * a scan or a build can be held to a number of bytes. It never ereports: when the server has no
 * memory or the limit is reached it throws OutOfMemory (a std::bad_alloc, 53200 after Enter).
 *
 *     pg::ContextResource memory(CurrentMemoryContext, work_mem * std::size_t{1024});
 *     std::pmr::vector<WordId> words(&memory);
 *
 * Invariants: bytes_in_use() is what the live blocks take up in the context, the server's own
 * rounding included; it passes the limit by at most the rounding of one block. The context must
 * outlive the resource and the resource every container on it. Not for use by several threads.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::pg {

/** std::bad_alloc that says what was asked for and what refused it. */
class OutOfMemory : public std::bad_alloc {
  public:
    OutOfMemory(std::size_t requested, std::size_t byte_limit, bool limit_reached,
                const char* context_name) noexcept
        : requested_(requested),
          byte_limit_(byte_limit),
          limit_reached_(limit_reached),
          context_name_(context_name) {}

    const char* what() const noexcept override { return "out of memory"; }
    std::size_t requested() const noexcept { return requested_; }
    std::size_t byte_limit() const noexcept { return byte_limit_; }
    bool limit_reached() const noexcept { return limit_reached_; }
    const char* context_name() const noexcept { return context_name_; }

  private:
    std::size_t requested_;
    std::size_t byte_limit_;
    bool limit_reached_;
    const char* context_name_;  // a constant: the server never frees a context's name
};

class ContextResource final : public std::pmr::memory_resource {
  public:
    static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

    explicit ContextResource(MemoryContext context, std::size_t byte_limit = kNoLimit) noexcept
        : context_(context), byte_limit_(byte_limit) {}

    ContextResource(const ContextResource&) = delete;
    ContextResource& operator=(const ContextResource&) = delete;

    MemoryContext context() const noexcept { return context_; }
    std::size_t byte_limit() const noexcept { return byte_limit_; }
    std::size_t bytes_in_use() const noexcept { return bytes_in_use_; }
    /** The most that was ever in use at once. */
    std::size_t peak_bytes() const noexcept { return peak_bytes_; }

  private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

    MemoryContext context_;
    std::size_t byte_limit_;
    std::size_t bytes_in_use_ = 0;
    std::size_t peak_bytes_ = 0;
};

}  // namespace namedex::pg
