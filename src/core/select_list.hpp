// The select list of the fetch functions: which columns and relationships of a row are wanted, in
// PostgREST's notation.
//
//     list          :=  item (',' item)*
//     item          :=  '*'  |  [alias ':'] column  |  [alias ':'] relationship '(' list ')'
//     relationship  :=  name ['!' constraint]
//
// Alias, column, name and constraint are identifiers: one or more of letters, digits, '_', '$' and
// bytes >= 0x80, or anything but nothing in '"', with '""' for a '"' and without NUL.
//
//     id, last_name, home:hospital(id, name), visits!visits_patient_fkey(*)
//
// White space around tokens is ignored. An identifier is what it is written as: nothing is folded.
// The text may be in any encoding in which a byte below 0x80 is a whole character, as in all of
// the server's.
//
// The parser knows no table: whether a name is there, and whether two items of a list have one
// output name, is for its caller to find out. Its memory is bounded by the length of the text and
// kMostSelectItems, its recursion by kDeepestRelationship, its time is linear.
//
// An error says where: the first place, read from the left, at which the text cannot be continued
// to a list, or at which syntax of PostgREST begins that is not supported:
//
//     rel!inner(…)   rel!left(…)   rel!constraint!inner(…)       at the '!'
//     column::type   column->…   column->>…                      at the ':' or '-'
//     column.sum()   (or avg, count, max, min)                   at the '.'
//     count()                                                    at the name
//     ...rel(…)                                                  at the first '.'
//
// These words are only meant where they are not quoted: rel!"inner"(id) names a constraint.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace namedex::core {

// Relationships within one another. The depth of a list is one more: 1 for the outermost.
inline constexpr std::size_t kDeepestRelationship = 8;

// Items of a list, those of the lists in it included. It bounds the memory of a list: an item of
// two bytes takes some 150 when it is parsed. A table has at most 1600 columns.
inline constexpr std::size_t kMostSelectItems = 65536;

struct SelectItem {
    enum class Kind { kColumn, kAllColumns, kRelationship };

    Kind kind = Kind::kColumn;
    std::string alias;              // empty: none
    std::string name;               // of the column or relationship; empty for kAllColumns
    std::string constraint;         // behind '!'; empty: none
    std::vector<SelectItem> items;  // of a relationship: its list, never empty
    std::size_t position = 0;       // of the name (its quote) or '*' in the text, in bytes from 0

    const std::string& output_name() const { return alias.empty() ? name : alias; }
};

using SelectList = std::vector<SelectItem>;

// A list that cannot be parsed. The message does not say where: the caller does, in characters.
class SelectListError : public Error {
  public:
    SelectListError(ErrorCode code, std::size_t position, std::string message,
                    std::string hint = {})
        : Error(code, std::move(message), {}, std::move(hint)), position_(position) {}

    // Syntax of PostgREST that is not supported, 0A000; if false, a syntax error, 42601.
    bool unsupported() const noexcept { return code() == ErrorCode::kUnsupported; }

    // Of the offending place, in bytes from 0; the length of the text if something is missing at
    // its end. What an open quote begins with is where it is offending.
    std::size_t position() const noexcept { return position_; }

  private:
    std::size_t position_;
};

// Throws SelectListError. Never empty.
SelectList ParseSelectList(std::string_view text);

// `relationship` or `relationship!constraint`, as in a list; the item has no items of its own.
// Throws SelectListError.
SelectItem ParseRelationshipName(std::string_view text);

}  // namespace namedex::core
