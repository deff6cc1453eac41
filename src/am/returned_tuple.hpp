/*
 * The tuple that an index-only scan hands to the executor: the values of one row as the index holds
 * them, in the index's own row type.
 *
 * Only the columns that the plan reads (am/wanted_columns.hpp) are put together, the others are
 * NULL. The tuple is written here and not by heap_form_tuple, which takes three times as long: it
 * allocates, and goes through all columns twice. The memory is used again for the next row.
 */
#pragma once

#include "am/index_keys.hpp"
#include "am/wanted_columns.hpp"
#include "core/original_reader.hpp"
#include "core/pending_index.hpp"
#include "core/segment_reader.hpp"

namespace namedex::am {

class ReturnedTuple {
  public:
    // `keys` outlives the object, and so does `context`, in which the tuple is.
    ReturnedTuple(Relation index, const IndexKeys& keys, MemoryContext context);
    ReturnedTuple(const ReturnedTuple&) = delete;
    ReturnedTuple& operator=(const ReturnedTuple&) = delete;

    // Which columns are to be put together from now on; none at first. Forgets the source.
    void Want(WantedColumns wanted);
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
        Column(std::uint32_t n, const FormData_pg_attribute& a)
            : number(n),
              length(a.attlen),
              by_value(a.attbyval),
              may_be_short(a.attstorage != TYPSTORAGE_PLAIN),
              align(a.attalign) {}

        std::uint32_t number;
        int16 length;  // as in pg_attribute
        bool by_value;
        bool may_be_short;  // a varlena's header
        char align;
        std::optional<core::OriginalReader> values;  // of a segment's rows, if it is a key column
        core::IncludeReader* include = nullptr;   // of a segment's rows, if it is not
    };

    bool ReadValue(Column& column, core::RowOrdinal row, std::string_view& value);
    void Begin();
    void SetNotNull(const Column& column);
    void Append(const Column& column, std::string_view value);
    void AppendByValue(const Column& column, Datum value);
    void AppendVarlena(const Column& column, std::string_view contents);
    char* Place(const Column& column, Size size);
    void MakeRoom(Size size);
    HeapTuple End();

    TupleDesc descriptor_;
    const IndexKeys& keys_;
    MemoryContext context_;
    WantedColumns wanted_ = 0;
    std::vector<Column> columns_;  // that are wanted
    const core::PendingIndex* pending_ = nullptr;
    std::pmr::string scratch_;
    std::vector<char> datum_;
    bool formed_ = false;  // tuple_ is of the columns wanted now
    HeapTupleData tuple_{};
    Size header_;    // bytes before the first value
    Size used_ = 0;  // bytes of the tuple that is being written
    Size room_ = 0;  // at tuple_.t_data
};

}  // namespace namedex::am
