#include "fetch/fetch_plan.hpp"

#include "fetch/foreign_keys.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "catalog/pg_operator.h"
}

namespace namedex::fetch {

namespace {

// Up to so many keys a statement has a plan for whatever keys, made once; the planner takes it to
// be for ten. From there on planning for the keys at hand, which takes some 0.2 ms, costs less
// than what a plan for few keys wastes.
constexpr Size kFewKeys = 256;

// ---------------------------------------------------------------- pieces of a statement

void AppendTable(StringInfo text, Oid table) {
    appendStringInfoString(text,
                           quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
                                                      get_rel_name(table)));
}

void AppendColumn(StringInfo text, const char* alias, Oid table, AttrNumber column) {
    appendStringInfo(text, "%s.%s", alias, quote_identifier(get_attname(table, column, false)));
}

void AppendOperator(StringInfo text, Oid id) {
    HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(id));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for operator %u", id);
    const auto* form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
    appendStringInfo(text, " OPERATOR(%s.%s) ",
                     quote_identifier(get_namespace_name(form->oprnamespace)),
                     NameStr(form->oprname));
    ReleaseSysCache(tuple);
}

// Without it the comparison would have two implicit collations, and none of them.
void AppendCollation(StringInfo text, Oid id) {
    if (!OidIsValid(id)) return;
    HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(id));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for collation %u", id);
    const auto* form = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
    appendStringInfo(text, " COLLATE %s",
                     quote_qualified_identifier(get_namespace_name(form->collnamespace),
                                                NameStr(form->collname)));
    ReleaseSysCache(tuple);
}

Oid CollationOf(Oid table, AttrNumber column) {
    Oid type;
    int32 typmod;
    Oid collation;
    get_atttypetypmodcoll(table, column, &type, &typmod, &collation);
    return collation;
}

void SetKeyType(Statement* statement, int at, Oid type, Oid array_type) {
    KeyType* key = &statement->keys[at];
    key->type = type;
    key->array_type = array_type;
    get_typlenbyvalalign(type, &key->length, &key->by_value, &key->alignment);
}

// ---------------------------------------------------------------- result columns

/** The columns that a level's statement returns, each once. */
class ResultColumns {
  public:
    explicit ResultColumns(Relation relation)
        : relation_(relation),
          numbers_(static_cast<AttrNumber*>(
              palloc(sizeof(AttrNumber) * RelationGetDescr(relation)->natts))) {}

    int Add(AttrNumber number) {
        for (int i = 0; i < count_; ++i) {
            if (numbers_[i] == number) return i;
        }
        numbers_[count_] = number;
        return count_++;
    }

    void PutInto(Statement* statement) const {
        statement->column_count = count_;
        statement->columns = numbers_;
        statement->types = static_cast<Oid*>(palloc(sizeof(Oid) * (count_ + 1)));
        for (int i = 0; i < count_; ++i) {
            statement->types[i] =
                TupleDescAttr(RelationGetDescr(relation_), numbers_[i] - 1)->atttypid;
        }
    }

  private:
    Relation relation_;
    AttrNumber* numbers_;
    int count_ = 0;
};

// "SELECT … FROM … AS k(…)": what is common to all statements; expects its keys and columns.
void AppendBeginning(StringInfo text, const Statement& statement, Oid table) {
    appendStringInfoString(text, "SELECT k.n");
    for (int i = 0; i < statement.column_count; ++i) {
        appendStringInfoString(text, ", ");
        AppendColumn(text, "t", table, statement.columns[i]);
    }
    appendStringInfoString(text, " FROM ROWS FROM (");
    for (int i = 1; i <= statement.key_count; ++i) {
        appendStringInfo(text, "%spg_catalog.unnest($%d)", i > 1 ? ", " : "", i);
    }
    appendStringInfoString(text, ") WITH ORDINALITY AS k(");
    for (int i = 1; i <= statement.key_count; ++i) appendStringInfo(text, "k%d, ", i);
    appendStringInfoString(text, "n)");
}

