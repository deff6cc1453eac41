/*
 * The set-returning side of the functions, and what their arguments have in common.
 *
 * In FROM the server materialises whatever a function does, so the rows go into a tuplestore
 * here, which keeps work_mem of them in memory. In a SELECT list they go out one by one.
 */
#pragma once

#include "fetch/fetch_run.hpp"

namespace namedex::fetch {

/** A fetch, and what its rows look like: a descriptor of one column where they are not composite. */
struct Rows {
    FetchRun* run;
    TupleDesc descriptor;
};

/** Begins a fetch in the context, which is the current one and outlives it; called once a query. */
using MakeRows = Rows (*)(FunctionCallInfo fcinfo, MemoryContext context);

/**
 * The body of a function that returns rows. May ereport. Where rows go out one by one, the tables
 * are held open until the last one has, so that this session does not alter, truncate or drop them
 * meanwhile (55006), as it cannot where a cursor of a SELECT is open.
 */
Datum ReturnRows(FunctionCallInfo fcinfo, MakeRows make);

/** Whether the function is called in FROM. 0A000 where it cannot return a set at all. */
bool IsCalledInFrom(FunctionCallInfo fcinfo);

/** The descriptor of rows of one column of json. */
TupleDesc JsonDescriptor();

// Arguments. A NULL where there must be a value: 22004.
Oid RelationArgument(FunctionCallInfo fcinfo, int argument);
ArrayType* KeysArgument(FunctionCallInfo fcinfo, int argument);         // null if NULL
const char* NameArgument(FunctionCallInfo fcinfo, int argument);        // null if NULL
const char* TextArgument(FunctionCallInfo fcinfo, int argument, const char* what);
const char** NamesArgument(FunctionCallInfo fcinfo, int argument, const char* what, int* count);

}  // namespace namedex::fetch
