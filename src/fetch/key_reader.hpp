/*
 * Reads the elements of a keys array as values of a key, some at a time.
 *
 * An element is a value of the key's one column, or a record with a field for each of its columns,
 * in their order. Elements with a NULL where the key has a column are passed over. Values become
 * the column's type by implicit cast; text is read by the column type's input function, because
 * it is what an untyped literal became. The array itself is not copied.
 */
#pragma once

#include "fetch/context_array.hpp"
#include "fetch/target_table.hpp"

namespace namedex::fetch {

/** Keys, column by column; the ordinal of a key is its place in these arrays, from 1. */
struct KeyValues {
    Size count;
    ContextArray<Datum>* columns[INDEX_MAX_KEYS];
};

/** How values of one type become values of a key column. */
struct Coercion {
    enum class Kind : uint8 {
        kNone,
        kCast,
        kInput,         // the column type's input function, of text
        kInputLiteral,  // of an untyped literal in a record, which is a C string
        kInputOutput,   // of what the output function gives: a cast WITH INOUT
    };
    Kind kind;
    Oid io_parameter;
    FmgrInfo function;
    FmgrInfo output;
};

class KeyReader {
  public:
    /** The array must outlive the reader, which lives in the context. 2202E if it has several
     *  dimensions, 42804 if its elements cannot be keys. */
    static KeyReader* Make(ArrayType* array, const Key& key, const char* table_name,
                           MemoryContext context);

    /** The next elements that name a key, at most `most`, into `values` and, if not null, as they are
     *  in the array, into `elements`. False at the array's end. Cast results are left in
     *  CurrentMemoryContext. May ereport, as casts and input functions do. */
    bool Read(Size most, KeyValues* values, ContextArray<Datum>* elements);

    /** Elements of the array that have not been read, NULLs included. */
    Size remaining() const { return remaining_; }

  private:
    bool ReadRecord(Datum element, Datum (&fields)[INDEX_MAX_KEYS]);
    void PrepareForType(Oid type, int32 typmod);
    [[noreturn]] void ReportNotRecord() const;

    const Key* key_;
    const char* table_name_;
    Oid element_type_;
    bool records_;
    ArrayIterator iterator_;  // null: nothing to read
    Size remaining_;

    // Of the elements' type; of records that changes with the record.
    MemoryContext row_context_;
    Oid row_type_;
    int32 row_typmod_;
    TupleDesc row_;
    Coercion coercions_[INDEX_MAX_KEYS];
};

}  // namespace namedex::fetch
