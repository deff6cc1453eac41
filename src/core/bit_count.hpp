// How many bits of a word are set, in plain arithmetic: the baseline instruction set has no
// population count, so the builtin would be a call, and loops over this one are vectorised.
#pragma once

#include <cstdint>

namespace namedex::core {

inline std::uint32_t CountBits(std::uint64_t bits) {
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return static_cast<std::uint32_t>(bits * 0x0101010101010101u >> 56);
}

}  // namespace namedex::core
