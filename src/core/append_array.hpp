// An append-only array in blocks of 4 kB, from a memory resource: growing never copies, never needs
// twice the memory, and takes little where little is put in.
//
// Elements are plain data and stay where they are. What was appended before an exception is there
// after it.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <type_traits>
#include <vector>

namespace namedex::core {

template <typename T>
class AppendArray {
  public:
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    static constexpr std::size_t kBlockBytes = 4096;
    static constexpr std::size_t kBlock = kBlockBytes / sizeof(T);

    explicit AppendArray(std::pmr::memory_resource* memory) : blocks_(memory) {}
    ~AppendArray() {
        for (T* block : blocks_) {
            if (block != nullptr) {
                memory()->deallocate(block, kBlockBytes, alignof(T));
            }
        }
    }
    AppendArray(const AppendArray&) = delete;
    AppendArray& operator=(const AppendArray&) = delete;

    void push_back(const T& value) {
        if (size_ % kBlock == 0) {
            AddBlock();
        }
        blocks_[size_ / kBlock][size_ % kBlock] = value;
        ++size_;
    }
    // Appends a whole block, uninitialized, and returns the index of its first element. Not to be
    // mixed with push_back.
    std::size_t AppendBlock() {
        AddBlock();
        size_ += kBlock;
        return size_ - kBlock;
    }

    T& operator[](std::size_t i) { return blocks_[i / kBlock][i % kBlock]; }
    const T& operator[](std::size_t i) const { return blocks_[i / kBlock][i % kBlock]; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::pmr::memory_resource* memory() const { return blocks_.get_allocator().resource(); }
    std::size_t bytes() const {
        return blocks_.size() * kBlockBytes + blocks_.capacity() * sizeof(T*);
    }

    // The index of the first element that is not less than `value`, of an array that ascends.
    std::size_t LowerBound(const T& value) const {
        std::size_t begin = 0;
        std::size_t end = size_;
        while (begin < end) {
            const std::size_t middle = begin + (end - begin) / 2;
            if ((*this)[middle] < value) {
                begin = middle + 1;
            } else {
                end = middle;
            }
        }
        return begin;
    }

  private:
    void AddBlock() {
        blocks_.push_back(nullptr);  // first, so that what is allocated has its place
        blocks_.back() = static_cast<T*>(memory()->allocate(kBlockBytes, alignof(T)));
    }

    std::pmr::vector<T*> blocks_;
    std::size_t size_ = 0;
};

}  // namespace namedex::core
