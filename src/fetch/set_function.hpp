/*
 * The set-returning side of the functions, and what their arguments have in common.
 *
 * In FROM the server materialises whatever a function does, so the rows go into a tuplestore
 * here, which keeps work_mem of them in memory. In a SELECT list they go out one by one.
 */
#pragma once

#include "fetch/fetch_run.hpp"

namespace namedex::fetch {

/** Makes the rows in the context, which outlives them; called once a query. */
using MakeRows = ResultRows* (*)(FunctionCallInfo fcinfo, TupleDesc descriptor,
                                 MemoryContext context);

/**
 * The body of a function that returns rows. `descriptor_of` tells their descriptor, in
 * CurrentMemoryContext: of the rows where they are composite, of the one column where they are
 * not. May ereport.
 */
Datum ReturnRows(FunctionCallInfo fcinfo, TupleDesc (*descriptor_of)(FunctionCallInfo),
                 MakeRows make);

/** Whether the function is called in FROM. 0A000 where it cannot return a set at all. */
bool IsCalledInFrom(FunctionCallInfo fcinfo);

/** The descriptor of rows of one column of json. */
TupleDesc JsonDescriptor(FunctionCallInfo fcinfo);

// Arguments. A NULL where there must be a value: 22004.
Oid RelationArgument(FunctionCallInfo fcinfo, int argument);
ArrayType* KeysArgument(FunctionCallInfo fcinfo, int argument);         // null if NULL
const char* NameArgument(FunctionCallInfo fcinfo, int argument);        // null if NULL
const char* TextArgument(FunctionCallInfo fcinfo, int argument, const char* what);
const char** NamesArgument(FunctionCallInfo fcinfo, int argument, const char* what, int* count);

}  // namespace namedex::fetch
