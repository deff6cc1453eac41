// How many bits are set.
//
// The baseline instruction set has no population count, so the builtin would be a call: for single
// words there is plain arithmetic. For many, the instruction is used where the machine has it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace namedex::core {

inline std::uint32_t CountBits(std::uint64_t bits) {
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return static_cast<std::uint32_t>(bits * 0x0101010101010101u >> 56);
}

std::uint64_t CountBits(const std::uint64_t* words, std::size_t count);

}  // namespace namedex::core
