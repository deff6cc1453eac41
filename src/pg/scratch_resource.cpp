#include "pg/scratch_resource.hpp"

#include "pg/boundary.hpp"

namespace namedex::pg {

namespace {

constexpr unsigned kSmallestBits = 12;
constexpr unsigned kLargestBits = 22;
constexpr std::size_t kKeptBytes = std::size_t{8} << 20;

bool IsPooled(std::size_t bytes, std::size_t alignment) {
    return bytes >= std::size_t{1} << kSmallestBits && bytes <= std::size_t{1} << kLargestBits &&
           alignment <= MAXIMUM_ALIGNOF;
}

// log2 of the block that `bytes` take.
unsigned BlockBits(std::size_t bytes) {
    return 64 - static_cast<unsigned>(__builtin_clzll(bytes - 1));
}

// Lists of free blocks, one for each size; a free block begins with the address of the next.
class Pool {
  public:
    void* Take(std::size_t bytes) {
        const unsigned bits = BlockBits(bytes);
        void*& first = free_[bits - kSmallestBits];
        if (first != nullptr) {
            void* const block = first;
            first = *static_cast<void**>(block);
            kept_bytes_ -= std::size_t{1} << bits;
            return block;
        }
        if (context_ == nullptr) {
            context_ = Call([] {
                return AllocSetContextCreate(TopMemoryContext, "namedex scratch",
                                             ALLOCSET_DEFAULT_SIZES);
            });
        }
        void* const block = MemoryContextAllocExtended(context_, std::size_t{1} << bits,
                                                       MCXT_ALLOC_NO_OOM);
        if (block == nullptr) {
            throw OutOfMemory(bytes, ContextResource::kNoLimit, false, context_->name);
        }
        return block;
    }

    void Give(void* block, std::size_t bytes) noexcept {
        const unsigned bits = BlockBits(bytes);
        if (kept_bytes_ + (std::size_t{1} << bits) > kKeptBytes) {
            pfree(block);
            return;
        }
        void*& first = free_[bits - kSmallestBits];
        *static_cast<void**>(block) = first;
        first = block;
        kept_bytes_ += std::size_t{1} << bits;
    }

  private:
    MemoryContext context_ = nullptr;
    void* free_[kLargestBits - kSmallestBits + 1] = {};
    std::size_t kept_bytes_ = 0;
};

// Trivially destructible, so that it outlives whatever gives a block back at the process's end.
Pool pool;

}  // namespace

void* ScratchResource::do_allocate(std::size_t bytes, std::size_t alignment) {
    return IsPooled(bytes, alignment) ? pool.Take(bytes) : own_.allocate(bytes, alignment);
}

void ScratchResource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
    if (IsPooled(bytes, alignment)) {
        pool.Give(block, bytes);
    } else {
        own_.deallocate(block, bytes, alignment);
    }
}

}  // namespace namedex::pg
