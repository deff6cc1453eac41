#include "fetch/target_table.hpp"

extern "C" {
#include "catalog/pg_attribute.h"
#include "catalog/pg_index.h"
}

namespace namedex::fetch {

namespace {

// Calls visit(form, tuple) for the relation's indexes that make rows unique, all of them and at
// once: valid, immediate, neither partial nor on expressions. Until it returns true; whether it did.
template <typename Visit>
bool AnyUniqueIndex(Relation relation, Visit&& visit) {
    List* indexes = RelationGetIndexList(relation);
    bool found = false;
    ListCell* cell;
    foreach (cell, indexes) {
        HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
        if (!HeapTupleIsValid(tuple)) continue;  // dropped just now
        auto* form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
        if (form->indisunique && form->indimmediate && form->indisvalid &&
            heap_attisnull(tuple, Anum_pg_index_indpred, nullptr) &&
            heap_attisnull(tuple, Anum_pg_index_indexprs, nullptr)) {
            found = visit(form, tuple);
        }
        ReleaseSysCache(tuple);
        if (found) break;
    }
    list_free(indexes);
    return found;
}

Oid IndexOid(HeapTuple tuple, AttrNumber vector, int at) {
    bool is_null;
    const Datum datum = SysCacheGetAttr(INDEXRELID, tuple, vector, &is_null);
    Assert(!is_null);
    return reinterpret_cast<oidvector*>(DatumGetPointer(datum))->values[at];
}

Form_pg_attribute Attribute(Relation relation, AttrNumber number) {
    return TupleDescAttr(RelationGetDescr(relation), number - 1);
}

Oid DefaultEquality(Relation relation, AttrNumber number, Oid type) {
    const Oid equality = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
    if (!OidIsValid(equality)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                        errmsg("could not identify an equality operator for type %s",
                               format_type_be(type)),
                        errdetail("It is the type of column \"%s\" of \"%s\".",
                                  NameStr(Attribute(relation, number)->attname),
                                  RelationGetRelationName(relation))));
    }
    return equality;
}

// The index's own notion of equality: it finds the rows, and it is what makes them unique.
KeyColumn MakeIndexedColumn(Relation relation, Form_pg_index form, HeapTuple tuple, int at) {
    KeyColumn column = MakeKeyColumn(relation, form->indkey.values[at]);
    const Oid opclass = IndexOid(tuple, Anum_pg_index_indclass, at);
    const Oid input = get_opclass_input_type(opclass);
    const Oid equality =
        get_opfamily_member(get_opclass_family(opclass), input, input, BTEqualStrategyNumber);
    if (OidIsValid(equality)) column.equality = equality;
    column.collation = IndexOid(tuple, Anum_pg_index_indcollation, at);
    return column;
}

bool HasIndexes(Relation relation) {
    const char kind = relation->rd_rel->relkind;
    return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE || kind == RELKIND_MATVIEW;
}

Key FindPrimaryKey(Relation relation) {
    Key key{};
    const bool found = AnyUniqueIndex(relation, [&](Form_pg_index form, HeapTuple tuple) {
        if (!form->indisprimary) return false;
        for (int i = 0; i < form->indnkeyatts; ++i) {
            key.columns[key.count++] = MakeIndexedColumn(relation, form, tuple, i);
        }
        return true;
    });
    if (!found) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
                 errmsg("\"%s\" has no primary key to look rows up by",
                        RelationGetRelationName(relation)),
                 HasIndexes(relation)
                     ? errdetail("A deferrable primary key does not count.")
                     : 0,
                 HasIndexes(relation)
                     ? errhint("Name a unique column as key_column.")
                     : errhint("Name the column that identifies its rows as key_column.")));
    }
    return key;
}

