// What an INCLUDE column holds, as far as its storage cares: NULL or a byte string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"

namespace namedex::core {

enum class IncludeKind : std::uint8_t {
    kNumber,  // exactly `width` bytes, little-endian, a signed integer
    kText,    // bytes that tend to share their beginnings
    kBytes,   // any others
};

struct IncludeType {
    IncludeKind kind = IncludeKind::kBytes;
    std::uint8_t width = 0;  // of kNumber 1, 2, 4 or 8; else 0

    friend bool operator==(IncludeType a, IncludeType b) {
        return a.kind == b.kind && a.width == b.width;
    }
    friend bool operator!=(IncludeType a, IncludeType b) { return !(a == b); }
};

using IncludeTypes = std::vector<IncludeType>;

inline constexpr std::size_t kMaxIncludeBytes = std::size_t{64} << 20;

constexpr bool IsSound(IncludeType type) {
    return type.kind == IncludeKind::kNumber
               ? type.width == 1 || type.width == 2 || type.width == 4 || type.width == 8
               : type.kind <= IncludeKind::kBytes && type.width == 0;
}

// The number in the `width` bytes at `from`, 1, 2, 4 or 8.
inline std::int64_t LoadNumber(const void* from, unsigned width) {
    switch (width) {
        case 1:
            return LoadLe<std::int8_t>(from);
        case 2:
            return LoadLe<std::int16_t>(from);
        case 4:
            return LoadLe<std::int32_t>(from);
        default:
            return LoadLe<std::int64_t>(from);
    }
}

}  // namespace namedex::core
