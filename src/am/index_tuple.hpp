/*
 * The tuple that an index-only scan hands to the executor: the values of one row as the index holds
 * them, in the index's own row type.
 *
 * Only the columns that the plan reads (am/wanted_columns.hpp) are put together, the others are
 * NULL. The tuple's memory, and that of the values, is used again for the next row.
 */
#pragma once

#include "am/index_keys.hpp"
#include "am/wanted_columns.hpp"
#include "core/pending_index.hpp"
#include "core/segment_reader.hpp"
#include "core/value_reader.hpp"

namespace namedex::am {

class IndexTuple {
  public:
    // `keys` outlives the object, and so does `context`, in which the tuple is.
    IndexTuple(Relation index, const IndexKeys& keys, WantedColumns wanted, MemoryContext context);
    IndexTuple(const IndexTuple&) = delete;
    IndexTuple& operator=(const IndexTuple&) = delete;

    // Whether any column is wanted.
    bool reads_values() const { return !columns_.empty(); }

    // Whose rows Form(row) means from now on.
    void ReadFrom(core::SegmentReader& segment);
    void ReadFrom(const core::PendingIndex& pending);
    // The source goes away.
    void Forget();

    // The tuple of a row; valid until the next call.
    HeapTuple Form(core::RowOrdinal row);
    // Of a row as am/index_keys.hpp encodes it.
    HeapTuple Form(std::string_view encoded);

  private:
    struct Column {
        explicit Column(std::uint32_t n) : number(n) {}

        std::uint32_t number;
        std::optional<core::ValueReader> values;  // of a segment's rows, if it is a key column
        core::IncludeReader* include = nullptr;   // of a segment's rows, if it is not
        std::vector<char> datum;                  // the value, if it is passed by reference
    };

    std::optional<std::string_view> ValueOf(Column& column, core::RowOrdinal row);
    void Set(Column& column, std::optional<std::string_view> value);
    HeapTuple Form();

    TupleDesc descriptor_;
    const IndexKeys& keys_;
    MemoryContext context_;
    std::vector<Column> columns_;  // that are wanted
    const core::PendingIndex* pending_ = nullptr;
    std::pmr::string scratch_;
    Datum values_[INDEX_MAX_KEYS];
    bool nulls_[INDEX_MAX_KEYS];
    HeapTupleData tuple_{};
    Size room_ = 0;  // at tuple_.t_data
};

}  // namespace namedex::am
