#include "am/index_keys.hpp"

#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "pg/server_folder.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

namespace namedex::am {

using core::ErrorCode;

namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

std::int64_t ScalarNumber(Oid type, Datum value) {
    switch (type) {
        case INT2OID:
            return DatumGetInt16(value);
        case INT4OID:
            return DatumGetInt32(value);
        case INT8OID:
            return DatumGetInt64(value);
        case DATEOID:
            return DatumGetDateADT(value);
        case TIMESTAMPOID:
            return DatumGetTimestamp(value);
        case TIMESTAMPTZOID:
            return DatumGetTimestampTz(value);
        default:
            core::Throw(ErrorCode::kInternal, "a type has no number");
    }
}

std::uint8_t HexDigit(char c) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) {
        core::ThrowCorrupt("a stored number is not one");
    }
    return static_cast<std::uint8_t>(digit);
}

}  // namespace

KeyKind KindOfType(Oid type) {
    switch (type) {
        case TEXTOID:
        case VARCHAROID:
            return KeyKind::kText;
        case BPCHAROID:
            return KeyKind::kBpchar;
        case NAMEOID:
            return KeyKind::kName;
        case INT2OID:
        case INT4OID:
        case INT8OID:
            return KeyKind::kInteger;
        case DATEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
            return KeyKind::kDateTime;
        case UUIDOID:
            return KeyKind::kUuid;
        default:
            break;
    }
    std::string name = pg::Call([&] { return format_type_be(type); });
    core::ThrowUnsupported(
        "access method \"namedex\" does not support type " + name, {},
        "Index an expression of a supported type: text, varchar, char(n), name, smallint, integer, "
        "bigint, date, timestamp, timestamptz, or uuid.");
}

void AppendScalarText(Oid type, Datum value, std::string& out) {
    if (type == UUIDOID) {
        const unsigned char* bytes = DatumGetUUIDP(value)->data;
        for (int i = 0; i < UUID_LEN; ++i) {
            out.push_back(kHex[bytes[i] >> 4]);
            out.push_back(kHex[bytes[i] & 15]);
        }
        return;
    }
    const std::uint64_t bits = static_cast<std::uint64_t>(ScalarNumber(type, value)) ^ kSignBit;
    for (int shift = 60; shift >= 0; shift -= 4) {
        out.push_back(kHex[bits >> shift & 15]);
    }
}

Datum ScalarFromText(Oid type, std::string_view text) {
    if (text.size() != 16) {
        core::ThrowCorrupt("a stored number has a wrong length");
    }
    std::uint64_t bits = 0;
    for (const char c : text) {
        bits = bits << 4 | HexDigit(c);
    }
    const std::int64_t number = static_cast<std::int64_t>(bits ^ kSignBit);
    switch (type) {
        case INT2OID:
            return Int16GetDatum(static_cast<int16>(number));
        case INT4OID:
            return Int32GetDatum(static_cast<int32>(number));
        case DATEOID:
            return DateADTGetDatum(static_cast<DateADT>(number));
        case INT8OID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
            return Int64GetDatum(number);
        default:
            core::Throw(ErrorCode::kInternal, "a type has no number");
    }
}

std::string_view TextOf(KeyKind kind, Datum value) {
    if (kind == KeyKind::kName) {
        return NameStr(*DatumGetName(value));
    }
    auto* text = reinterpret_cast<varlena*>(DatumGetPointer(value));
    if (VARATT_IS_EXTERNAL(text) || VARATT_IS_COMPRESSED(text)) {
        text = pg::Call([&] { return pg_detoast_datum(text); });
    }
    return {VARDATA_ANY(text), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(text))};
}

