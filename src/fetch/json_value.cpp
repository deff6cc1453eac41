#include "fetch/json_value.hpp"

extern "C" {
#include "common/jsonapi.h"
#include "parser/parse_coerce.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
}

namespace namedex::fetch {

namespace {

bool HasCastToJson(Oid type) {
    Oid function;
    // As to_json: the server's own types have no such cast, so they are not asked.
    return type >= FirstNormalObjectId &&
           find_coercion_pathway(JSONOID, type, COERCION_EXPLICIT, &function) == COERCION_PATH_FUNC;
}

JsonType::Kind KindOf(Oid type) {
    using Kind = JsonType::Kind;
    switch (type) {
        case BOOLOID: return Kind::kBool;
        case INT2OID: return Kind::kInt16;
        case INT4OID: return Kind::kInt32;
        case INT8OID: return Kind::kInt64;
        case FLOAT4OID:
        case FLOAT8OID:
        case NUMERICOID: return Kind::kNumber;
        case DATEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID: return Kind::kDateTime;
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID: return Kind::kText;
        case JSONOID:
        case JSONBOID: return Kind::kJson;
        case ANYARRAYOID:
        case RECORDARRAYOID: return Kind::kToJson;
        default: break;
    }
    if (OidIsValid(get_element_type(type)) || type_is_rowtype(type) || HasCastToJson(type)) {
        return Kind::kToJson;
    }
    return Kind::kOutput;
}

void AppendText(StringInfo out, Datum value) {
    text* packed = DatumGetTextPP(value);
    AppendJsonString(out, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
}

}  // namespace

JsonType MakeJsonType(Oid type, MemoryContext context) {
    JsonType made;
    made.type = getBaseType(type);
    made.kind = KindOf(made.type);
    if (made.kind == JsonType::Kind::kToJson) {
        fmgr_info_cxt(F_TO_JSON, &made.function, context);
        // to_json is polymorphic: it asks the call's expression for the type of its argument.
        MemoryContext caller = MemoryContextSwitchTo(context);
        Node* argument = reinterpret_cast<Node*>(makeNullConst(made.type, -1, InvalidOid));
        made.function.fn_expr = reinterpret_cast<Node*>(
            makeFuncExpr(F_TO_JSON, JSONOID, list_make1(argument), InvalidOid, InvalidOid,
                         COERCE_EXPLICIT_CALL));
        MemoryContextSwitchTo(caller);
    } else {
        Oid output;
        bool is_varlena;
        getTypeOutputInfo(made.type, &output, &is_varlena);
        fmgr_info_cxt(output, &made.function, context);
    }
    return made;
}

void AppendJson(StringInfo out, JsonType& type, Datum value) {
    char digits[MAXINT8LEN + 1];
    switch (type.kind) {
        case JsonType::Kind::kBool:
            appendStringInfoString(out, DatumGetBool(value) ? "true" : "false");
            break;
        case JsonType::Kind::kInt16:
            appendBinaryStringInfo(out, digits, pg_ltoa(DatumGetInt16(value), digits));
            break;
        case JsonType::Kind::kInt32:
            appendBinaryStringInfo(out, digits, pg_ltoa(DatumGetInt32(value), digits));
            break;
        case JsonType::Kind::kInt64:
            appendBinaryStringInfo(out, digits, pg_lltoa(DatumGetInt64(value), digits));
            break;
        case JsonType::Kind::kNumber: {
            const char* number = OutputFunctionCall(&type.function, value);
            const int size = static_cast<int>(strlen(number));
            if (IsValidJsonNumber(number, size)) {
                appendBinaryStringInfo(out, number, size);
            } else {
                AppendJsonString(out, number, static_cast<Size>(size));  // NaN, Infinity
            }
            break;
        }
        case JsonType::Kind::kDateTime: {
            char text[MAXDATELEN + 1];
            JsonEncodeDateTime(text, value, type.type, nullptr);
            AppendJsonString(out, text, strlen(text));
            break;
        }
        case JsonType::Kind::kText:
            AppendText(out, value);
            break;
        case JsonType::Kind::kJson:
            appendStringInfoString(out, OutputFunctionCall(&type.function, value));
            break;
        case JsonType::Kind::kOutput: {
            const char* text = OutputFunctionCall(&type.function, value);
            AppendJsonString(out, text, strlen(text));
            break;
        }
        case JsonType::Kind::kToJson: {
            text* packed = DatumGetTextPP(FunctionCall1(&type.function, value));
            appendBinaryStringInfo(out, VARDATA_ANY(packed),
                                   static_cast<int>(VARSIZE_ANY_EXHDR(packed)));
            break;
        }
    }
}

void AppendJsonString(StringInfo out, const char* bytes, Size size) {
    appendStringInfoCharMacro(out, '"');
    // All encodings of a server keep ASCII bytes out of their longer characters.
    Size plain = 0;
    for (Size i = 0; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        if (byte >= ' ' && byte != '"' && byte != '\\') continue;
        appendBinaryStringInfo(out, bytes + plain, static_cast<int>(i - plain));
        plain = i + 1;
        switch (byte) {
            case '\b': appendStringInfoString(out, "\\b"); break;
            case '\f': appendStringInfoString(out, "\\f"); break;
            case '\n': appendStringInfoString(out, "\\n"); break;
            case '\r': appendStringInfoString(out, "\\r"); break;
            case '\t': appendStringInfoString(out, "\\t"); break;
            case '"': appendStringInfoString(out, "\\\""); break;
            case '\\': appendStringInfoString(out, "\\\\"); break;
            default: appendStringInfo(out, "\\u%04x", byte); break;
        }
    }
    appendBinaryStringInfo(out, bytes + plain, static_cast<int>(size - plain));
    appendStringInfoCharMacro(out, '"');
}

}  // namespace namedex::fetch
