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

Datum Materialise(FunctionCallInfo fcinfo, TupleDesc (*descriptor_of)(FunctionCallInfo),
                  MakeRows make) {
    ReturnSetInfo* info = ResultInfo(fcinfo);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "namedex fetch", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
    TupleDesc descriptor = descriptor_of(fcinfo);
    Tuplestorestate* store = tuplestore_begin_heap(
        (info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
    MemoryContextSwitchTo(context);
    ResultRows* rows = make(fcinfo, descriptor, context);
    while (rows->Next()) {
        CHECK_FOR_INTERRUPTS();
        rows->PutInto(store, descriptor);
    }
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(context);
    info->returnMode = SFRM_Materialize;
    info->setResult = store;
    info->setDesc = descriptor;
    fcinfo->isnull = true;
    return 0;
}

struct PerCall {
    ResultRows* rows;
    TupleDesc descriptor;
};

Datum OnePerCall(FunctionCallInfo fcinfo, TupleDesc (*descriptor_of)(FunctionCallInfo),
                 MakeRows make) {
    ReturnSetInfo* info = ResultInfo(fcinfo);
    if (fcinfo->flinfo->fn_extra == nullptr) {
        FuncCallContext* calls = init_MultiFuncCall(fcinfo);
        MemoryContext caller = MemoryContextSwitchTo(calls->multi_call_memory_ctx);
        auto* state = static_cast<PerCall*>(palloc(sizeof(PerCall)));
        state->descriptor = descriptor_of(fcinfo);
        state->rows = make(fcinfo, state->descriptor, calls->multi_call_memory_ctx);
        calls->user_fctx = state;
        MemoryContextSwitchTo(caller);
    }
    FuncCallContext* calls = per_MultiFuncCall(fcinfo);
    auto* state = static_cast<PerCall*>(calls->user_fctx);
    if (state->rows->Next()) {
        info->isDone = ExprMultipleResult;
        return state->rows->AsDatum(state->descriptor);
    }
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

Datum ReturnRows(FunctionCallInfo fcinfo, TupleDesc (*descriptor_of)(FunctionCallInfo),
                 MakeRows make) {
    const ReturnSetInfo* info = ResultInfo(fcinfo);
    return IsCalledInFrom(fcinfo) || (info->allowedModes & SFRM_ValuePerCall) == 0
               ? Materialise(fcinfo, descriptor_of, make)
               : OnePerCall(fcinfo, descriptor_of, make);
}

TupleDesc JsonDescriptor(FunctionCallInfo) {
    TupleDesc descriptor = CreateTemplateTupleDesc(1);
    TupleDescInitEntry(descriptor, 1, "record", JSONOID, -1, 0);
    return descriptor;
}

Oid RelationArgument(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) ReportNull("relation");
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