void WriteRootStatement(Statement* statement, Relation relation, const Key& key) {
    const Oid table = RelationGetRelid(relation);
    statement->key_count = key.count;
    for (int i = 0; i < key.count; ++i) {
        SetKeyType(statement, i, key.columns[i].type, key.columns[i].array_type);
    }
    StringInfoData text;
    initStringInfo(&text);
    AppendBeginning(&text, *statement, table);
    appendStringInfoString(&text, " JOIN ");
    AppendTable(&text, table);
    for (int i = 0; i < key.count; ++i) {
        appendStringInfoString(&text, i == 0 ? " AS t ON " : " AND ");
        AppendColumn(&text, "t", table, key.columns[i].number);
        AppendOperator(&text, key.columns[i].equality);
        appendStringInfo(&text, "k.k%d", i + 1);
        AppendCollation(&text, key.columns[i].collation);
    }
    statement->text = text.data;
}

// " JOIN the referencing table AS alias ON k.k1 = alias.fk1 …": from keys to rows that refer to them.
void AppendReferencing(StringInfo text, const ForeignKey& key, const char* alias) {
    appendStringInfoString(text, " JOIN ");
    AppendTable(text, key.from);
    for (int i = 0; i < key.count; ++i) {
        appendStringInfo(text, i == 0 ? " AS %s ON " : " AND ", alias);
        appendStringInfo(text, "k.k%d", i + 1);
        AppendCollation(text, CollationOf(key.to, key.to_columns[i]));
        AppendOperator(text, key.equality[i]);
        AppendColumn(text, alias, key.from, key.from_columns[i]);
    }
}

// " JOIN the referenced table AS t ON t.pk1 = …": from keys, or the rows of a join table, to what
// they refer to.
void AppendReferenced(StringInfo text, const ForeignKey& key, const char* join_alias) {
    appendStringInfoString(text, " JOIN ");
    AppendTable(text, key.to);
    for (int i = 0; i < key.count; ++i) {
        appendStringInfoString(text, i == 0 ? " AS t ON " : " AND ");
        AppendColumn(text, "t", key.to, key.to_columns[i]);
        AppendOperator(text, key.equality[i]);
        if (join_alias != nullptr) {
            AppendColumn(text, join_alias, key.from, key.from_columns[i]);
        } else {
            appendStringInfo(text, "k.k%d", i + 1);
        }
        AppendCollation(text, CollationOf(key.to, key.to_columns[i]));
    }
}

// The parent's columns that a relationship starts from.
const AttrNumber* NearColumns(const Relationship& relationship) {
    return relationship.kind == Relationship::Kind::kToOne ? relationship.near->from_columns
                                                           : relationship.near->to_columns;
}

void WriteChildStatement(Statement* statement, Relation parent, Relation child,
                         const Relationship& relationship) {
    const ForeignKey& near = *relationship.near;
    statement->key_count = near.count;
    for (int i = 0; i < near.count; ++i) {
        const KeyColumn column = MakeKeyColumn(parent, NearColumns(relationship)[i]);
        SetKeyType(statement, i, column.type, column.array_type);
    }
    const Oid table = RelationGetRelid(child);
    StringInfoData text;
    initStringInfo(&text);
    AppendBeginning(&text, *statement, table);
    switch (relationship.kind) {
        case Relationship::Kind::kToOne: AppendReferenced(&text, near, nullptr); break;
        case Relationship::Kind::kToMany: AppendReferencing(&text, near, "t"); break;
        case Relationship::Kind::kManyToMany:
            AppendReferencing(&text, near, "j");
            AppendReferenced(&text, *relationship.far, "j");
            break;
    }
    if (relationship.kind != Relationship::Kind::kToOne) {
        appendStringInfoString(&text, " ORDER BY k.n");
        AttrNumber columns[INDEX_MAX_KEYS];
        const int count = PrimaryKeyColumns(child, columns);
        for (int i = 0; i < count; ++i) {
            appendStringInfoString(&text, ", ");
            AppendColumn(&text, "t", table, columns[i]);
        }
    }
    statement->text = text.data;
}

// ---------------------------------------------------------------- JSON

/** Makes the levels of a select list. */
class JsonPlanner {
  public:
    JsonPlanner(FetchPlan* plan, const char* text) : plan_(plan), text_(text) {}

