#include "fetch/foreign_keys.hpp"

#include "fetch/target_table.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "catalog/pg_constraint.h"
#include "utils/fmgroids.h"
}

namespace namedex::fetch {

namespace {

// How a relationship may be called; less is tried first.
enum class Called : int { kByTable, kByConstraint, kByColumn, kByColumnWithoutId, kNot };

struct Candidate {
    Relationship relationship;
    Called called;
};

// A foreign key that stands for the same one between the partitions of one of its tables.
bool IsCopyForPartition(Form_pg_constraint form, Oid table) {
    if (!OidIsValid(form->conparentid)) return false;
    HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(form->conparentid));
    if (!HeapTupleIsValid(tuple)) return false;
    const auto* parent = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
    const bool copy = form->conrelid == table ? parent->conrelid == table
                                              : parent->confrelid == table;
    ReleaseSysCache(tuple);
    return copy;
}

ForeignKey* ReadForeignKey(HeapTuple tuple) {
    const auto* form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
    auto* key = static_cast<ForeignKey*>(palloc0(sizeof(ForeignKey)));
    key->from = form->conrelid;
    key->to = form->confrelid;
    key->name = form->conname;
    DeconstructFkConstraintRow(tuple, &key->count, key->from_columns, key->to_columns,
                               key->equality, nullptr, nullptr, nullptr, nullptr);
    return key;
}

// The foreign keys from a table, or to it. There is no index on the referenced table, so the latter
// reads the whole catalog: once for each statement that is prepared.
List* ForeignKeys(Oid table, bool from) {
    List* keys = NIL;
    Relation catalog = table_open(ConstraintRelationId, AccessShareLock);
    ScanKeyData scan_keys[2];
    ScanKeyInit(&scan_keys[0],
                from ? Anum_pg_constraint_conrelid : Anum_pg_constraint_confrelid,
                BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
    ScanKeyInit(&scan_keys[1], Anum_pg_constraint_contype, BTEqualStrategyNumber, F_CHAREQ,
                CharGetDatum(CONSTRAINT_FOREIGN));
    SysScanDesc scan =
        from ? systable_beginscan(catalog, ConstraintRelidTypidNameIndexId, true, nullptr, 1,
                                  scan_keys)
             : systable_beginscan(catalog, InvalidOid, false, nullptr, 2, scan_keys);
    for (HeapTuple tuple; HeapTupleIsValid(tuple = systable_getnext(scan));) {
        auto* form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        if (form->contype == CONSTRAINT_FOREIGN && !compat::IsPeriodForeignKey(form) &&
            !IsCopyForPartition(form, table)) {
            keys = lappend(keys, ReadForeignKey(tuple));
        }
    }
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return keys;
}

bool IsTableNamed(Oid table, const char* name) {
    const char* table_name = get_rel_name(table);
    return table_name != nullptr && strcmp(table_name, name) == 0;
}

Called CalledToOne(const ForeignKey& key, const char* name) {
    // A table that refers to itself: its name means the rows that refer to a row.
    if (key.from != key.to && IsTableNamed(key.to, name)) return Called::kByTable;
    if (strcmp(NameStr(key.name), name) == 0) return Called::kByConstraint;
    if (key.count != 1) return Called::kNot;
    const char* column = get_attname(key.from, key.from_columns[0], true);
    if (column == nullptr) return Called::kNot;
    if (strcmp(column, name) == 0) return Called::kByColumn;
    constexpr std::string_view kSuffix = "_id";
    const std::string_view text(column);
    if (text.size() > kSuffix.size() && text.substr(text.size() - kSuffix.size()) == kSuffix &&
        text.substr(0, text.size() - kSuffix.size()) == name) {
        return Called::kByColumnWithoutId;
    }
    return Called::kNot;
}

Called CalledToMany(const ForeignKey& key, const char* name) {
    if (IsTableNamed(key.from, name)) return Called::kByTable;
    if (key.from != key.to && strcmp(NameStr(key.name), name) == 0) return Called::kByConstraint;
    return Called::kNot;
}

bool IsJoinTable(Oid table, const ForeignKey& near, const ForeignKey& far) {
    Relation relation = try_relation_open(table, AccessShareLock);
    if (relation == nullptr) return false;
    AttrNumber columns[2 * INDEX_MAX_KEYS];
    AttrNumber* end = std::copy_n(near.from_columns, near.count, columns);
    end = std::copy_n(far.from_columns, far.count, end);
    const bool unique = IsCoveredByUnique(relation, columns, static_cast<int>(end - columns));
    relation_close(relation, NoLock);
    return unique;
}

bool IsNamed(const ForeignKey& key, const char* constraint) {
    return strcmp(NameStr(key.name), constraint) == 0;
}

// Whether `constraint` means the relationship, or is empty.
bool IsMeant(const Relationship& relationship, const char* constraint) {
    if (constraint[0] == '\0' || IsNamed(*relationship.near, constraint)) return true;
    if (relationship.kind != Relationship::Kind::kManyToMany) return false;
    // Between rows of one table only the key that leads here tells the two directions apart.
    return (relationship.near->to != relationship.far->to &&
            IsNamed(*relationship.far, constraint)) ||
           IsTableNamed(relationship.near->from, constraint);
}

class Candidates {
  public:
    Candidates(const char* name, const char* constraint) : name_(name), constraint_(constraint) {}

    void Add(const Relationship& relationship, Called called) {
        if (called == Called::kNot || called > best_ || !IsMeant(relationship, constraint_)) return;
        if (called < best_) list_ = NIL;
        best_ = called;
        auto* kept = static_cast<Relationship*>(palloc(sizeof(Relationship)));
        *kept = relationship;
        list_ = lappend(list_, kept);
    }

    List* list() const { return list_; }

    /** For the hint: what to write to get each. */
    const char* Spellings() const {
        StringInfoData text;
        initStringInfo(&text);
        ListCell* cell;
        foreach (cell, list_) {
            const auto* candidate = static_cast<Relationship*>(lfirst(cell));
            appendStringInfo(&text, "%s%s!%s", text.len > 0 ? ", " : "", quote_identifier(name_),
                             quote_identifier(NameStr(candidate->near->name)));
        }
        return text.data;
    }

  private:
    const char* name_;
    const char* constraint_;
    Called best_ = Called::kNot;
    List* list_ = NIL;
};

void AddManyToMany(Candidates* candidates, const ForeignKey& near, const char* name,
                   List** examined) {
    ListCell* cell;
    foreach (cell, ForeignKeys(near.from, true)) {
        const auto* far = static_cast<ForeignKey*>(lfirst(cell));
        *examined = list_append_unique_oid(*examined, far->to);
        if (strcmp(NameStr(far->name), NameStr(near.name)) == 0) continue;
        if (!IsTableNamed(far->to, name) || !IsJoinTable(near.from, near, *far)) continue;
        candidates->Add({Relationship::Kind::kManyToMany, &near, far}, Called::kByTable);
    }
}

}  // namespace

Relationship FindRelationship(Relation table, const char* name, const char* constraint,
                              int position, List** examined) {
    const Oid self = RelationGetRelid(table);
    Candidates candidates(name, constraint);
    ListCell* cell;
    foreach (cell, ForeignKeys(self, true)) {
        const auto* key = static_cast<ForeignKey*>(lfirst(cell));
        *examined = list_append_unique_oid(*examined, key->to);
        candidates.Add({Relationship::Kind::kToOne, key, nullptr}, CalledToOne(*key, name));
    }
    foreach (cell, ForeignKeys(self, false)) {
        const auto* key = static_cast<ForeignKey*>(lfirst(cell));
        *examined = list_append_unique_oid(*examined, key->from);
        candidates.Add({Relationship::Kind::kToMany, key, nullptr}, CalledToMany(*key, name));
        AddManyToMany(&candidates, *key, name, examined);
    }
    if (candidates.list() == NIL) {
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_OBJECT),
                 errmsg("relationship \"%s\" of \"%s\" does not exist", name,
                        RelationGetRelationName(table)),
                 constraint[0] == '\0'
                     ? errdetail("No foreign key leads there; it is asked for at position %d.",
                                 position)
                     : errdetail("No foreign key \"%s\" leads there; it is asked for at position "
                                 "%d.",
                                 constraint, position)));
    }
    if (list_length(candidates.list()) > 1) {
        ereport(ERROR,
                (errcode(ERRCODE_AMBIGUOUS_ALIAS),
                 errmsg("relationship \"%s\" of \"%s\" is ambiguous", name,
                        RelationGetRelationName(table)),
                 errdetail("Several foreign keys lead there; it is asked for at position %d.",
                           position),
                 errhint("Name one of them: %s.", candidates.Spellings())));
    }
    return *static_cast<Relationship*>(linitial(candidates.list()));
}

}  // namespace namedex::fetch
