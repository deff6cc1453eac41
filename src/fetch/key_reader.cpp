#include "fetch/key_reader.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "parser/parse_coerce.h"
}

namespace namedex::fetch {

namespace {

[[noreturn]] void ReportNoCast(Oid source, const KeyColumn& column, const char* table_name) {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH),
             errmsg("keys of type %s cannot be compared with the key of \"%s\"",
                    format_type_be(source), table_name),
             errdetail("There is no implicit cast to the key column's type %s.",
                       format_type_be(column.type)),
             errhint("Cast the array of keys to %s.", format_type_be(column.array_type))));
    pg_unreachable();
}

Coercion MakeCoercion(Oid source, const KeyColumn& column, const char* table_name,
                      MemoryContext context) {
    Coercion coercion{};
    const Oid from = getBaseType(source);
    if (from == column.type) return coercion;
    Oid function = InvalidOid;
    CoercionPathType path = COERCION_PATH_NONE;
    if (from != UNKNOWNOID) {
        path = find_coercion_pathway(column.type, from, COERCION_IMPLICIT, &function);
        if (path == COERCION_PATH_RELABELTYPE) return coercion;
    }
    if (from == TEXTOID || from == UNKNOWNOID || path == COERCION_PATH_COERCEVIAIO) {
        Oid input;
        getTypeInputInfo(column.type, &input, &coercion.io_parameter);
        fmgr_info_cxt(input, &coercion.function, context);
        coercion.kind = from == TEXTOID      ? Coercion::Kind::kInput
                        : from == UNKNOWNOID ? Coercion::Kind::kInputLiteral
                                             : Coercion::Kind::kInputOutput;
        if (coercion.kind == Coercion::Kind::kInputOutput) {
            Oid output;
            bool is_varlena;
            getTypeOutputInfo(from, &output, &is_varlena);
            fmgr_info_cxt(output, &coercion.output, context);
        }
        return coercion;
    }
    if (path != COERCION_PATH_FUNC) ReportNoCast(source, column, table_name);
    if (!compat::MayExecute(function)) {
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, get_func_name(function));
    }
    fmgr_info_cxt(function, &coercion.function, context);
    coercion.kind = Coercion::Kind::kCast;
    return coercion;
}

Datum Input(Coercion* coercion, char* text) {
    return InputFunctionCall(&coercion->function, text, coercion->io_parameter, -1);
}

Datum Coerce(Coercion* coercion, const KeyColumn& column, Datum value) {
    switch (coercion->kind) {
        case Coercion::Kind::kNone: break;
        case Coercion::Kind::kCast: {
            // A cast function may also take the type modifier, and whether the cast is explicit.
            LOCAL_FCINFO(call, 3);
            InitFunctionCallInfoData(*call, &coercion->function, coercion->function.fn_nargs,
                                     column.collation, nullptr, nullptr);
            call->args[0] = {value, false};
            call->args[1] = {Int32GetDatum(-1), false};
            call->args[2] = {BoolGetDatum(false), false};
            value = FunctionCallInvoke(call);
            if (call->isnull) {
                ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                                errmsg("the cast of a key to %s gave NULL",
                                       format_type_be(column.type))));
            }
            break;
        }
        case Coercion::Kind::kInput:
            return Input(coercion, TextDatumGetCString(value));
        case Coercion::Kind::kInputLiteral:
            return Input(coercion, DatumGetCString(value));
        case Coercion::Kind::kInputOutput:
            return Input(coercion, OutputFunctionCall(&coercion->output, value));
    }
    return value;
}

}  // namespace

