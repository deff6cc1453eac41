/*
 * The JSON of the rows of a level and of all that is embedded in them.
 *
 * A row is written when it is received, with a gap for each relationship: the text of row r has
 * embedded_count + 1 pieces, and the gap between two is filled from the next level's rows when the
 * object is put together, so nothing is copied from level to level. What fills it is found by
 * the parent's key: the distinct keys of a level's rows are numbered by hash as they come, they
 * are the keys of the next level's statement, and its rows come back with these numbers.
 *
 *     text     {"id":7,"hospital":|,"visits":|}{"id":9,"hospital":|,"visits":|}
 *     ends                        ^           ^^
 *     numbers  hospital 1, 1; visits 1, 2      0: a key with a NULL, which has no rows
 *
 * All in one memory context, which the caller empties when the rows have been given out.
 */
#pragma once

#include "fetch/row_run.hpp"

namespace namedex::fetch {

/** Distinct keys, numbered from 1 in the order of their coming. */
class KeyNumbers {
  public:
    static KeyNumbers* Make(const Statement& statement, MemoryContext context);

    /** The number of a key without NULLs. Keys are one if their stored bytes are. May ereport. */
    uint32 NumberOf(const Datum* key);

    const KeyValues& values() const { return values_; }

  private:
    bool IsAt(uint32 number, const Datum* key) const;
    void Grow();

    const Statement* statement_;
    MemoryContext context_;
    KeyValues values_;
    uint64* slots_;  // hash << 32 | number; 0: free; a power of two of them
    Size slot_count_;
};

class LevelRows final : public RowReceiver {
  public:
    static LevelRows* Make(FetchPlan* plan, Level* level, MemoryContext context);

    /** Runs the level's statement for the keys, and those of all levels below. Inside SPI_connect; may ereport. */
    void Fetch(const KeyValues& keys);

    void Receive(Size ordinal, Datum* values, bool* nulls) override;

    Size count() const { return ordinals_.size(); }

    /** The row that comes `at`-th when rows are in the order of their keys. */
    Size RowAt(Size at) const { return order_ == nullptr ? at : order_[at]; }
    Size OrdinalOf(Size row) const { return ordinals_[row]; }

    void AppendRow(StringInfo out, Size row) const;

    /** The level's first relationship: its rows, and the range of places (for RowAt) of one parent's. */
    const LevelRows& first_embedded() const { return *embedded_[0].rows; }
    std::pair<Size, Size> FirstEmbeddedOf(Size row) const;

  private:
    struct Part {  // what belongs to a relationship
        KeyNumbers* keys;
        ContextArray<uint32>* numbers;  // of each row's key; 0: none
        LevelRows* rows;
    };

    LevelRows(FetchPlan* plan, Level* level, MemoryContext context);
    void SortByOrdinal(Size key_count);
    std::pair<Size, Size> RangeOf(Size ordinal) const;
    void AppendEmbedded(StringInfo out, int at, Size row) const;

    FetchPlan* plan_;
    Level* level_;
    MemoryContext context_;
    StringInfoData row_;              // being written
    ContextArray<uint32> ordinals_;
    ContextArray<char> text_;
    ContextArray<Size> ends_;         // of the pieces, in text
    Part* embedded_;
    uint32* order_;                   // null: rows came in order
    uint32* starts_;                  // by ordinal: the place of its first row; one more at the end
};

}  // namespace namedex::fetch
