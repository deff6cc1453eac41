// Writes an INCLUDE column (bytes: core/include_format.hpp).
//
//     IncludeWriter writer(out, temporary, type, memory);
//     for (each row) writer.AddNull() / writer.Add(bytes);
//     pages = writer.Finish();              // so many went to `out`
//     writer.directory().MoveTo(…); writer.dictionary().MoveTo(…); writer.long_values().MoveTo(…);
//
// Whether a dictionary is worth it is found out by trying: the first rows are written both ways,
// to temporary pages, and the smaller way is gone on with. A dictionary that takes no more values
// ends that, during the trial as if it had not been, later with pages of the other kind from there
// on. Every page says how its rows are kept, so merging needs no knowledge of it.
//
// Memory: a page and a block of each kind, and the dictionary with its table, kMaxMemory in all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/include_block.hpp"
#include "core/include_dictionary.hpp"
#include "core/include_type.hpp"
#include "core/temporary_section.hpp"

namespace namedex::core {

// Puts blocks of one kind on pages.
class IncludePageWriter {
  public:
    IncludePageWriter(PageSink& sink, IncludePageKind kind, RowOrdinal first_row,
                      std::pmr::memory_resource* memory)
        : sink_(&sink), kind_(kind), first_row_(first_row), blocks_(memory) {}

    void AddBlock(const std::pmr::vector<std::uint8_t>& block, std::uint32_t rows);
    // Where pages go from here on, the one being filled included.
    void SetSink(PageSink& sink) { sink_ = &sink; }
    // Writes the page being filled.
    void Flush();
    // The one being filled included.
    std::uint32_t page_count() const { return pages_ + (offsets_.empty() ? 0 : 1); }

  private:
    PageSink* sink_;
    IncludePageKind kind_;
    std::uint32_t pages_ = 0;
    // The page being filled.
    RowOrdinal first_row_;
    std::uint32_t rows_ = 0;
    std::vector<std::uint16_t> offsets_;  // from the first block
    std::pmr::vector<std::uint8_t> blocks_;
};

class IncludeWriter {
  public:
    static constexpr std::size_t kMaxMemory = std::size_t{4} << 20;

    IncludeWriter(PageSink& out, PageStoreFactory& temporary, IncludeType type,
                  std::pmr::memory_resource* memory);
    IncludeWriter(const IncludeWriter&) = delete;
    IncludeWriter& operator=(const IncludeWriter&) = delete;

    void AddNull();
    // A number of another size than its column's is kInternal, too long a value kTooLarge.
    void Add(std::string_view bytes);
    // Nothing is added afterwards. Returns the number of pages written to `out`.
    std::uint32_t Finish();

    std::uint32_t row_count() const { return rows_; }
    TemporarySection& directory() { return directory_; }
    TemporarySection& dictionary() { return dictionary_section_; }
    TemporarySection& long_values() { return long_values_; }

  private:
    // Where pages go when they are there to stay.
    class Output final : public PageSink {
      public:
        Output(PageSink& to, SectionWriter& directory) : to_(&to), directory_(&directory) {}
        void Write(const std::uint8_t* payload, std::uint32_t used) override;
        std::uint32_t pages() const { return pages_; }

      private:
        PageSink* to_;
        SectionWriter* directory_;
        std::uint32_t pages_ = 0;
    };

    enum class Mode : std::uint8_t { kTrial, kCodes, kPlain };

    void EndRow();
    void EndBatch();
    // The batch, as numbers or texts.
    void AddPlain();
    // The way that takes fewer pages so far.
    Mode Better() const;
    void EndTrial(Mode mode);
    // From the row being added on there are no codes.
    void EndCodes();

    std::pmr::memory_resource* memory_;
    IncludeType type_;
    TemporarySection directory_;
    TemporarySection dictionary_section_;
    TemporarySection long_values_;
    Output out_;
    Mode mode_;
    std::unique_ptr<PageStore> trial_codes_;
    std::unique_ptr<PageStore> trial_plain_;
    IncludePageWriter codes_pages_;
    IncludePageWriter plain_pages_;
    std::unique_ptr<IncludeDictionaryWriter> dictionary_;
    std::uint32_t rows_ = 0;

    // The last rows, up to kNumberBlockRows of them, both ways.
    unsigned batch_rows_ = 0;
    unsigned batch_values_ = 0;  // of the rows that are not NULL
    NullBits nulls_;
    std::int64_t codes_[kNumberBlockRows];
    std::int64_t numbers_[kNumberBlockRows];
    std::pmr::string text_;
    std::uint32_t text_ends_[kNumberBlockRows];
    NullBits is_long_;  // by value
    std::pmr::vector<std::uint8_t> block_;
};

}  // namespace namedex::core
