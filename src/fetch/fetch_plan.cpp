#include "fetch/fetch_plan.hpp"

#include "fetch/foreign_keys.hpp"
#include "pg/compat.hpp"

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

/** One side of a comparison. */
struct Operand {
    const char* text;
    Oid type;
    Oid collation;
};

Operand ColumnOperand(const char* alias, Oid table, AttrNumber column) {
    StringInfoData text;
    initStringInfo(&text);
    AppendColumn(&text, alias, table, column);
    Operand operand{};
    int32 typmod;
    get_atttypetypmodcoll(table, column, &operand.type, &typmod, &operand.collation);
    operand.text = text.data;
    return operand;
}

Operand KeyOperand(const Statement& statement, int at) {
    const Oid type = statement.keys[at].type;
    return {psprintf("k.k%d", at + 1), type, get_typcollation(type)};
}

// The collation that the parser finds for a comparison of two operands, whose collations are implicit:
// the one that is not the default; InvalidOid where that is not one.
Oid ImplicitCollation(Oid left, Oid right) {
    if (left == right || right == DEFAULT_COLLATION_OID || !OidIsValid(right)) return left;
    if (left == DEFAULT_COLLATION_OID || !OidIsValid(left)) return right;
    return InvalidOid;
}

void AppendCollation(StringInfo text, Oid id) {
    HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(id));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for collation %u", id);
    const auto* form = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
    appendStringInfo(text, " COLLATE %s",
                     quote_qualified_identifier(get_namespace_name(form->collnamespace),
                                                NameStr(form->collname)));
    ReleaseSysCache(tuple);
}

// "left OPERATOR(schema.=) right COLLATE …". The operands are cast to what the operator takes, so it
// is this operator that the parser finds, whatever others of its name there are.
void AppendComparison(StringInfo text, Oid equality, const Operand& left, const Operand& right,
                      Oid collation) {
    generate_operator_clause(text, left.text, left.type, equality, right.text, right.type);
    // Named only where it must be: naming it takes USAGE on its schema.
    if (OidIsValid(collation) && collation != ImplicitCollation(left.collation, right.collation)) {
        AppendCollation(text, collation);
    }
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
    statement->tables[0] = table;
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
        const KeyColumn& column = key.columns[i];
        appendStringInfoString(&text, i == 0 ? " AS t ON " : " AND ");
        AppendComparison(&text, column.equality, ColumnOperand("t", table, column.number),
                         KeyOperand(*statement, i), column.collation);
    }
    statement->text = text.data;
}

bool IsDeterministic(Oid collation) {
    return OidIsValid(collation) && get_collation_isdeterministic(collation);
}

// " JOIN the referencing table AS alias ON k.k1 = alias.fk1 …": from keys to rows that refer to them.
// Deterministic collations have one equality, so where both are, the referencing column's own will do,
// and an index on it.
void AppendReferencing(StringInfo text, const Statement& statement, const ForeignKey& key,
                       const char* alias) {
    appendStringInfoString(text, " JOIN ");
    AppendTable(text, key.from);
    for (int i = 0; i < key.count; ++i) {
        const Oid to = CollationOf(key.to, key.to_columns[i]);
        const Oid from = CollationOf(key.from, key.from_columns[i]);
        const bool own = IsDeterministic(to) && IsDeterministic(from);
        appendStringInfo(text, i == 0 ? " AS %s ON " : " AND ", alias);
        AppendComparison(text, key.equality[i], KeyOperand(statement, i),
                         ColumnOperand(alias, key.from, key.from_columns[i]),
                         own ? from : to);
    }
}

