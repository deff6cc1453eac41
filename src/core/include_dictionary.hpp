// The distinct values of an INCLUDE column with few of them (bytes: core/include_format.hpp). A
// code is the number of an entry, given out in the order of coming.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id_table.hpp"
#include "core/include_format.hpp"
#include "core/pages.hpp"

namespace namedex::core {

class IncludeDictionaryWriter {
  public:
    explicit IncludeDictionaryWriter(std::pmr::memory_resource* memory)
        : text_(memory), ends_(memory), codes_(memory) {}

    // The value's code, or nothing if the dictionary does not take it.
    std::optional<std::uint32_t> CodeOf(std::string_view value);
    std::size_t stored_bytes() const { return 8 + 2 * ends_.size() + text_.size(); }
    void Write(SectionWriter& section) const;

  private:
    std::string_view Entry(std::uint32_t code) const {
        const std::uint32_t begin = code == 0 ? 0 : ends_[code - 1];
        return std::string_view(text_).substr(begin, ends_[code] - begin);
    }

    std::pmr::string text_;
    std::pmr::vector<std::uint32_t> ends_;
    IdTable codes_;
    std::uint32_t last_ = 0;
};

class IncludeDictionary {
  public:
    // Reads all of it. `width`: of each entry, or 0 for any. Throws kCorrupt.
    IncludeDictionary(const SectionReader& section, unsigned width,
                      std::pmr::memory_resource* memory);

    std::size_t size() const { return starts_.size() - 1; }
    std::size_t memory_bytes() const {
        return bytes_.capacity() + starts_.capacity() * sizeof(std::uint32_t);
    }
    // `code` < size().
    std::string_view Entry(std::size_t code) const {
        return {bytes_.data() + starts_[code], starts_[code + 1] - starts_[code]};
    }

  private:
    std::pmr::string bytes_;  // the whole section
    std::pmr::vector<std::uint32_t> starts_;
};

}  // namespace namedex::core
