#include "fetch/fetch_run.hpp"

extern "C" {
#include "access/heaptoast.h"
}

namespace namedex::fetch {

namespace {

constexpr Size kMostKeys = 8192;
// Of rows that nothing is known about yet: of 8 kB each they take 4 MB, and as much again while the
// array of them grows.
constexpr Size kFirstKeys = 512;
constexpr Size kFewestKeys = 64;
// What a chunk may take, all of it: keys, rows, and what growing arrays waste.
constexpr Size kChunkBytes = 6 * 1024 * 1024;

KeyValues MakeKeyValues(int columns, MemoryContext context) {
    KeyValues values{};
    for (int i = 0; i < columns; ++i) {
        values.columns[i] = new (MemoryContextAlloc(context, sizeof(ContextArray<Datum>)))
            ContextArray<Datum>(context);
    }
    return values;
}

// A varlena whose header lies at the beginning of the buffer.
constexpr int kHeader = VARHDRSZ;

void BeginText(StringInfo buffer) {
    resetStringInfo(buffer);
    appendStringInfoSpaces(buffer, kHeader);
}

Datum FinishedText(const StringInfoData& buffer) {
    SET_VARSIZE(buffer.data, buffer.len);
    return PointerGetDatum(buffer.data);
}

Datum CopiedText(const StringInfoData& buffer) {
    return PointerGetDatum(cstring_to_text_with_len(buffer.data + kHeader, buffer.len - kHeader));
}

}  // namespace

// ---------------------------------------------------------------- chunks

FetchRun::FetchRun(FetchPlan* plan, ArrayType* keys, const char* table_name, MemoryContext context)
    : plan_(plan), user_(GetUserId()) {
    UsePlan(plan, context);
    chunk_ = AllocSetContextCreate(context, "namedex fetched rows", ALLOCSET_DEFAULT_SIZES);
    reader_ = KeyReader::Make(keys, plan->key, table_name, context);
    const bool narrow = plan->row_width > 0 && plan->row_width * kMostKeys <= kChunkBytes;
    const bool once = narrow || plan->root->embedded_count > 0;
    chunk_keys_ = once && reader_->remaining() <= kMostKeys ? kMostKeys : kFirstKeys;
}

bool FetchRun::NextChunk() {
    MemoryContextReset(chunk_);
    MemoryContext caller = MemoryContextSwitchTo(chunk_);
    KeyValues keys = MakeKeyValues(plan_->key.count, chunk_);
    elements_ = new (palloc(sizeof(ContextArray<Datum>))) ContextArray<Datum>(chunk_);
    reader_->Read(chunk_keys_, &keys, elements_);
    const bool any = keys.count > 0 || !began_;
    if (any) {
        began_ = true;
        if (GetUserId() != user_) {
            ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                            errmsg("cannot go on with a fetch that another role began")));
        }
        if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
        MemoryContextSwitchTo(chunk_);
        RunChunk(keys);
        if (SPI_finish() != SPI_OK_FINISH) elog(ERROR, "SPI_finish failed");
        const Size bytes = MemoryContextMemAllocated(chunk_, true);
        const Size fitting = keys.count * kChunkBytes / std::max<Size>(bytes, 1);
        chunk_keys_ = std::min(std::max(fitting, kFewestKeys), kMostKeys);
    }
    MemoryContextSwitchTo(caller);
    return any;
}

// ---------------------------------------------------------------- tuples

TupleRows::TupleRows(FetchPlan* plan, ArrayType* keys, const char* table_name, TupleDesc descriptor,
                     MemoryContext context)
    : FetchRun(plan, keys, table_name, context), descriptor_(descriptor), mappings_(context) {
    const auto count = static_cast<Size>(descriptor->natts) + 1;
    values_ = static_cast<Datum*>(MemoryContextAllocZero(context, sizeof(Datum) * count));
    nulls_ = static_cast<bool*>(MemoryContextAlloc(context, sizeof(bool) * count));
    memset(nulls_, true, sizeof(bool) * count);
}

void TupleRows::MapColumn(int column, int attribute) {
    const Statement& statement = root()->statement;
    if (column >= statement.column_count || attribute >= descriptor_->natts ||
        statement.types[column] != TupleDescAttr(descriptor_, attribute)->atttypid) {
        elog(ERROR, "a fetched column does not fit the row it is for");
    }
    mappings_.Push({column, attribute});
}