Key FindKeyColumn(Relation relation, AttrNumber number) {
    Key key{};
    key.count = 1;
    if (!HasIndexes(relation)) {
        key.columns[0] = MakeKeyColumn(relation, number);
        key.columns[0].collation = Attribute(relation, number)->attcollation;
        return key;
    }
    const bool found = AnyUniqueIndex(relation, [&](Form_pg_index form, HeapTuple tuple) {
        if (form->indnkeyatts != 1 || form->indkey.values[0] != number) return false;
        key.columns[0] = MakeIndexedColumn(relation, form, tuple, 0);
        return true;
    });
    if (!found) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
                 errmsg("column \"%s\" of \"%s\" is not known to be unique",
                        NameStr(Attribute(relation, number)->attname),
                        RelationGetRelationName(relation)),
                 errdetail("There is no unique index on it alone that is valid, immediate and not "
                           "partial."),
                 errhint("Name a column with a unique constraint as key_column.")));
    }
    return key;
}

}  // namespace

Relation OpenTarget(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    Relation opened = nullptr;
    if (HeapTupleIsValid(tuple)) {
        const FormData_pg_class form = *reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
        ReleaseSysCache(tuple);
        switch (form.relkind) {
            case RELKIND_RELATION:
            case RELKIND_PARTITIONED_TABLE:
            case RELKIND_VIEW:
            case RELKIND_MATVIEW:
            case RELKIND_FOREIGN_TABLE: break;
            default:
                ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                                errmsg("cannot fetch rows from \"%s\"", NameStr(form.relname)),
                                errdetail_relkind_not_supported(form.relkind)));
        }
        opened = try_relation_open(relation, AccessShareLock);
    }
    if (opened == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("relation with OID %u does not exist", relation)));
    }
    return opened;
}

AttrNumber FindColumn(Relation relation, const char* name) {
    TupleDesc descriptor = RelationGetDescr(relation);
    for (int i = 0; i < descriptor->natts; ++i) {
        Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0) {
            return attribute->attnum;
        }
    }
    return InvalidAttrNumber;
}

AttrNumber GetColumn(Relation relation, const char* name) {
    const AttrNumber number = FindColumn(relation, name);
    if (number == InvalidAttrNumber) {
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_COLUMN),
                 errmsg("column \"%s\" of relation \"%s\" does not exist", name,
                        RelationGetRelationName(relation))));
    }
    return number;
}

Key FindKey(Relation relation, const char* key_column) {
    return key_column == nullptr ? FindPrimaryKey(relation)
                                 : FindKeyColumn(relation, GetColumn(relation, key_column));
}

KeyColumn MakeKeyColumn(Relation relation, AttrNumber number) {
    KeyColumn column{};
    column.number = number;
    column.type = getBaseType(Attribute(relation, number)->atttypid);
    column.array_type = get_array_type(column.type);
    if (!OidIsValid(column.array_type)) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("column \"%s\" of \"%s\" cannot be a key here",
                               NameStr(Attribute(relation, number)->attname),
                               RelationGetRelationName(relation)),
                        errdetail("There are no arrays of its type %s.",
                                  format_type_be(column.type))));
    }
    column.equality = DefaultEquality(relation, number, column.type);
    return column;
}

int PrimaryKeyColumns(Relation relation, AttrNumber (&columns)[INDEX_MAX_KEYS]) {
    int count = 0;
    AnyUniqueIndex(relation, [&](Form_pg_index form, HeapTuple) {
        if (!form->indisprimary) return false;
        for (; count < form->indnkeyatts; ++count) columns[count] = form->indkey.values[count];
        return true;
    });
    return count;
}

bool IsCoveredByUnique(Relation relation, const AttrNumber* columns, int count) {
    const auto contains = [](const AttrNumber* numbers, int size, AttrNumber number) {
        return std::find(numbers, numbers + size, number) != numbers + size;
    };
    return AnyUniqueIndex(relation, [&](Form_pg_index form, HeapTuple) {
        for (int i = 0; i < form->indnkeyatts; ++i) {
            if (!contains(columns, count, form->indkey.values[i])) return false;
        }
        for (int i = 0; i < count; ++i) {
            if (!contains(form->indkey.values, form->indnkeyatts, columns[i])) return false;
        }
        return true;
    });
}

bool MayRead(Relation relation, AttrNumber number) {
    const Oid table = RelationGetRelid(relation);
    return pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
           pg_attribute_aclcheck(table, number, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

}  // namespace namedex::fetch
