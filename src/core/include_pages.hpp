// Puts the rows of an INCLUDE column on pages (bytes: core/include_format.hpp), all as numbers or
// all as texts.
//
// Rows are collected until they make a block. A block that does not fit the page is split: as many
// of its rows as fit end the page, and the others wait for more.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/include_block.hpp"
#include "core/pages.hpp"

namespace namedex::core {

class IncludePageWriter {
  public:
    virtual ~IncludePageWriter() = default;

    void AddNull() {
        nulls_.Set(rows_);
        EndRow();
    }
    // Writes what is there. Nothing is added afterwards.
    void Finish();
    // Where pages go from here on, the one being filled included.
    void SetSink(PageSink& sink) { sink_ = &sink; }
    // Those written, and one for what is not.
    std::uint32_t page_count() const { return pages_ + (offsets_.empty() && rows_ == 0 ? 0 : 1); }

  protected:
    IncludePageWriter(PageSink& sink, IncludePageKind kind, RowOrdinal first_row,
                      std::pmr::memory_resource* memory)
        : sink_(&sink), kind_(kind), page_begin_(first_row), page_(memory), block_(memory) {}

    void EndRow();

  private:
    // Appends a block of rows, the first collected: `values` of them are not NULL.
    virtual void Encode(const NullBits& nulls, unsigned rows, unsigned values,
                        std::pmr::vector<std::uint8_t>& out) const = 0;
    // Forgets the first so many values.
    virtual void Drop(unsigned values) = 0;

    bool TryBlock(unsigned rows);
    void EndBlock();
    void WritePage();

    PageSink* sink_;
    IncludePageKind kind_;
    std::uint32_t pages_ = 0;
    // The page being filled.
    RowOrdinal page_begin_;
    std::uint32_t page_rows_ = 0;
    std::vector<std::uint16_t> offsets_;  // from the first block
    std::pmr::vector<std::uint8_t> page_;
    // The rows collected.
    unsigned rows_ = 0;
    NullBits nulls_;
    std::pmr::vector<std::uint8_t> block_;
};

class NumberPageWriter final : public IncludePageWriter {
  public:
    // `width`: the numbers', or kCodeBytes for codes.
    NumberPageWriter(PageSink& sink, IncludePageKind kind, unsigned width, RowOrdinal first_row,
                     std::pmr::memory_resource* memory)
        : IncludePageWriter(sink, kind, first_row, memory), width_(width) {}

    void Add(std::int64_t number) {
        numbers_[count_++] = number;
        EndRow();
    }

  private:
    void Encode(const NullBits& nulls, unsigned rows, unsigned values,
                std::pmr::vector<std::uint8_t>& out) const override;
    void Drop(unsigned values) override;

    unsigned width_;
    unsigned count_ = 0;
    std::int64_t numbers_[kNumberBlockRows];
};

class TextPageWriter final : public IncludePageWriter {
  public:
    TextPageWriter(PageSink& sink, RowOrdinal first_row, std::pmr::memory_resource* memory)
        : IncludePageWriter(sink, IncludePageKind::kTexts, first_row, memory), bytes_(memory) {}

    // At most kMaxInlineBytes, or where a long value is.
    void Add(const StoredText& text) {
        bytes_.append(text.bytes);
        ends_[count_] = static_cast<std::uint32_t>(bytes_.size());
        is_long_[count_++] = text.is_long;
        EndRow();
    }

  private:
    void Encode(const NullBits& nulls, unsigned rows, unsigned values,
                std::pmr::vector<std::uint8_t>& out) const override;
    void Drop(unsigned values) override;

    unsigned count_ = 0;
    std::pmr::string bytes_;
    std::uint32_t ends_[kTextBlockRows];
    bool is_long_[kTextBlockRows];
};

}  // namespace namedex::core
