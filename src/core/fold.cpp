#include "core/fold.hpp"

#include <cstddef>

namespace namedex::core {

Folder::~Folder() = default;

std::array<std::uint8_t, 128> AsciiLowerTable() {
    std::array<std::uint8_t, 128> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte) {
        const bool upper = byte >= 'A' && byte <= 'Z';
        table[byte] = static_cast<std::uint8_t>(upper ? byte + ('a' - 'A') : byte);
    }
    return table;
}

}  // namespace namedex::core