    /** The level of a relation, but for its statement's text and keys. */
    Level* MakeLevel(Relation relation, const core::SelectList& list) {
        auto* level = static_cast<Level*>(palloc0(sizeof(Level)));
        ResultColumns columns(relation);
        const int most = static_cast<int>(list.size()) + RelationGetDescr(relation)->natts;
        level->members = static_cast<Member*>(palloc0(sizeof(Member) * most));
        level->embedded = static_cast<Embedded*>(palloc0(sizeof(Embedded) * (list.size() + 1)));
        for (const core::SelectItem& item : list) {
            switch (item.kind) {
                case core::SelectItem::Kind::kColumn: {
                    const AttrNumber number = FindColumn(relation, item.name.c_str());
                    if (number == InvalidAttrNumber) ReportNoColumn(relation, item);
                    AddColumn(level, &columns, relation, number, item.output_name().c_str(), item);
                    break;
                }
                case core::SelectItem::Kind::kAllColumns:
                    AddAllColumns(level, &columns, relation, item);
                    break;
                case core::SelectItem::Kind::kRelationship:
                    AddRelationship(level, &columns, relation, item);
                    break;
            }
        }
        columns.PutInto(&level->statement);
        return level;
    }

  private:
    int Position(const core::SelectItem& item) const {
        return pg_mbstrlen_with_len(text_, static_cast<int>(item.position)) + 1;
    }

    [[noreturn]] void ReportNoColumn(Relation relation, const core::SelectItem& item) const {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                        errmsg("column \"%s\" of relation \"%s\" does not exist",
                               item.name.c_str(), RelationGetRelationName(relation)),
                        errdetail("It is asked for at position %d.", Position(item))));
        pg_unreachable();
    }

    Member* AddMember(Level* level, const char* name, const core::SelectItem& item) const {
        if (level->member_count == MaxTupleAttributeNumber) {
            ereport(ERROR, (errcode(ERRCODE_TOO_MANY_COLUMNS),
                            errmsg("one list can have at most %d items", MaxTupleAttributeNumber),
                            errdetail("The next one is at position %d.", Position(item))));
        }
        StringInfoData text;
        initStringInfo(&text);
        AppendJsonString(&text, name, strlen(name));
        for (int i = 0; i < level->member_count; ++i) {
            const Member& other = level->members[i];
            if (other.name_size == text.len + 2 &&
                memcmp(other.name + 1, text.data, static_cast<Size>(text.len)) == 0) {
                ereport(ERROR,
                        (errcode(ERRCODE_DUPLICATE_COLUMN),
                         errmsg("\"%s\" is asked for more than once", name),
                         errdetail("The second time is at position %d.", Position(item)),
                         errhint("Give one of them another name, as in alias:name.")));
            }
        }
        Member* member = &level->members[level->member_count];
        member->name = psprintf("%c%s:", level->member_count == 0 ? '{' : ',', text.data);
        member->name_size = text.len + 2;
        member->column = -1;
        ++level->member_count;
        return member;
    }

    void AddColumn(Level* level, ResultColumns* columns, Relation relation, AttrNumber number,
                   const char* name, const core::SelectItem& item) const {
        Member* member = AddMember(level, name, item);
        member->column = columns->Add(number);
        member->json = MakeJsonType(
            TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid, plan_->context);
    }

    void AddAllColumns(Level* level, ResultColumns* columns, Relation relation,
                       const core::SelectItem& item) const {
        TupleDesc descriptor = RelationGetDescr(relation);
        int readable = 0;
        int all = 0;
        for (int i = 0; i < descriptor->natts; ++i) {
            Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
            if (attribute->attisdropped) continue;
            ++all;
            if (!MayRead(relation, attribute->attnum)) continue;
            ++readable;
            AddColumn(level, columns, relation, attribute->attnum, NameStr(attribute->attname),
                      item);
        }
        if (readable == 0 && all > 0) {
            aclcheck_error(ACLCHECK_NO_PRIV,
                           get_relkind_objtype(relation->rd_rel->relkind),
                           RelationGetRelationName(relation));
        }
    }

    void AddRelationship(Level* level, ResultColumns* columns, Relation relation,
                         const core::SelectItem& item) {
        const Relationship relationship =
            FindRelationship(relation, item.name.c_str(), item.constraint.c_str(), Position(item),
                             &plan_->examined);
        AddMember(level, item.output_name().c_str(), item);
        Embedded* embedded = &level->embedded[level->embedded_count++];
        embedded->many = relationship.kind != Relationship::Kind::kToOne;
        for (int i = 0; i < relationship.near->count; ++i) {
            embedded->columns[i] = columns->Add(NearColumns(relationship)[i]);
        }
        Relation other = OpenTarget(relationship.other());
        plan_->locked = list_append_unique_oid(plan_->locked, relationship.other());
        if (relationship.kind == Relationship::Kind::kManyToMany) {
            plan_->locked = list_append_unique_oid(plan_->locked, relationship.near->from);
        }
        embedded->level = MakeLevel(other, item.items);
        WriteChildStatement(&embedded->level->statement, relation, other, relationship);
        relation_close(other, NoLock);
    }

    FetchPlan* plan_;
    const char* text_;
};

