// Rows in memory on their way into a segment: the first half of building one.
//
// Rows arrive in TID order, each with its key columns' values already split, and with its INCLUDE
// columns' values, which are kept as they are (core/include_rows.hpp). Every key column keeps a
// table of its distinct (word, class) pairs, *occurrences*, and a stream of 32-bit codes: for each
// row a row code (NULL, opaque, or 2 + shape) and the occurrence ids of its words. Emit sorts the
// pairs by (folded, original, class), turns the stream around into postings with one counting pass,
// and writes the segment.
//
// memory_bytes() is what the rows take now plus what Emit, or a growing table, will take on top, so
// that a caller that stops adding at a limit stays within it; a build then writes a run and starts
// again (core/segment_merger.hpp joins runs).
//
// Adding may poll (core/poll.hpp) when a table grows, and Emit polls: rows through which a poll has
// thrown are only destroyed afterwards.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "core/include_rows.hpp"
#include "core/segment_writer.hpp"
#include "core/split.hpp"
#include "core/tid_map.hpp"

namespace namedex::core {

// An append-only array in blocks, so that growing never copies and never needs twice the memory.
template <typename T>
class BlockArray {
  public:
    static constexpr std::size_t kBlock = (std::size_t{64} << 10) / sizeof(T);

    void push_back(const T& value) {
        if (size_ % kBlock == 0) {
            blocks_.emplace_back(new T[kBlock]);  // not zeroed: what is read was pushed before
        }
        blocks_[size_ / kBlock][size_ % kBlock] = value;
        ++size_;
    }
    T& operator[](std::size_t i) { return blocks_[i / kBlock][i % kBlock]; }
    const T& operator[](std::size_t i) const { return blocks_[i / kBlock][i % kBlock]; }
    std::size_t size() const { return size_; }
    std::size_t bytes() const { return blocks_.size() * kBlock * sizeof(T); }

  private:
    std::vector<std::unique_ptr<T[]>> blocks_;
    std::size_t size_ = 0;
};

// One key column of the rows so far.
class ColumnAccumulator {
  public:
    explicit ColumnAccumulator(void (*poll)());

    void AddNull();
    // An irregular value, kept whole.
    void AddOpaque(std::string_view original, std::string_view folded);
    void AddRegular(const std::vector<SplitWord>& words, std::string_view shape);

    // Nothing is added afterwards.
    void Emit(SegmentWriter& writer);

    std::size_t memory_bytes() const;
    // Whether it holds as much as 32-bit counters can tell apart with room to spare.
    bool full() const {
        return word_codes_ > UINT32_MAX / 2 || occurrences_.size() > kMaxOccurrences;
    }
    // What is needed on top for this column, at the most: by Emit, or by the table when it is about
    // to grow.
    std::size_t extra_bytes() const;

  private:
    static constexpr std::uint32_t kNullRow = 0;
    static constexpr std::uint32_t kOpaqueRow = 1;
    static constexpr std::uint32_t kFirstShape = 2;
    // The slots' tags tell places apart in a table of at most 2^29.
    static constexpr std::size_t kMaxOccurrences = std::size_t{1} << 28;

    // A distinct (word, class) pair. Most words are short enough to be kept here, so that one place
    // in memory tells all about them.
    struct alignas(32) Occurrence {  // so that none lies in two cache lines
        static constexpr std::size_t kInline = 24;

        std::uint16_t original_size;
        std::uint16_t folded_size;
        WordClass word_class;
        bool same;  // the folded form is the original
        // Original bytes, then folded bytes unless same; or, if they are more than kInline, their
        // offset in text_.
        alignas(std::uint64_t) char bytes[kInline];

