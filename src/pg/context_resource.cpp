/*
 * Blocks whose alignment palloc does not promise are cut out of a larger one, whose address is
 * kept in the word before the block; deallocate gets the alignment back and knows which kind it
 * has. A request that the server would refuse with an error (more than MaxAllocHugeSize) is
 * refused here first.
 */
#include "pg/context_resource.hpp"

namespace namedex::pg {

namespace {

constexpr bool IsOverAligned(std::size_t alignment) {
    return alignment > MAXIMUM_ALIGNOF;
}

// Enough to move up to the alignment from any palloc'd address and keep a pointer before it.
constexpr std::size_t Padding(std::size_t alignment) {
    return IsOverAligned(alignment) ? alignment - MAXIMUM_ALIGNOF + sizeof(void*) : 0;
}

static_assert(MAXIMUM_ALIGNOF >= alignof(void*) && MAXIMUM_ALIGNOF % sizeof(void*) == 0,
              "the word before an aligned block is itself aligned");

}  // namespace

void* ContextResource::do_allocate(std::size_t bytes, std::size_t alignment) {
    const std::size_t padding = Padding(alignment);
    if (bytes > MaxAllocHugeSize || padding > MaxAllocHugeSize - bytes) {
        throw OutOfMemory(bytes, byte_limit_, false, context_->name);
    }
    const std::size_t request = std::max<std::size_t>(bytes + padding, 1);
    if (bytes_in_use_ > byte_limit_ || request > byte_limit_ - bytes_in_use_) {
        throw OutOfMemory(bytes, byte_limit_, true, context_->name);
    }
    void* chunk =
        MemoryContextAllocExtended(context_, request, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
    if (chunk == nullptr) throw OutOfMemory(bytes, byte_limit_, false, context_->name);
    bytes_in_use_ += GetMemoryChunkSpace(chunk);
    peak_bytes_ = std::max(peak_bytes_, bytes_in_use_);
    if (!IsOverAligned(alignment)) return chunk;

    const auto address = reinterpret_cast<std::uintptr_t>(chunk) + sizeof(void*);
    const std::uintptr_t aligned = (address + alignment - 1) & ~(std::uintptr_t{alignment} - 1);
    void* block = reinterpret_cast<void*>(aligned);
    static_cast<void**>(block)[-1] = chunk;
    return block;
}

void ContextResource::do_deallocate(void* block, std::size_t /*bytes*/, std::size_t alignment) {
    void* chunk = IsOverAligned(alignment) ? static_cast<void**>(block)[-1] : block;
    bytes_in_use_ -= GetMemoryChunkSpace(chunk);
    pfree(chunk);
}

}  // namespace namedex::pg
