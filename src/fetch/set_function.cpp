#include "fetch/set_function.hpp"

namespace namedex::fetch {

namespace {

ReturnSetInfo* ResultInfo(FunctionCallInfo fcinfo) {
    auto* info = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    constexpr int kOffered = SFRM_Materialize | SFRM_ValuePerCall;
    if (info == nullptr || !IsA(info, ReturnSetInfo) || (info->allowedModes & kOffered) == 0) {
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("set-valued function called in context that cannot accept a set")));
    }
    return info;
}

Datum Materialise(FunctionCallInfo fcinfo, MakeRows make) {
    ReturnSetInfo* info = ResultInfo(fcinfo);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "namedex fetch", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(context);
    const Rows rows = make(fcinfo, context);
    MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
    TupleDesc descriptor = CreateTupleDescCopy(rows.descriptor);
    Tuplestorestate* store = tuplestore_begin_heap(
        (info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
    MemoryContextSwitchTo(context);
    while (rows.run->Next()) {
        CHECK_FOR_INTERRUPTS();
        rows.run->PutInto(store, descriptor);
    }
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(context);
    info->returnMode = SFRM_Materialize;
    info->setResult = store;
    info->setDesc = descriptor;
    fcinfo->isnull = true;
    return 0;
}

// A fetch whose rows go out one by one.
struct PerCall {
    Rows rows;
    List* tables;  // open relations
    ResourceOwner owner;
};

// Called when the last row has gone out, or the query ends before; not after an error, where the
// resource owner does it.
void CloseTables(Datum argument) {
    auto* state = reinterpret_cast<PerCall*>(DatumGetPointer(argument));
    ResourceOwner caller = CurrentResourceOwner;
    CurrentResourceOwner = state->owner;
    ListCell* cell;
    foreach (cell, state->tables) {
        relation_close(static_cast<Relation>(lfirst(cell)), NoLock);
    }
    state->tables = NIL;
    CurrentResourceOwner = caller;
}

void HoldTables(PerCall* state, ExprContext* context) {
    state->owner = CurrentResourceOwner;
    RegisterExprContextCallback(context, CloseTables, PointerGetDatum(state));
    ListCell* cell;
    foreach (cell, state->rows.run->plan()->locked) {
        state->tables = lappend(state->tables, relation_open(lfirst_oid(cell), NoLock));
    }
}

Datum OnePerCall(FunctionCallInfo fcinfo, MakeRows make) {
    ReturnSetInfo* info = ResultInfo(fcinfo);
    if (fcinfo->flinfo->fn_extra == nullptr) {
        FuncCallContext* calls = init_MultiFuncCall(fcinfo);
        MemoryContext caller = MemoryContextSwitchTo(calls->multi_call_memory_ctx);
        auto* state = static_cast<PerCall*>(palloc0(sizeof(PerCall)));
        state->rows = make(fcinfo, calls->multi_call_memory_ctx);
        HoldTables(state, info->econtext);
        calls->user_fctx = state;
        MemoryContextSwitchTo(caller);
    }
    FuncCallContext* calls = per_MultiFuncCall(fcinfo);
    auto* state = static_cast<PerCall*>(calls->user_fctx);
    CheckTablesAreTheSame(state->rows.run->plan());
    if (state->rows.run->Next()) {
        info->isDone = ExprMultipleResult;
        return state->rows.run->AsDatum(state->rows.descriptor);
    }
    UnregisterExprContextCallback(info->econtext, CloseTables, PointerGetDatum(state));
    CloseTables(PointerGetDatum(state));
    end_MultiFuncCall(fcinfo, calls);
    info->isDone = ExprEndResult;
    fcinfo->isnull = true;
    return 0;
}

[[noreturn]] void ReportNull(const char* what) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be NULL", what)));
    pg_unreachable();
}

}  // namespace

bool IsCalledInFrom(FunctionCallInfo fcinfo) {
    return (ResultInfo(fcinfo)->allowedModes & SFRM_Materialize_Preferred) != 0;
}

Datum ReturnRows(FunctionCallInfo fcinfo, MakeRows make) {
    const ReturnSetInfo* info = ResultInfo(fcinfo);
    return IsCalledInFrom(fcinfo) || (info->allowedModes & SFRM_ValuePerCall) == 0
               ? Materialise(fcinfo, make)
               : OnePerCall(fcinfo, make);
}

TupleDesc JsonDescriptor() {
    TupleDesc descriptor = CreateTemplateTupleDesc(1);
    TupleDescInitEntry(descriptor, 1, "record", JSONOID, -1, 0);
    return descriptor;
}

Oid RelationArgument(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) ReportNull("rel");
    return PG_GETARG_OID(argument);
}

ArrayType* KeysArgument(FunctionCallInfo fcinfo, int argument) {
    return PG_ARGISNULL(argument) ? nullptr : PG_GETARG_ARRAYTYPE_P(argument);
}

const char* NameArgument(FunctionCallInfo fcinfo, int argument) {
    return PG_ARGISNULL(argument) ? nullptr : NameStr(*PG_GETARG_NAME(argument));
}

const char* TextArgument(FunctionCallInfo fcinfo, int argument, const char* what) {
    if (PG_ARGISNULL(argument)) ReportNull(what);
    return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

const char** NamesArgument(FunctionCallInfo fcinfo, int argument, const char* what, int* count) {
    if (PG_ARGISNULL(argument)) ReportNull(what);
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
    if (ARR_NDIM(array) > 1) {
        ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                        errmsg("the array of %s must have one dimension", what)));
    }
    Datum* values;
    bool* nulls;
    deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &values, &nulls, count);
    auto** names = static_cast<const char**>(palloc(sizeof(char*) * (*count + 1)));
    for (int i = 0; i < *count; ++i) {
        if (nulls[i]) ReportNull("a name among columns");
        names[i] = NameStr(*DatumGetName(values[i]));
    }
    return names;
}

}  // namespace namedex::fetch