KeyReader* KeyReader::Make(ArrayType* array, const Key& key, const char* table_name,
                           MemoryContext context) {
    MemoryContext caller = MemoryContextSwitchTo(context);
    auto* reader = static_cast<KeyReader*>(palloc0(sizeof(KeyReader)));
    reader->key_ = &key;
    reader->table_name_ = pstrdup(table_name);
    reader->row_context_ =
        AllocSetContextCreate(context, "namedex record type", ALLOCSET_SMALL_SIZES);
    if (array != nullptr) {
        if (ARR_NDIM(array) > 1) {
            ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                            errmsg("the array of keys must have one dimension"),
                            errdetail("It has %d.", ARR_NDIM(array))));
        }
        reader->element_type_ = ARR_ELEMTYPE(array);
        reader->records_ = key.count > 1;
        reader->remaining_ =
            static_cast<Size>(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)));
        if (reader->records_) {
            if (!type_is_rowtype(reader->element_type_)) reader->ReportNotRecord();
            const Oid row_type = getBaseType(reader->element_type_);
            if (row_type != RECORDOID) reader->PrepareForType(row_type, -1);
        } else {
            reader->coercions_[0] =
                MakeCoercion(reader->element_type_, key.columns[0], table_name, context);
        }
        if (reader->remaining_ > 0) reader->iterator_ = array_create_iterator(array, 0, nullptr);
    }
    MemoryContextSwitchTo(caller);
    return reader;
}

void KeyReader::ReportNotRecord() const {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH),
             errmsg("the key of \"%s\" has %d columns, its keys are records", table_name_,
                    key_->count),
             errdetail("The elements of the array are of type %s.", format_type_be(element_type_)),
             errhint("Give an array of a composite type, or of rows, as in ARRAY[ROW(1, 2)].")));
    pg_unreachable();
}

bool KeyReader::Read(Size most, KeyValues* values, ContextArray<Datum>* elements) {
    Datum element;
    bool is_null;
    while (values->count < most && iterator_ != nullptr) {
        if (!array_iterate(iterator_, &element, &is_null)) {
            iterator_ = nullptr;
            break;
        }
        --remaining_;
        CHECK_FOR_INTERRUPTS();
        if (is_null) continue;
        Datum fields[INDEX_MAX_KEYS];
        if (records_) {
            if (!ReadRecord(element, fields)) continue;
        } else {
            fields[0] = Coerce(&coercions_[0], key_->columns[0], element);
        }
        for (int i = 0; i < key_->count; ++i) values->columns[i]->Push(fields[i]);
        if (elements != nullptr) elements->Push(element);
        ++values->count;
    }
    return iterator_ != nullptr;
}

bool KeyReader::ReadRecord(Datum element, Datum (&fields)[INDEX_MAX_KEYS]) {
    HeapTupleHeader record = DatumGetHeapTupleHeader(element);
    const Oid type = HeapTupleHeaderGetTypeId(record);
    const int32 typmod = HeapTupleHeaderGetTypMod(record);
    if (row_ == nullptr || type != row_type_ || typmod != row_typmod_) {
        PrepareForType(type, typmod);
    }
    HeapTupleData tuple;
    tuple.t_len = HeapTupleHeaderGetDatumLength(record);
    ItemPointerSetInvalid(&tuple.t_self);
    tuple.t_tableOid = InvalidOid;
    tuple.t_data = record;
    int at = 0;
    for (int i = 0; i < row_->natts; ++i) {
        if (TupleDescAttr(row_, i)->attisdropped) continue;
        bool is_null;
        const Datum value = heap_getattr(&tuple, i + 1, row_, &is_null);
        if (is_null) return false;
        fields[at] = Coerce(&coercions_[at], key_->columns[at], value);
        ++at;
    }
    return true;
}

void KeyReader::PrepareForType(Oid type, int32 typmod) {
    row_ = nullptr;
    MemoryContextReset(row_context_);
    MemoryContext caller = MemoryContextSwitchTo(row_context_);
    TupleDesc row = lookup_rowtype_tupdesc_copy(type, typmod);
    int count = 0;
    for (int i = 0; i < row->natts; ++i) {
        Form_pg_attribute attribute = TupleDescAttr(row, i);
        if (attribute->attisdropped) continue;
        if (count < key_->count) {
            coercions_[count] = MakeCoercion(attribute->atttypid, key_->columns[count],
                                             table_name_, row_context_);
        }
        ++count;
    }
    if (count != key_->count) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("the key of \"%s\" has %d columns, a record among the keys has %d",
                               table_name_, key_->count, count)));
    }
    row_ = row;
    row_type_ = type;
    row_typmod_ = typmod;
    MemoryContextSwitchTo(caller);
}

}  // namespace namedex::fetch
