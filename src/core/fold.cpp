#include "core/fold.hpp"

#include <cstddef>

namespace namedex::core {

Folder::~Folder() = default;

void Folder::FoldFast(std::string_view in, std::string& out) const {
    if (ascii_bytewise) {
        out.resize(in.size());
        std::size_t i = 0;
        for (; i < in.size() && static_cast<unsigned char>(in[i]) < 0x80; ++i) {
            out[i] = static_cast<char>(ascii_fold[static_cast<unsigned char>(in[i])]);
        }
        if (i == in.size()) {
            return;
        }
    }
    Fold(in, out);
}

std::array<std::uint8_t, 128> AsciiLowerTable() {
    std::array<std::uint8_t, 128> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte) {
        const bool upper = byte >= 'A' && byte <= 'Z';
        table[byte] = static_cast<std::uint8_t>(upper ? byte + ('a' - 'A') : byte);
    }
    return table;
}

}  // namespace namedex::core