        std::size_t stored_bytes() const { return original_size + (same ? 0u : folded_size); }
    };
    // A word whose id is looked up later, when its slot has come from memory.
    struct Deferred {
        std::uint64_t prefix;
        std::uint32_t tag;
        std::uint16_t original_size;
        std::uint16_t folded_size;
        WordClass word_class;
        bool same;
        std::size_t text;     // in deferred_text_
        std::size_t code_at;  // where in codes_ the id goes
    };
    // An entry of the table of occurrences, open addressing. Words of up to 8 bytes, which most
    // are, are told apart without looking anywhere else: prefix and tag say all.
    struct Slot {
        std::uint64_t prefix;     // the first 8 original bytes, then zeros
        std::uint32_t tag;        // hash (29 bits), whether there are more bytes, class (2 bits)
        std::uint32_t id_plus_1;  // 0: free
    };
    // A power of two of free slots. The system's zero pages are not written before they are used.
    class Slots {
      public:
        explicit Slots(std::size_t size)
            : size_(size), slots_(static_cast<Slot*>(std::calloc(size, sizeof(Slot)))) {
            if (slots_ == nullptr) {
                throw std::bad_alloc();
            }
        }
        std::size_t size() const { return size_; }
        std::size_t mask() const { return size_ - 1; }
        Slot& operator[](std::size_t i) { return slots_[i]; }
        const Slot& operator[](std::size_t i) const { return slots_[i]; }

      private:
        struct Free {
            void operator()(Slot* slots) const { std::free(slots); }
        };
        std::size_t size_;
        std::unique_ptr<Slot[], Free> slots_;
    };
    struct SortKey;
    class Sorter;
    struct Shape {
        std::string text;
        std::uint32_t words;
        std::uint64_t rows;
    };
    struct Opaque {
        std::string original;
        std::string folded;
    };

    const char* TextOf(const Occurrence& o) const;
    std::string_view Original(const Occurrence& o) const;
    std::string_view Folded(const Occurrence& o) const;
    void Defer(const SplitWord& word);
    void Settle();
    std::uint32_t OccurrenceId(const Deferred& word);
    std::uint32_t AddOccurrence(const Deferred& word);
    std::uint32_t ShapeCode(std::string_view shape, std::uint32_t words);
    void GrowWords();
    std::unique_ptr<RowOrdinal[]> Postings(const std::vector<std::uint32_t>& order,
                                           std::vector<std::uint32_t>& counts,
                                           std::vector<std::uint32_t>& last) const;

    void (*poll_)();
    std::uint32_t rows_ = 0;
    std::uint64_t nulls_ = 0;
    std::uint64_t word_codes_ = 0;  // in codes_
    BlockArray<std::uint32_t> codes_;
    BlockArray<Occurrence> occurrences_;
    Slots slots_;
    // Words between Defer and Settle.
    static constexpr std::size_t kMaxDeferred = 32;
    std::vector<Deferred> deferred_;
    std::string deferred_text_;
    // Word bytes, in blocks; a word never straddles one.
    static constexpr std::size_t kTextBlock = std::size_t{64} << 10;
    std::vector<std::unique_ptr<char[]>> text_;
    std::size_t text_used_ = kTextBlock;
    std::vector<Shape> shapes_;
    std::vector<std::uint64_t> shape_slots_;  // open addressing: hash << 32 | id + 1
    std::size_t shape_bytes_ = 0;
    std::uint32_t last_shape_ = 0;
    std::vector<Opaque> opaque_;
    std::size_t opaque_bytes_ = 0;
};

class RowAccumulator {
  public:
    // `poll` may be null.
    RowAccumulator(std::uint32_t column_count, const IncludeTypes& include_types, void (*poll)());
    RowAccumulator(std::uint32_t column_count, void (*poll)())
        : RowAccumulator(column_count, {}, poll) {}

    // Adds a row; then every column gets its value through column(i) and include(i). TIDs ascend
    // (kInternal).
    void AddRow(Tid tid);
    ColumnAccumulator& column(std::uint32_t i) { return columns_[i]; }
    IncludeRows& include(std::uint32_t i) { return includes_[i]; }

    std::uint32_t row_count() const { return static_cast<std::uint32_t>(tids_.size()); }
    std::size_t memory_bytes() const;
    // Whether the rows have to be emitted before more are added, whatever memory there is.
    bool full() const;

    // Writes the rows as one segment. Nothing is added afterwards.
    SegmentStats Emit(PageSink& out, PageStoreFactory& temporary, const SegmentOptions& options,
                      std::pmr::memory_resource* memory);

  private:
    void (*poll_)();
    BlockArray<Tid> tids_;
    std::vector<ColumnAccumulator> columns_;
    std::deque<IncludeRows> includes_;
};

}  // namespace namedex::core
