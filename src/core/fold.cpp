#include "core/fold.hpp"

#include <algorithm>
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

bool Folder::KeepsWithin(std::string_view text) const {
    return context_free || (ascii_words_safe && std::all_of(text.begin(), text.end(), [](char c) {
                                return static_cast<unsigned char>(c) < 0x80;
                            }));
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
