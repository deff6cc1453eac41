// The values of an INCLUDE column of rows in memory: on their way into a segment, or pending.
//
// A number takes its width. A text takes 4 bytes for its place and 2 for its size; one of more than
// kMaxInPlace bytes has memory of its own and 4 bytes that tell its number. Places are in blocks
// that never move, none straddling two, so a view of a value holds as long as the rows. One bit a
// row says whether it is NULL. An exception out of an Add leaves rows fit for destruction only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>

#include "core/append_array.hpp"
#include "core/ids.hpp"
#include "core/include_type.hpp"

namespace namedex::core {

class IncludeRows {
  public:
    IncludeRows(IncludeType type, std::pmr::memory_resource* memory);
    ~IncludeRows();
    IncludeRows(const IncludeRows&) = delete;
    IncludeRows& operator=(const IncludeRows&) = delete;

    IncludeType type() const { return type_; }

    // The value of the next row. kTooLarge for more than places can number, or too long a value,
    // kInternal for a number of another size than its column's.
    void AddNull();
    void Add(std::string_view bytes);

    std::uint32_t row_count() const { return rows_; }
    // Of a row below row_count(); nothing if it is NULL.
    std::optional<std::string_view> Value(RowOrdinal row) const;

    std::size_t memory_bytes() const;
    // Whether places are running out.
    bool full() const { return used_ > UINT32_MAX / 2; }

  private:
    static constexpr std::size_t kMaxInPlace = 1000;
    static constexpr std::uint16_t kLong = 0xFFFF;

    struct Long {
        char* bytes;
        std::size_t size;
    };

    void EndRow(bool is_null);
    // `size` bytes of a block.
    std::size_t NewPlace(std::size_t size);

    IncludeType type_;
    std::uint32_t rows_ = 0;
    AppendArray<std::uint64_t> nulls_;
    AppendArray<std::uint32_t> places_;  // of texts
    AppendArray<char> bytes_;
    std::size_t used_ = 0;  // of bytes_
    AppendArray<Long> longs_;
    std::size_t long_bytes_ = 0;
};

}  // namespace namedex::core