// " JOIN the referenced table AS t ON t.pk1 = …": from keys, or the rows of a join table, to what
// they refer to: rows of the referenced table itself, not of tables that inherit from it.
void AppendReferenced(StringInfo text, const Statement& statement, const ForeignKey& key,
                      const char* join_alias) {
    const bool partitioned = get_rel_relkind(key.to) == RELKIND_PARTITIONED_TABLE;
    appendStringInfoString(text, partitioned ? " JOIN " : " JOIN ONLY ");
    AppendTable(text, key.to);
    for (int i = 0; i < key.count; ++i) {
        appendStringInfoString(text, i == 0 ? " AS t ON " : " AND ");
        AppendComparison(text, key.equality[i], ColumnOperand("t", key.to, key.to_columns[i]),
                         join_alias != nullptr
                             ? ColumnOperand(join_alias, key.from, key.from_columns[i])
                             : KeyOperand(statement, i),
                         CollationOf(key.to, key.to_columns[i]));
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
    statement->tables[0] = table;
    if (relationship.kind == Relationship::Kind::kManyToMany) statement->tables[1] = near.from;
    StringInfoData text;
    initStringInfo(&text);
    AppendBeginning(&text, *statement, table);
    switch (relationship.kind) {
        case Relationship::Kind::kToOne: AppendReferenced(&text, *statement, near, nullptr); break;
        case Relationship::Kind::kToMany: AppendReferencing(&text, *statement, near, "t"); break;
        case Relationship::Kind::kManyToMany:
            AppendReferencing(&text, *statement, near, "j");
            AppendReferenced(&text, *statement, *relationship.far, "j");
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
    /** `outer` (null: none) is an item of another text than the list's. */
    JsonPlanner(FetchPlan* plan, const char* text, const core::SelectItem* outer,
                const char* outer_text)
        : plan_(plan), text_(text), outer_(outer), outer_text_(outer_text) {}

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
        const char* const text = &item == outer_ ? outer_text_ : text_;
        return pg_mbstrlen_with_len(text, static_cast<int>(item.position)) + 1;
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
        // What is read of all foreign keys is needed for this relationship only.
        MemoryContext keys =
            AllocSetContextCreate(plan_->context, "namedex foreign keys", ALLOCSET_SMALL_SIZES);
        MemoryContext caller = MemoryContextSwitchTo(keys);
        List* examined = NIL;
        const Relationship relationship = FindRelationship(
            relation, item.name.c_str(), item.constraint.c_str(), Position(item), &examined);
        MemoryContextSwitchTo(caller);
        plan_->examined = list_concat_unique_oid(plan_->examined, examined);
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
        ++plan_->statement_count;
        relation_close(other, NoLock);
        MemoryContextDelete(keys);
    }

    FetchPlan* plan_;
    const char* text_;
    const core::SelectItem* outer_;
    const char* outer_text_;
};

// What statements about the tables depend on: their names, and their columns' names and types. Null if
// one of them is gone.
const char* DescribeTables(List* tables) {
    StringInfoData text;
    initStringInfo(&text);
    ListCell* cell;
    foreach (cell, tables) {
        const Oid table = lfirst_oid(cell);
        Relation relation = try_relation_open(table, AccessShareLock);
        if (relation == nullptr) return nullptr;
        const char* schema = get_namespace_name(RelationGetNamespace(relation));
        appendStringInfo(&text, "%zu %s %zu %s", strlen(schema), schema,
                         strlen(RelationGetRelationName(relation)),
                         RelationGetRelationName(relation));
        TupleDesc descriptor = RelationGetDescr(relation);
        for (int i = 0; i < descriptor->natts; ++i) {
            Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
            if (attribute->attisdropped) continue;
            // Names in any spelling, but no two alike: their lengths end them.
            appendStringInfo(&text, " %zu %s %u", strlen(NameStr(attribute->attname)),
                             NameStr(attribute->attname), attribute->atttypid);
        }
        relation_close(relation, NoLock);
    }
    return text.data;
}

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
    plan->statement_count = 1;
    plan->key = FindKey(target, key_column);
    make(plan, target);
    WriteRootStatement(&plan->root->statement, target, plan->key);
    relation_close(target, NoLock);
    plan->tables = DescribeTables(plan->locked);
    MemoryContextSwitchTo(caller);
    return plan;
}

// What a row's stored values take: those out of line only a pointer, as they do in a tuple.
Size RowWidth(Relation relation, const Statement& statement) {
    Size width = 0;
    for (int i = 0; i < statement.column_count; ++i) {
        const int32 known = get_attavgwidth(RelationGetRelid(relation), statement.columns[i]);
        width += static_cast<Size>(known > 0 ? known
                                             : get_typavgwidth(statement.types[i], -1));
    }
    return width + sizeof(HeapTupleData) + MAXALIGN(SizeofHeapTupleHeader);
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
        plan->row_width = RowWidth(target, plan->root->statement);
    });
}

FetchPlan* MakeJsonPlan(Oid relation, const core::SelectList& list, const char* text,
                        const char* relationship, const char* key_column) {
    const core::SelectItem* outer = relationship != nullptr ? &list.front() : nullptr;
    return MakePlan(relation, key_column, [&](FetchPlan* plan, Relation target) {
        plan->root = JsonPlanner(plan, text, outer, relationship).MakeLevel(target, list);
    });
}

namespace {

void FreeStatements(Level* level) {
    if (level->statement.generic != nullptr) SPI_freeplan(level->statement.generic);
    if (level->statement.custom != nullptr) SPI_freeplan(level->statement.custom);
    for (int i = 0; i < level->embedded_count; ++i) FreeStatements(level->embedded[i].level);
}

}  // namespace

void CheckTablesAreTheSame(FetchPlan* plan) {
    if (!plan->unchecked) return;
    plan->unchecked = false;  // first: looking may bring the next invalidation
    const char* now = DescribeTables(plan->locked);
    if (now == nullptr || strcmp(now, plan->tables) != 0) {
        plan->unchecked = true;
        ReportTablesChanged();
    }
}

void ReportTablesChanged() {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("cannot go on with a fetch whose tables have been altered or renamed")));
    pg_unreachable();
}

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
