// Writes one segment (bytes: core/segment_format.hpp), front to back, in bounded memory.
//
//     SegmentWriter writer(pages, temporary, columns, rows, options, memory, include_types);
//     for (each row) writer.AddTid(tid);
//     for (each key column) {
//         writer.BeginColumn();
//         for (each word, by (folded, original)) {
//             writer.BeginWord(folded, original);
//             for (each class, ascending) writer.AddPostings(word_class, ordinals, n);
//             WordId id = writer.EndWord();
//         }
//         for (each NULL) writer.AddNull(ordinal);
//         for (each shape) writer.AddShape(shape, rows);   writer.ObserveRows(nulls, opaque);
//         writer.BeginRows();
//         for (each row) writer.AddNullRow() / AddOpaqueRow(…) / AddRow(shape, words, n);
//         writer.EndColumn();
//     }
//     for (each INCLUDE column) {
//         writer.BeginInclude();
//         for (each row) writer.AddIncludeNull() / AddInclude(bytes);
//         writer.EndInclude();
//     }
//     SegmentStats stats = writer.Finish();
//
// Sections that grow at the same time are kept in temporary pages and copied behind one another.
// Invariant: calls come in this order and every column has `rows` rows; anything else is kInternal.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "core/blob_store.hpp"
#include "core/forward_writer.hpp"
#include "core/include_writer.hpp"
#include "core/lexicon_writer.hpp"
#include "core/postings.hpp"
#include "core/segment_format.hpp"
#include "core/temporary_section.hpp"
#include "core/tid_map.hpp"

namespace namedex::core {

struct SegmentOptions {
    // A segment that is only an intermediate run of a build is never searched: it has no grams.
    bool grams = true;
    std::size_t gram_memory = std::size_t{16} << 20;
    // Called now and then; it stops the work by throwing. May be null.
    void (*poll)() = nullptr;
};

struct SegmentStats {
    std::uint32_t pages = 0;
    SegmentHeader header;
};

class SegmentWriter {
  public:
    SegmentWriter(PageSink& out, PageStoreFactory& temporary, std::uint32_t column_count,
                  std::uint32_t row_count, const SegmentOptions& options,
                  std::pmr::memory_resource* memory, IncludeTypes include_types = {});
    ~SegmentWriter();
    SegmentWriter(const SegmentWriter&) = delete;
    SegmentWriter& operator=(const SegmentWriter&) = delete;

    void AddTid(Tid tid);

    void BeginColumn();
    void BeginWord(std::string_view folded, std::string_view original);
    void AddPostings(WordClass word_class, const RowOrdinal* rows, std::size_t size);
    WordId EndWord();
    void AddNull(RowOrdinal row);
    ShapeId AddShape(std::string_view shape, std::uint64_t rows);
    void ObserveRows(std::uint64_t nulls, std::uint64_t opaque);
    void BeginRows();
    void AddNullRow();
    void AddOpaqueRow(std::string_view original, std::string_view folded);
    void AddRow(ShapeId shape, const WordId* words, std::size_t size);
    void EndColumn();

    void BeginInclude();
    void AddIncludeNull();
    void AddInclude(std::string_view bytes);
    void EndInclude();

    SegmentStats Finish();

  private:
    // Counts what reaches the segment, so that a section knows where it begins.
    class Output final : public PageSink {
      public:
        explicit Output(PageSink& to) : to_(&to) {}
        void Write(const std::uint8_t* payload, std::uint32_t used) override {
            to_->Write(payload, used);
            ++pages_;
        }
        std::uint32_t pages() const { return pages_; }

      private:
        PageSink* to_;
        std::uint32_t pages_ = 0;
    };

    using Side = TemporarySection;
    struct Column;

    void EndTids();
    void EndList();
    SectionRange CopyOut(Side& side);

    Output out_;
    PageStoreFactory* temporary_;
    SegmentOptions options_;
    std::pmr::memory_resource* memory_;
    std::uint32_t column_count_;
    IncludeTypes include_types_;
    unsigned ordinal_bytes_;
    SegmentHeader header_;

    // The TID map, until the first column begins.
    SectionWriter tids_;
    std::unique_ptr<Side> tid_directory_;
    std::optional<TidMapWriter> tid_map_;
    std::uint32_t tid_count_ = 0;

    std::unique_ptr<Column> column_;
    std::unique_ptr<IncludeWriter> include_;

    // The word being written: each class's ordinals while they are few, else its list.
    std::pmr::string folded_;
    std::pmr::string original_;
    std::vector<RowOrdinal> few_[kWordClasses];
    ListRef lists_[kWordClasses];
    int open_list_ = -1;
    std::uint64_t occurrences_ = 0;
    std::pmr::vector<std::uint8_t> entry_;
};

}  // namespace namedex::core
