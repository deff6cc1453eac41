/*
 * How rows are fetched: one statement for the rows that the keys name, and for each relationship
 * that is embedded in them one more.
 *
 * Every statement has the same form. Its parameters are arrays, one a key column; its first
 * result column is the ordinal, from 1, of the key that a row belongs to:
 *
 *     SELECT k.n, t.id, t.last_name
 *     FROM ROWS FROM (pg_catalog.unnest($1)) WITH ORDINALITY AS k(k1, n)
 *     JOIN public.patients AS t ON t.id OPERATOR(pg_catalog.=) k.k1
 *
 * A statement for children is the same with their foreign key, over a join table with one JOIN
 * more, and is ordered by k.n and the children's primary key. It names only columns that are
 * asked for, keys, and columns of foreign keys.
 *
 * Invariants: identifiers, operators and collations come out of the catalogs and are qualified
 * and quoted; nothing that the caller wrote is part of a statement. A plan is immutable but for
 * what its statements prepare when they first run, and all of it is plain data in plan.context.
 */
#pragma once

#include "core/select_list.hpp"
#include "fetch/json_value.hpp"
#include "fetch/target_table.hpp"
#include "pg/prelude.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace namedex::fetch {

/** A parameter: values of a type as an array. */
struct KeyType {
    Oid type;
    Oid array_type;
    int16 length;
    bool by_value;
    char alignment;
};

struct Statement {
    const char* text;
    Oid tables[2];  // that it names: the rows' one, and the join table if there is one
    int key_count;
    KeyType keys[INDEX_MAX_KEYS];
    int column_count;  // without the ordinal
    AttrNumber* columns;
    Oid* types;
    SPIPlanPtr generic;  // null until needed
    SPIPlanPtr custom;
};

struct Level;

/** A relationship of a level's rows. */
struct Embedded {
    Level* level;
    bool many;                    // an array; else an object or null
    int columns[INDEX_MAX_KEYS];  // the parent's result columns that are its keys
};

/** One member of the JSON object of a row. */
struct Member {
    const char* name;  // `{"name":` or `,"name":`
    int name_size;
    int column;        // of the result, from 0; -1: the next relationship
    JsonType json;     // of a column
};

/** The rows of one table, and what is embedded in them. */
struct Level {
    Statement statement;
    int member_count;
    Member* members;
    int embedded_count;
    Embedded* embedded;  // in the order of the members
};

struct FetchPlan {
    MemoryContext context;
    Key key;
    Level* root;
    int output_count;  // of a plan of tuples: a result column for each column asked for
    int* outputs;
    Size row_width;    // of a plan of tuples: bytes of a row as statistics have them; else 0
    List* locked;      // OIDs of the tables it reads
    const char* tables;  // their names, and those of their columns
    int statement_count;
    List* examined;    // OIDs of other tables whose change might change it
    // For the cache:
    int users;
    bool stale;      // not to be begun with again
    bool unchecked;  // something has changed since CheckTablesAreTheSame looked
};

/**
 * A plan of tuples: of the named columns, in their order; with_key: the key's columns, too. Locks
 * the table. CurrentMemoryContext becomes the parent of the plan's. May ereport: 42P01, 42809, 42703, 42P10.
 */
FetchPlan* MakeTuplePlan(Oid relation, const char* const* names, int name_count,
                         const char* key_column, bool with_key);

/**
 * A plan of JSON objects. `text` is what the list was parsed from; only its one relationship's name is
 * from `relationship`, unless that is null. Locks the tables. May ereport,
 * beside the above, 42704 and 42P09 for relationships, 42701 for a name twice, 42501 for a `*` that
 * stands for nothing one may read.
 */
FetchPlan* MakeJsonPlan(Oid relation, const core::SelectList& list, const char* text,
                        const char* relationship, const char* key_column);

/**
 * To be called before a statement runs and before a row goes out. A stale plan still means the same while its tables have the same names
 * and columns; 55000 if they have not: only this session itself can have changed that, while a cursor is open,
 * or whoever renamed a schema.
 */
void CheckTablesAreTheSame(FetchPlan* plan);

/** Frees it and its prepared statements. */
void FreePlan(FetchPlan* plan);

/** Reports what CheckTablesAreTheSame does. */
[[noreturn]] void ReportTablesChanged();

/** The prepared statement that is best for so many keys. Inside SPI_connect; may ereport. */
SPIPlanPtr PreparedFor(Statement* statement, Size key_count);

}  // namespace namedex::fetch
