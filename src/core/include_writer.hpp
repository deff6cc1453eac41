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

#include "core/ids.hpp"
#include "core/include_dictionary.hpp"
#include "core/include_pages.hpp"
#include "core/include_type.hpp"
#include "core/temporary_section.hpp"

namespace namedex::core {

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

    IncludePageWriter& Plain();
    void AddPlain(std::string_view bytes);
    void EndRow();
    void BeginPlain(PageSink& sink);
    // The way that takes fewer pages so far.
    Mode Better();
    void EndTrial(Mode mode);
    // From the row being added on there are no codes.
    void EndCodes();

    std::pmr::memory_resource* memory_;
    IncludeType type_;
    TemporarySection directory_;
    TemporarySection dictionary_section_;
    TemporarySection long_values_;
    Output out_;
    Mode mode_ = Mode::kTrial;
    std::uint32_t rows_ = 0;
    std::unique_ptr<PageStore> trial_codes_;
    std::unique_ptr<PageStore> trial_plain_;
    std::unique_ptr<IncludeDictionaryWriter> dictionary_;
    // Those that are written to; a column has numbers or texts.
    std::unique_ptr<NumberPageWriter> codes_;
    std::unique_ptr<NumberPageWriter> numbers_;
    std::unique_ptr<TextPageWriter> texts_;
};

}  // namespace namedex::core
