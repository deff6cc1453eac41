/*
 * What the catalogs say of a relation that rows are fetched from: its columns, and its key.
 *
 * A target is a table, partitioned table, view, materialized view or foreign table. It is locked
 * as a SELECT locks it, until the transaction ends, so what was read here stays true while a
 * statement is made of it. Privileges are not asked for: the statement's own execution does that.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::fetch {

/** A column that a key's values are compared with. */
struct KeyColumn {
    AttrNumber number;
    Oid type;             // the base type, of which the values are
    Oid array_type;       // of that type
    Oid equality;         // the operator: the unique index's own where there is one
    Oid collation;        // the comparison's; InvalidOid where the type has none
};

struct Key {
    int count;
    KeyColumn columns[INDEX_MAX_KEYS];
};

/** Opens the relation, AccessShareLock held. Errors: 42P01 no such relation, 42809 not one of those
 *  that have rows to select. */
Relation OpenTarget(Oid relation);

/** The number of a column of the user's; InvalidAttrNumber if there is none of that name. */
AttrNumber FindColumn(Relation relation, const char* name);

/** As FindColumn; 42703 if there is none. */
AttrNumber GetColumn(Relation relation, const char* name);

/**
 * The key that elements are looked up by: the column `key_column`, or where it is null the primary
 * key. 42P10 if there is none, or if it is not certain to be unique (a view's or foreign table's
 * column is taken on trust); 42703 no such column.
 */
Key FindKey(Relation relation, const char* key_column);

/** How values of a column are compared, with `type`'s own equality. 42883 if it has none. */
KeyColumn MakeKeyColumn(Relation relation, AttrNumber number);

/** The columns of the primary key in its order, none if there is no primary key. */
int PrimaryKeyColumns(Relation relation, AttrNumber (&columns)[INDEX_MAX_KEYS]);

/** Whether an immediate unique index over all rows has only columns among these, and all of them. */
bool IsCoveredByUnique(Relation relation, const AttrNumber* columns, int count);

/** Whether the current user may select the column. */
bool MayRead(Relation relation, AttrNumber number);

}  // namespace namedex::fetch