namespace {

void CheckSize(Relation index, int column, std::size_t size) {
    if (size > kMaxValueBytes) {
        core::ThrowTooLarge(
            "value of " + std::to_string(size) + " bytes in column \"" +
                NameStr(TupleDescAttr(RelationGetDescr(index), column)->attname) +
                "\" is too large for index \"" + RelationGetRelationName(index) + "\"",
            "The limit is " + std::to_string(kMaxValueBytes) + " bytes.",
            column < IndexRelationGetNumberOfKeyAttributes(index)
                ? "Index an expression that shortens the value, such as left(value, 1000)."
                : "Leave the column out of INCLUDE.");
    }
}

// The bytes of an INCLUDE column's value, detoasted if need be (then in CurrentMemoryContext), or
// in `number`.
std::string_view BytesOf(const FormData_pg_attribute& column, Datum value, char* number) {
    if (column.attbyval) {
        for (int i = 0; i < column.attlen; ++i) {
            number[i] = static_cast<char>(value >> 8 * i);
        }
        return {number, static_cast<std::size_t>(column.attlen)};
    }
    if (column.attlen == -1) {
        return TextOf(KeyKind::kText, value);
    }
    const char* bytes = DatumGetPointer(value);
    if (column.attlen == -2 || column.atttypid == NAMEOID) {
        return bytes;
    }
    return {bytes, static_cast<std::size_t>(column.attlen)};
}

core::IncludeType IncludeTypeOf(const FormData_pg_attribute& column) {
    if (column.attbyval) {
        return {core::IncludeKind::kNumber, static_cast<std::uint8_t>(column.attlen)};
    }
    char category = TYPCATEGORY_INVALID;
    bool preferred;
    pg::Call([&] { get_type_category_preferred(column.atttypid, &category, &preferred); });
    return {category == TYPCATEGORY_STRING ? core::IncludeKind::kText : core::IncludeKind::kBytes,
            0};
}

}  // namespace

void EncodeRow(Relation index, const Datum* values, const bool* is_null, std::string& out) {
    const int columns = IndexRelationGetNumberOfKeyAttributes(index);
    for (int i = 0; i < columns; ++i) {
        if (is_null[i]) {
            core::PutVarint(out, 0);
            continue;
        }
        const Oid type = index->rd_opcintype[i];
        const KeyKind kind = KindOfType(type);
        if (kind == KeyKind::kInteger || kind == KeyKind::kDateTime || kind == KeyKind::kUuid) {
            core::PutVarint(out, (kind == KeyKind::kUuid ? 32 : 16) + 1);
            AppendScalarText(type, values[i], out);
            continue;
        }
        const std::string_view text = TextOf(kind, values[i]);
        CheckSize(index, i, text.size());
        core::PutVarint(out, text.size() + 1);
        out.append(text);
    }
    for (int i = columns; i < IndexRelationGetNumberOfAttributes(index); ++i) {
        if (is_null[i]) {
            core::PutVarint(out, 0);
            continue;
        }
        char number[sizeof(Datum)];
        const std::string_view bytes =
            BytesOf(*TupleDescAttr(RelationGetDescr(index), i), values[i], number);
        CheckSize(index, i, bytes.size());
        core::PutVarint(out, bytes.size() + 1);
        out.append(bytes);
    }
}

IndexKeys::IndexKeys(Relation index) : descriptor_(RelationGetDescr(index)) {
    const int columns = IndexRelationGetNumberOfKeyAttributes(index);
    bool all_known = true;  // the versions of what folds
    for (int i = 0; i < columns; ++i) {
        Column column;
        column.type = index->rd_opcintype[i];
        column.kind = KindOfType(column.type);
        column.collation = index->rd_indcollation[i];
        const bool text = column.kind == KeyKind::kText || column.kind == KeyKind::kBpchar ||
                          column.kind == KeyKind::kName;
        if (text) {
            if (!OidIsValid(column.collation)) {
                column.collation = DEFAULT_COLLATION_OID;
            }
            const bool deterministic = pg::Call(
                [&] { return static_cast<bool>(get_collation_isdeterministic(column.collation)); });
            if (!deterministic) {
                const char* collation =
                    pg::Call([&] { return get_collation_name(column.collation); });
                core::ThrowUnsupported(
                    "access method \"namedex\" does not support nondeterministic collations",
                    std::string("Column \"") +
                        NameStr(TupleDescAttr(RelationGetDescr(index), i)->attname) +
                        "\" has collation \"" + (collation != nullptr ? collation : "?") + "\".",
                    "Use a deterministic collation in the index and in the query, for example "
                    "COLLATE \"C\".");
            }
            folders_.push_back(&pg::FolderOf(column.collation));
            has_text_ = true;
            const std::optional<std::uint64_t> version = pg::FoldVersion(column.collation);
            all_known = all_known && version.has_value();
            fold_version_ = fold_version_ * 0x9E3779B97F4A7C15u + version.value_or(0);
        } else {
            folders_.push_back(&pg::IdentityFolder());
        }
        column.splitter = std::make_unique<core::Splitter>(*folders_.back());
        columns_.push_back(std::move(column));
    }
    for (int i = columns; i < IndexRelationGetNumberOfAttributes(index); ++i) {
        include_types_.push_back(IncludeTypeOf(*TupleDescAttr(descriptor_, i)));
    }
    if (!all_known) {
        fold_version_ = storage::kMixedFolds;
    }
}

