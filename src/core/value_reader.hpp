// Rebuilds the values of one key column, row by row, from the forward store.
//
//     ValueReader values(column);
//     if (values.Load(row) == ForwardReader::kRegular) use(values.Original());
//
// Words repeat, so their text comes from the column's cache. Rows in ascending order are fastest.
#pragma once

#include <string>
#include <string_view>

#include "core/segment_reader.hpp"

namespace namedex::core {

class ValueReader {
  public:
    explicit ValueReader(ColumnReader& column) : column_(&column) {}

    // Goes to a row; the views below are of this row, until the next Load.
    ForwardReader::Kind Load(RowOrdinal row);

    // The row's value, unless it is NULL.
    std::string_view Original();
    std::string_view Folded();

    // What the row is made of, for a regular value.
    const ForwardReader::Row& row() const { return row_; }
    std::string_view shape() { return column_->forward().ShapeText(row_.shape); }

  private:
    void Rebuild(bool folded, std::string& out);
    void ReadOpaque();

    ColumnReader* column_;
    ForwardReader::Row row_;
    bool have_original_ = false;
    bool have_folded_ = false;
    std::string original_;
    std::string folded_;
};

}  // namespace namedex::core
