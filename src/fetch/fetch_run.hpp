/*
 * A fetch under way: the keys are taken in chunks, so that memory is bounded however many they are.
 *
 * A chunk is at most 8,192 keys. The first one is smaller, and each next one as large as the one before
 * shows that its rows will fit into the bytes a chunk may take; but where tuples are narrow by the
 * table's statistics, or rows are embedded, keys that fit into one chunk are one. With embedded rows
 * that is so whatever their size: each table is then asked once. A chunk's rows are given out before
 * the next one is fetched. In between no statement is open; the tables are (see ReturnRows).
 */
#pragma once

#include "fetch/level_rows.hpp"
#include "fetch/plan_cache.hpp"

namespace namedex::fetch {

/** What gives rows to a set-returning function, one at a time. Plain data, in a context of its own. */
class FetchRun {
  public:
    /** Goes to the next row, false at the end. May ereport. */
    virtual bool Next() = 0;
    /** Puts the current row into a store, of the rows' descriptor. */
    virtual void PutInto(Tuplestorestate* store, TupleDesc descriptor) = 0;
    /** The current row as a value in CurrentMemoryContext. */
    virtual Datum AsDatum(TupleDesc descriptor) = 0;

    FetchPlan* plan() const { return plan_; }

  protected:
    /** `keys` null: no keys. Uses the plan as long as the context lives. */
    FetchRun(FetchPlan* plan, ArrayType* keys, const char* table_name, MemoryContext context);

    /** Fetches the next chunk, false if there is none. The first one is fetched even if it has no keys:
     *  so the caller's privileges are asked for. 55000 if the current user is another one than he who
     *  began: his rights and policies would make other rows of the rest. */
    bool NextChunk();

    /** Runs the statements; inside SPI_connect. */
    virtual void RunChunk(const KeyValues& keys) = 0;

    ~FetchRun() = default;

    Level* root() const { return plan_->root; }
    MemoryContext chunk() const { return chunk_; }  // emptied before each chunk
    /** The array's element that is the chunk's key of that ordinal. */
    Datum element(Size ordinal) const { return (*elements_)[ordinal - 1]; }

  private:
    FetchPlan* plan_;
    Oid user_;
    KeyReader* reader_;
    MemoryContext chunk_;
    ContextArray<Datum>* elements_ = nullptr;
    Size chunk_keys_;
    bool began_ = false;
};

/** Rows as tuples of a descriptor. */
class TupleRows final : public FetchRun, public RowReceiver {
  public:
    TupleRows(FetchPlan* plan, ArrayType* keys, const char* table_name, TupleDesc descriptor,
              MemoryContext context);

    bool Next() override;
    void PutInto(Tuplestorestate* store, TupleDesc descriptor) override;
    Datum AsDatum(TupleDesc descriptor) override;
    void Receive(Size ordinal, Datum* values, bool* nulls) override;

    /** Column `column` of the statement is attribute `attribute`, both from 0; others stay NULL. May
     *  ereport: the types must be the same. */
    void MapColumn(int column, int attribute);

  private:
    struct Mapping {
        int column;
        int attribute;
    };
    struct Row {
        uint32 ordinal;
        uint32 arrival;  // rows of one key stay in the order they came in
        HeapTuple tuple;
    };

    void RunChunk(const KeyValues& keys) override;

    TupleDesc descriptor_;
    ContextArray<Mapping> mappings_;
    Datum* values_;
    bool* nulls_;
    ContextArray<Row>* rows_ = nullptr;
    Size next_ = 0;
};

/** Rows as JSON objects. */
class JsonRows final : public FetchRun {
  public:
    JsonRows(FetchPlan* plan, ArrayType* keys, const char* table_name, MemoryContext context);

    bool Next() override;
    void PutInto(Tuplestorestate* store, TupleDesc descriptor) override;
    Datum AsDatum(TupleDesc descriptor) override;

  private:
    void RunChunk(const KeyValues& keys) override;

    StringInfoData json_;
    LevelRows* rows_ = nullptr;
    Size next_ = 0;
};

/** Pairs of an element of the keys array and a row embedded in its row, by the plan's one relationship. */
class RelatedRows final : public FetchRun {
  public:
    RelatedRows(FetchPlan* plan, ArrayType* keys, const char* table_name, MemoryContext context);

    bool Next() override;
    void PutInto(Tuplestorestate* store, TupleDesc descriptor) override;
    Datum AsDatum(TupleDesc descriptor) override;

  private:
    void RunChunk(const KeyValues& keys) override;

    StringInfoData json_;
    Datum key_ = 0;
    LevelRows* parents_ = nullptr;
    Size parent_ = 0;            // place of the next parent
    std::pair<Size, Size> range_{0, 0};  // places of the current parent's rows not yet given out
};

}  // namespace namedex::fetch