void TupleRows::RunChunk(const KeyValues& keys) {
    rows_ = new (MemoryContextAlloc(chunk(), sizeof(ContextArray<Row>))) ContextArray<Row>(chunk());
    next_ = 0;
    RunStatement(plan(), &root()->statement, keys, this);
    const auto before = [](const Row& a, const Row& b) {
        return std::tie(a.ordinal, a.arrival) < std::tie(b.ordinal, b.arrival);
    };
    Row* end = rows_->data() + rows_->size();
    if (!std::is_sorted(rows_->data(), end, before)) std::sort(rows_->data(), end, before);
}

void TupleRows::Receive(Size ordinal, Datum* values, bool* nulls) {
    for (Size i = 0; i < mappings_.size(); ++i) {
        const Mapping& mapping = mappings_[i];
        values_[mapping.attribute] = values[mapping.column];
        nulls_[mapping.attribute] = nulls[mapping.column];
    }
    MemoryContext row_context = MemoryContextSwitchTo(chunk());
    HeapTuple tuple = heap_form_tuple(descriptor_, values_, nulls_);
    rows_->Push({static_cast<uint32>(ordinal), static_cast<uint32>(rows_->size()), tuple});
    MemoryContextSwitchTo(row_context);
}

bool TupleRows::Next() {
    while (rows_ == nullptr || next_ == rows_->size()) {
        if (!NextChunk()) return false;
    }
    ++next_;
    return true;
}

void TupleRows::PutInto(Tuplestorestate* store, TupleDesc) {
    HeapTuple tuple = (*rows_)[next_ - 1].tuple;
    if (!HeapTupleHasExternal(tuple)) {
        tuplestore_puttuple(store, tuple);
        return;
    }
    // The store may outlive what a TOAST pointer in it points to: nothing keeps the table as it is.
    HeapTuple flat = toast_flatten_tuple(tuple, descriptor_);
    tuplestore_puttuple(store, flat);
    heap_freetuple(flat);
}

Datum TupleRows::AsDatum(TupleDesc) {
    return heap_copy_tuple_as_datum((*rows_)[next_ - 1].tuple, descriptor_);
}

// ---------------------------------------------------------------- JSON

JsonRows::JsonRows(FetchPlan* plan, ArrayType* keys, const char* table_name, MemoryContext context)
    : FetchRun(plan, keys, table_name, context) {
    MemoryContext caller = MemoryContextSwitchTo(context);
    initStringInfo(&json_);
    MemoryContextSwitchTo(caller);
}

void JsonRows::RunChunk(const KeyValues& keys) {
    rows_ = LevelRows::Make(plan(), root(), chunk());
    next_ = 0;
    rows_->Fetch(keys);
}

bool JsonRows::Next() {
    while (rows_ == nullptr || next_ == rows_->count()) {
        if (!NextChunk()) return false;
    }
    BeginText(&json_);
    rows_->AppendRow(&json_, rows_->RowAt(next_++));
    return true;
}

void JsonRows::PutInto(Tuplestorestate* store, TupleDesc descriptor) {
    Datum value = FinishedText(json_);
    bool is_null = false;
    tuplestore_putvalues(store, descriptor, &value, &is_null);
}

Datum JsonRows::AsDatum(TupleDesc) { return CopiedText(json_); }

// ---------------------------------------------------------------- related rows

RelatedRows::RelatedRows(FetchPlan* plan, ArrayType* keys, const char* table_name,
                         MemoryContext context)
    : FetchRun(plan, keys, table_name, context) {
    MemoryContext caller = MemoryContextSwitchTo(context);
    initStringInfo(&json_);
    MemoryContextSwitchTo(caller);
}

void RelatedRows::RunChunk(const KeyValues& keys) {
    parents_ = LevelRows::Make(plan(), root(), chunk());
    parent_ = 0;
    range_ = {0, 0};
    parents_->Fetch(keys);
}

bool RelatedRows::Next() {
    while (range_.first == range_.second) {
        if (parents_ == nullptr || parent_ == parents_->count()) {
            if (!NextChunk()) return false;
            continue;
        }
        const Size row = parents_->RowAt(parent_++);
        key_ = element(parents_->OrdinalOf(row));
        range_ = parents_->FirstEmbeddedOf(row);
    }
    const LevelRows& rows = parents_->first_embedded();
    BeginText(&json_);
    rows.AppendRow(&json_, rows.RowAt(range_.first++));
    return true;
}

void RelatedRows::PutInto(Tuplestorestate* store, TupleDesc descriptor) {
    Datum values[] = {key_, FinishedText(json_)};
    bool nulls[] = {false, false};
    tuplestore_putvalues(store, descriptor, values, nulls);
}

Datum RelatedRows::AsDatum(TupleDesc descriptor) {
    Datum values[] = {key_, FinishedText(json_)};
    bool nulls[] = {false, false};
    return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

}  // namespace namedex::fetch