// A plan and the context that all of it is made in.
template <typename Make>
FetchPlan* MakePlan(Oid relation, const char* key_column, Make&& make) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "namedex fetch plan", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(context);
    auto* plan = static_cast<FetchPlan*>(palloc0(sizeof(FetchPlan)));
    plan->context = context;
    Relation target = OpenTarget(relation);
    plan->locked = list_make1_oid(relation);
    plan->key = FindKey(target, key_column);
    make(plan, target);
    WriteRootStatement(&plan->root->statement, target, plan->key);
    relation_close(target, NoLock);
    MemoryContextSwitchTo(caller);
    return plan;
}

}  // namespace

FetchPlan* MakeTuplePlan(Oid relation, const char* const* names, int name_count,
                         const char* key_column, bool with_key) {
    return MakePlan(relation, key_column, [&](FetchPlan* plan, Relation target) {
        plan->root = static_cast<Level*>(palloc0(sizeof(Level)));
        ResultColumns columns(target);
        for (int i = 0; with_key && i < plan->key.count; ++i) {
            columns.Add(plan->key.columns[i].number);
        }
        plan->output_count = name_count;
        plan->outputs = static_cast<int*>(palloc(sizeof(int) * (name_count + 1)));
        for (int i = 0; i < name_count; ++i) {
            plan->outputs[i] = columns.Add(GetColumn(target, names[i]));
        }
        columns.PutInto(&plan->root->statement);
    });
}

FetchPlan* MakeJsonPlan(Oid relation, const core::SelectList& list, const char* text,
                        const char* key_column) {
    return MakePlan(relation, key_column, [&](FetchPlan* plan, Relation target) {
        plan->root = JsonPlanner(plan, text).MakeLevel(target, list);
    });
}

namespace {

void FreeStatements(Level* level) {
    if (level->statement.generic != nullptr) SPI_freeplan(level->statement.generic);
    if (level->statement.custom != nullptr) SPI_freeplan(level->statement.custom);
    for (int i = 0; i < level->embedded_count; ++i) FreeStatements(level->embedded[i].level);
}

}  // namespace

void FreePlan(FetchPlan* plan) {
    FreeStatements(plan->root);
    MemoryContextDelete(plan->context);
}

SPIPlanPtr PreparedFor(Statement* statement, Size key_count) {
    const bool few = key_count <= kFewKeys;
    SPIPlanPtr* kept = few ? &statement->generic : &statement->custom;
    if (*kept == nullptr) {
        Oid types[INDEX_MAX_KEYS];
        for (int i = 0; i < statement->key_count; ++i) types[i] = statement->keys[i].array_type;
        SPIPlanPtr prepared =
            SPI_prepare_cursor(statement->text, statement->key_count, types,
                               few ? CURSOR_OPT_GENERIC_PLAN : CURSOR_OPT_CUSTOM_PLAN);
        if (prepared == nullptr) {
            elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
        }
        SPI_keepplan(prepared);
        *kept = prepared;
    }
    return *kept;
}

}  // namespace namedex::fetch
