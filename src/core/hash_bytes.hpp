// A hash of bytes for tables in memory; never stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace namedex::core {

inline std::uint64_t MixBits(std::uint64_t a, std::uint64_t b) {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t HashBytes(std::string_view text, std::uint64_t seed) {
    std::uint64_t hash = seed ^ (text.size() * 0x9E3779B97F4A7C15u);
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= 8; left -= 8, at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        hash = MixBits(hash ^ word, 0xA0761D6478BD642Fu);
    }
    std::uint64_t tail = 0;
    if (left > 0) {
        std::memcpy(&tail, at, left);
    }
    return MixBits(hash ^ tail, 0xE7037ED1A0B428DBu);
}

// The half of a hash that is kept beside an id.
inline std::uint32_t HashBits(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace namedex::core
