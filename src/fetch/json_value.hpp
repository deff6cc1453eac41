/*
 * The JSON of one value, as to_json gives it.
 *
 * Numbers, booleans, dates and texts are written directly; what has a structure (arrays, composite
 * values, ranges are not among them) and what has a cast to json of its own goes through the
 * server's to_json. A domain is written as its base type.
 *
 *     JsonType type = MakeJsonType(DATEOID, context);
 *     AppendJson(&out, type, value);          // "2024-02-29"
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::fetch {

/** How values of one type become JSON. Plain data; lives as long as its context. */
struct JsonType {
    enum class Kind : uint8 {
        kBool,
        kInt16,
        kInt32,
        kInt64,
        kNumber,      // a number as its output function writes it, a string where JSON has none
        kDateTime,    // ISO 8601 whatever DateStyle says
        kText,        // binary compatible with text
        kJson,        // JSON already
        kOutput,      // its output function, as a string
        kToJson,      // the server's to_json
    };
    Kind kind;
    Oid type;           // the base type
    FmgrInfo function;  // the output function, or to_json
};

/** May ereport. */
JsonType MakeJsonType(Oid type, MemoryContext context);

/** Appends the JSON of a value that is not NULL. Leaves garbage in CurrentMemoryContext; may ereport. */
void AppendJson(StringInfo out, JsonType& type, Datum value);

/** Appends a string in quotes, escaped as to_json does. */
void AppendJsonString(StringInfo out, const char* bytes, Size size);

}  // namespace namedex::fetch
