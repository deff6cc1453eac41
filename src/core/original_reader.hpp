// Puts the original values of one key column together, row by row: what core/value_reader.hpp does,
// for those who want many values and nothing else.
//
//     OriginalReader values(column);
//     std::string_view value;
//     if (values.Read(row, value)) …    // false: NULL; rows in ascending order are fastest
//
// Nearly all words of a column of names are frequent, and short. The forward store has those by
// rank, so their text is looked up by rank (core/ranked_texts.hpp), without their id, in a table
// whose busiest part is small, and copied in pieces of a fixed size.
#pragma once

#include <string>
#include <string_view>

#include "core/segment_reader.hpp"

namespace namedex::core {

class OriginalReader {
  public:
    explicit OriginalReader(ColumnReader& column) : column_(&column) {}

    // The view is valid until the next call.
    bool Read(RowOrdinal row, std::string_view& value);

  private:
    std::string_view PutTogether();
    std::string_view WordText(std::uint64_t number);
    void MakeRoom(std::size_t bytes);

    ColumnReader* column_;
    ForwardReader* forward_ = nullptr;  // of the column, once a row has been read
    RankedTexts* frequent_ = nullptr;
    ForwardReader::CodedRow row_;
    std::string text_;  // its size is the room there is
    std::string folded_;
};

}  // namespace namedex::core
