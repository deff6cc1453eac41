// Naive twin of core/include_reader: the values of an INCLUDE column, row by row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/include_reader.hpp"
#include "core/include_type.hpp"

namespace namedex::reference {

struct NaiveInclude {
    core::IncludeType type;
    std::vector<std::optional<std::string>> rows;
};

// A number's bytes, one by one.
inline std::string NumberBytes(std::int64_t number, unsigned width) {
    std::string bytes;
    for (unsigned i = 0; i < width; ++i) {
        bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> 8 * i);
    }
    return bytes;
}

// What is wrong about a row's value as it is read; empty if nothing is.
inline std::string FaultInRow(core::IncludeReader& reader, const NaiveInclude& include,
                              std::uint32_t row) {
    std::string_view value;
    const std::optional<std::string>& wanted = include.rows[row];
    if (reader.Read(row, value) != wanted.has_value() || (wanted && value != *wanted)) {
        return "another value in row " + std::to_string(row);
    }
    if (include.type.kind == core::IncludeKind::kNumber) {
        std::int64_t number = 0;
        if (reader.ReadNumber(row, number) != wanted.has_value() ||
            (wanted && NumberBytes(number, 8).substr(0, include.type.width) != *wanted) ||
            (wanted && number != core::LoadNumber(wanted->data(), include.type.width))) {
            return "another number in row " + std::to_string(row);
        }
    }
    return "";
}

// In all rows, ascending.
inline std::string FaultInInclude(core::IncludeReader& reader, const NaiveInclude& include) {
    if (reader.type() != include.type || reader.row_count() != include.rows.size()) {
        return "another type or number of rows";
    }
    for (std::uint32_t row = 0; row < include.rows.size(); ++row) {
        if (std::string fault = FaultInRow(reader, include, row); !fault.empty()) {
            return fault;
        }
    }
    return "";
}

}  // namespace namedex::reference
