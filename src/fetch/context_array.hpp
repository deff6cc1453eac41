/*
 * A growing array of plain data in a memory context.
 *
 * The code of fetch runs inside one pg::Call: what it holds must need no destructor, because an
 * error of the server skips its frames. So its arrays are palloc'd and go with their context.
 * Elements move when the array grows; there may be more than a gigabyte of them.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::fetch {

template <typename T>
class ContextArray {
  public:
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

    explicit ContextArray(MemoryContext context) : context_(context) {}

    void Push(const T& value) { *Extend(1) = value; }

    /** Room for `count` more elements at the end, uninitialized. May ereport. */
    T* Extend(Size count) {
        if (size_ + count > capacity_) Grow(size_ + count);
        T* end = data_ + size_;
        size_ += count;
        return end;
    }

    T& operator[](Size i) { return data_[i]; }
    const T& operator[](Size i) const { return data_[i]; }
    T* data() { return data_; }
    const T* data() const { return data_; }
    Size size() const { return size_; }

  private:
    static constexpr Size kFirst = 64;

    void Grow(Size needed) {
        Size capacity = capacity_ == 0 ? kFirst : capacity_ * 2;
        if (capacity < needed) capacity = needed;
        const Size bytes = capacity * sizeof(T);
        data_ = static_cast<T*>(data_ == nullptr ? MemoryContextAllocHuge(context_, bytes)
                                                 : repalloc_huge(data_, bytes));
        capacity_ = capacity;
    }

    MemoryContext context_;
    T* data_ = nullptr;
    Size size_ = 0;
    Size capacity_ = 0;
};

}  // namespace namedex::fetch
