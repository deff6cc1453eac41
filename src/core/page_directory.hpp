// Which page holds a row: the first ordinal of every page of a section, u32, in a section of its
// own without gaps, read into memory as a whole.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/pages.hpp"

namespace namedex::core {

// Reads u32 numbers of a section, one after the other, over page ends.
class NumberReader {
  public:
    NumberReader(const SectionReader& section, Loc at) : section_(&section), at_(at) {}

    // `count` has been checked against a limit or the segment's length.
    std::pmr::vector<std::uint32_t> Take(std::size_t count, std::pmr::memory_resource* memory) {
        std::pmr::vector<std::uint32_t> numbers(memory);
        numbers.reserve(count + 1);
        while (numbers.size() < count) {
            Span left = section_->At(at_, pin_);
            if (left.size < sizeof(std::uint32_t)) {
                at_ = {at_.page + 1, 0};
                continue;
            }
            while (left.size >= sizeof(std::uint32_t) && numbers.size() < count) {
                numbers.push_back(LoadLe<std::uint32_t>(left.data));
                left.data += sizeof(std::uint32_t);
                left.size -= sizeof(std::uint32_t);
                at_.offset += sizeof(std::uint32_t);
            }
        }
        return numbers;
    }

  private:
    const SectionReader* section_;
    Loc at_;
    PinnedPage pin_;
};

// `first` of every page, ascending from 0, then `end`.
inline void CheckDirectory(std::pmr::vector<std::uint32_t>& first, std::uint32_t end) {
    first.push_back(end);
    if (first[0] != 0 || std::adjacent_find(first.begin(), first.end(),
                                            [](auto a, auto b) { return a >= b; }) != first.end()) {
        ThrowCorrupt("a page directory is out of order");
    }
}

// The last entry <= `key` of a checked directory, as an index; `key` is below the end. Without
// branches on the entries, which a random access would mispredict every other time.
inline std::uint32_t FindPage(const std::pmr::vector<std::uint32_t>& first, std::uint32_t key) {
    const std::uint32_t* base = first.data();
    std::size_t length = first.size() - 1;
    while (length > 1) {
        const std::size_t half = length / 2;
        base += base[half] <= key ? half : 0;
        length -= half;
    }
    return static_cast<std::uint32_t>(base - first.data());
}

}  // namespace namedex::core
