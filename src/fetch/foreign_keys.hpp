/*
 * Relationships: the ways from one table to others that foreign keys make.
 *
 *   to-one         this table's foreign key refers to the other table
 *   to-many        the other table's foreign key refers to this one
 *   many-to-many   a join table's two foreign keys refer to this table and to the other one, and
 *                  a unique index of the join table is over just their columns
 *
 * A relationship is called by the other table's name, by its foreign key's name, or, to-one, by
 * the name of the referencing column, with or without "_id" at its end. These are tried in this
 * order, and the first that fits anything decides. A table that refers to itself is called by its
 * name to-many, by its column to-one. Where several foreign keys fit, one is to be named.
 *
 * Foreign keys are found by the tables' OIDs: search_path plays no part.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::fetch {

struct ForeignKey {
    Oid from;  // the referencing table
    Oid to;    // the referenced one
    NameData name;
    int count;
    AttrNumber from_columns[INDEX_MAX_KEYS];
    AttrNumber to_columns[INDEX_MAX_KEYS];
    Oid equality[INDEX_MAX_KEYS];  // operators: referenced = referencing
};

struct Relationship {
    enum class Kind : uint8 { kToOne, kToMany, kManyToMany };
    Kind kind;
    const ForeignKey* near;  // to-one: from here; else: to here
    const ForeignKey* far;   // many-to-many: from the join table to the other one
    Oid other() const {
        switch (kind) {
            case Kind::kToOne: return near->to;
            case Kind::kToMany: return near->from;
            case Kind::kManyToMany: break;
        }
        return far->to;
    }
};

/**
 * The relationship called `name` of the table, narrowed down by the foreign key `constraint` unless
 * that is empty. Palloc'd. `*examined` gets the OIDs of all tables whose change might change the answer.
 * 42704 no such relationship, 42P09 several; `position`, in characters from 1, is said in both.
 */
Relationship FindRelationship(Relation table, const char* name, const char* constraint,
                              int position, List** examined);

}  // namespace namedex::fetch
