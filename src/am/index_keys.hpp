/*
 * The columns of a namedex index: how a key column's values become text, how text is folded, and
 * how an INCLUDE column's values become bytes.
 *
 * Text types are indexed as they are (char(n) with its padding). Types without case are indexed as
 * one word of lower-case hexadecimal digits that sorts as the value does: integers and date/time
 * values as 64 bits with the sign bit inverted (so int2, int4 and int8 meet), uuid as its 16 bytes.
 *
 * INCLUDE columns may be of any type. A value passed by value is as many bytes, little-endian; a
 * varlena its contents, detoasted, without the header; a name or cstring its characters; anything
 * else its bytes.
 *
 * A row travels encoded: for each key column, then each INCLUDE column, varint 0 for NULL, else 1 +
 * length and the bytes.
 */
#pragma once

#include "core/condition.hpp"
#include "core/pending_index.hpp"
#include "core/row_accumulator.hpp"
#include "core/split.hpp"
#include "pg/prelude.hpp"
#include "storage/metapage.hpp"

namespace namedex::am {

// The longest value an index takes.
inline constexpr std::size_t kMaxValueBytes = std::size_t{1} << 20;

enum class KeyKind : uint8 { kText, kBpchar, kName, kInteger, kDateTime, kUuid };

// What a key column's type is to the index; throws kUnsupported for a type of a foreign opclass.
KeyKind KindOfType(Oid type);

// Appends the text of a value without case; `type` may be any type of the kind's family.
void AppendScalarText(Oid type, Datum value, std::string& out);
// The value of a text made by AppendScalarText, as a datum of `type`; not for uuid.
Datum ScalarFromText(Oid type, std::string_view text);

// The bytes of a text datum of `kind`, detoasted if need be (then in CurrentMemoryContext).
std::string_view TextOf(KeyKind kind, Datum value);

// Appends one encoded row of the index. Throws kTooLarge naming the column.
void EncodeRow(Relation index, const Datum* values, const bool* is_null, std::string& out);

class IndexKeys {
  public:
    // Refuses what cannot be indexed exactly (nondeterministic collations). Throws.
    explicit IndexKeys(Relation index);

    // Of key columns.
    std::uint32_t size() const { return static_cast<std::uint32_t>(columns_.size()); }
    const core::IncludeTypes& include_types() const { return include_types_; }
    // Of key and INCLUDE columns.
    std::uint32_t all_columns() const {
        return size() + static_cast<std::uint32_t>(include_types_.size());
    }
    KeyKind kind(std::uint32_t column) const { return columns_[column].kind; }
    Oid type(std::uint32_t column) const { return columns_[column].type; }
    Oid collation(std::uint32_t column) const { return columns_[column].collation; }
    const core::Folder& folder(std::uint32_t column) const { return *folders_[column]; }
    const std::vector<const core::Folder*>& folders() const { return folders_; }

    // What the stored folds of this index depend on (pg::FoldVersion of all text columns);
    // kMixedFolds if that is not known for one of them, so that they are looked at. 0, too, if no
    // column is text.
    storage::FoldSignature fold_version() const { return fold_version_; }
    bool has_text() const { return has_text_; }

    // Splits an encoded row's values and adds it.
    void AddRow(core::RowAccumulator& rows, core::Tid tid, std::string_view encoded);
    void AddRow(core::PendingIndex& rows, core::Tid tid, std::string_view encoded);

    // Calls visit(column, value) for every column of an encoded row; nullopt for NULL.
    template <typename Visit>
    void ReadValues(std::string_view encoded, Visit&& visit) const {
        core::ByteReader reader(reinterpret_cast<const std::uint8_t*>(encoded.data()),
                                encoded.size());
        for (std::uint32_t i = 0; i < all_columns(); ++i) {
            std::optional<std::string_view> value;
            if (const std::uint64_t bytes = reader.Varint(); bytes > 0) {
                value.emplace(reinterpret_cast<const char*>(reader.Take(bytes - 1)), bytes - 1);
            }
            visit(i, value);
        }
    }

    // The value that a column's text or bytes stand for, as a datum of the column's type: in
    // `datum` if it is passed by reference. Not for a varlena: its contents are the bytes.
    Datum Decode(std::uint32_t column, std::string_view text, std::vector<char>& datum) const;

    // Whether an encoded row satisfies all conditions.
    bool Accepts(const std::vector<core::Condition>& conditions, std::string_view encoded);

  private:
    template <typename Rows>
    void AddTo(Rows& rows, core::Tid tid, std::string_view encoded);
    Datum DecodeKey(std::uint32_t column, std::string_view text, std::vector<char>& datum) const;
    Datum DecodeInclude(std::uint32_t column, std::string_view bytes,
                        std::vector<char>& datum) const;

    struct Column {
        KeyKind kind;
        Oid type;
        Oid collation;
        std::unique_ptr<core::Splitter> splitter;
    };

    TupleDesc descriptor_;
    std::vector<Column> columns_;
    core::IncludeTypes include_types_;
    std::vector<const core::Folder*> folders_;
    storage::FoldSignature fold_version_ = 0;
    bool has_text_ = false;
    core::SplitValue split_;
    std::string folded_;
    std::vector<std::optional<std::string_view>> values_;
};

}  // namespace namedex::am
