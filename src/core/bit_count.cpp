#include "core/bit_count.hpp"

namespace namedex::core {

namespace {

std::uint64_t CountPlain(const std::uint64_t* words, std::size_t count) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < count; ++i) {
        bits += CountBits(words[i]);
    }
    return bits;
}

#if defined(__x86_64__)

// Four sums, so that no instruction waits for the one before.
__attribute__((target("popcnt"))) std::uint64_t CountPopcnt(const std::uint64_t* words,
                                                            std::size_t count) {
    std::uint64_t bits[4] = {};
    std::size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (std::size_t k = 0; k < 4; ++k) {
            bits[k] += static_cast<std::uint64_t>(__builtin_popcountll(words[i + k]));
        }
    }
    for (; i < count; ++i) {
        bits[0] += static_cast<std::uint64_t>(__builtin_popcountll(words[i]));
    }
    return bits[0] + bits[1] + bits[2] + bits[3];
}

#endif

}  // namespace

std::uint64_t CountBits(const std::uint64_t* words, std::size_t count) {
#if defined(__x86_64__)
    static const bool has_popcnt = __builtin_cpu_supports("popcnt");
    if (has_popcnt) {
        return CountPopcnt(words, count);
    }
#endif
    return CountPlain(words, count);
}

}  // namespace namedex::core