namespace {

void MakeName(std::string_view text, std::vector<char>& datum) {
    if (text.size() >= NAMEDATALEN) {
        core::ThrowCorrupt("a stored name is too long");
    }
    datum.assign(NAMEDATALEN, '\0');
    memcpy(datum.data(), text.data(), text.size());
}

}  // namespace

Datum IndexKeys::Decode(std::uint32_t column, std::string_view text,
                        std::vector<char>& datum) const {
    return column < size() ? DecodeKey(column, text, datum) : DecodeInclude(column, text, datum);
}

Datum IndexKeys::DecodeInclude(std::uint32_t column, std::string_view bytes,
                               std::vector<char>& datum) const {
    const FormData_pg_attribute& attribute = *TupleDescAttr(descriptor_, column);
    if (attribute.attlen == -2) {
        datum.assign(bytes.begin(), bytes.end());
        datum.push_back('\0');
    } else if (attribute.atttypid == NAMEOID) {
        MakeName(bytes, datum);
    } else if (bytes.size() != static_cast<std::size_t>(attribute.attlen)) {
        core::ThrowCorrupt("a stored value has a wrong length");
    } else if (attribute.attbyval) {
        // As fetch_att has it: as wide as a datum, with the sign.
        return static_cast<Datum>(
            core::LoadNumber(bytes.data(), static_cast<unsigned>(attribute.attlen)));
    } else {
        datum.assign(bytes.begin(), bytes.end());
    }
    return PointerGetDatum(datum.data());
}

Datum IndexKeys::DecodeKey(std::uint32_t column, std::string_view text,
                           std::vector<char>& datum) const {
    switch (kind(column)) {
        case KeyKind::kInteger:
        case KeyKind::kDateTime:
            return ScalarFromText(type(column), text);
        case KeyKind::kUuid:
            if (text.size() != 2 * UUID_LEN) {
                core::ThrowCorrupt("a stored uuid has a wrong length");
            }
            datum.resize(UUID_LEN);
            for (std::size_t i = 0; i < UUID_LEN; ++i) {
                datum[i] =
                    static_cast<char>(HexDigit(text[2 * i]) << 4 | HexDigit(text[2 * i + 1]));
            }
            break;
        case KeyKind::kName:
            MakeName(text, datum);
            break;
        case KeyKind::kText:
        case KeyKind::kBpchar:
            core::Throw(ErrorCode::kInternal, "a text needs no decoding");
    }
    return PointerGetDatum(datum.data());
}

template <typename Rows>
void IndexKeys::AddTo(Rows& rows, core::Tid tid, std::string_view encoded) {
    rows.AddRow(tid);
    ReadValues(encoded, [&](std::uint32_t i, const std::optional<std::string_view>& value) {
        if (i >= size()) {
            auto& to = rows.include(i - size());
            value ? to.Add(*value) : to.AddNull();
            return;
        }
        auto& to = rows.column(i);
        if (!value) {
            to.AddNull();
            return;
        }
        columns_[i].splitter->Split(*value, split_);
        if (split_.opaque) {
            to.AddOpaque(*value, split_.folded_value);
        } else {
            to.AddRegular(split_.words, split_.shape);
        }
    });
}

void IndexKeys::AddRow(core::RowAccumulator& rows, core::Tid tid, std::string_view encoded) {
    AddTo(rows, tid, encoded);
}

void IndexKeys::AddRow(core::PendingIndex& rows, core::Tid tid, std::string_view encoded) {
    AddTo(rows, tid, encoded);
}

bool IndexKeys::Accepts(const std::vector<core::Condition>& conditions, std::string_view encoded) {
    values_.resize(columns_.size());
    ReadValues(encoded, [this](std::uint32_t i, const std::optional<std::string_view>& value) {
        if (i < size()) {
            values_[i] = value;
        }
    });
    for (const core::Condition& condition : conditions) {
        const std::optional<std::string_view>& value = values_[condition.column];
        if (value && condition.NeedsFold()) {
            folders_[condition.column]->FoldFast(*value, folded_);
        }
        if (!condition.Accepts(!value, value.value_or(std::string_view()), folded_)) {
            return false;
        }
    }
    return true;
}

}  // namespace namedex::am
