#include "core/substring.hpp"

#include <cstring>
#include <utility>

#include "core/error.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace namedex::core {

namespace {

// Where the needle can start: [0, size - needle + 1).
std::size_t PositionCount(std::size_t size, const std::string& needle) {
    return size < needle.size() ? 0 : size - needle.size() + 1;
}

// Marks positions [from, positions), from a multiple of 64, and clears the rest of the bitmap.
bool MarkFrom(std::size_t from, const char* text, std::size_t size, const std::string& needle,
              std::uint64_t* bits) {
    const std::size_t positions = PositionCount(size, needle);
    bool found = false;
    for (std::size_t word = from / 64; word < SubstringSearch::BitmapWords(size); ++word) {
        bits[word] = 0;
        for (std::size_t at = word * 64; at < word * 64 + 64 && at < positions; ++at) {
            if (text[at] == needle[0] &&
                std::memcmp(text + at, needle.data(), needle.size()) == 0) {
                bits[word] |= std::uint64_t{1} << (at % 64);
                found = true;
            }
        }
    }
    return found;
}

bool MarkPortable(const char* text, std::size_t size, const std::string& needle,
                  std::uint64_t* bits) {
    return MarkFrom(0, text, size, needle, bits);
}

#if defined(__x86_64__)

// Of the 64 positions that start at `text`, keeps the candidates where all of the needle stands.
inline std::uint64_t Confirm(const char* text, const std::string& needle,
                             std::uint64_t candidates) {
    std::uint64_t confirmed = 0;
    for (; candidates != 0; candidates &= candidates - 1) {
        const int at = __builtin_ctzll(candidates);
        if (std::memcmp(text + at + 1, needle.data() + 1, needle.size() - 2) == 0) {
            confirmed |= candidates & -candidates;
        }
    }
    return confirmed;
}

// The two kernels differ only in their instructions. Each takes whole groups of 64 positions; the
// last, partial group is looked at through the 64 positions that end where the text does, so
// nothing past it is loaded. A text of fewer than 64 positions is left to the portable kernel.

// The positions, of 64, where `first` stands and `second` stands `distance` bytes further on.
inline std::uint64_t PairSse2(const char* text, __m128i first, std::size_t distance,
                              __m128i second) {
    std::uint64_t mask = 0;
    for (int part = 0; part < 4; ++part, text += 16) {
        const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
        const __m128i there = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + distance));
        const __m128i both =
            _mm_and_si128(_mm_cmpeq_epi8(here, first), _mm_cmpeq_epi8(there, second));
        mask |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(both))} << (16 * part);
    }
    return mask;
}

bool MarkSse2(const char* text, std::size_t size, const std::string& needle, std::uint64_t* bits) {
    const std::size_t positions = PositionCount(size, needle);
    if (positions < 64) {
        return MarkPortable(text, size, needle, bits);
    }
    const std::size_t last = needle.size() - 1;
    const std::size_t middle = needle.size() / 2;
    const __m128i first_byte = _mm_set1_epi8(needle[0]);
    const __m128i middle_byte = _mm_set1_epi8(needle[middle]);
    const __m128i last_byte = _mm_set1_epi8(needle[last]);
    const std::size_t words = SubstringSearch::BitmapWords(size);
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < words; ++word) {
        std::uint64_t found = 0;
        if (word * 64 < positions) {
            const std::size_t at = word * 64 + 64 <= positions ? word * 64 : positions - 64;
            found = PairSse2(text + at, first_byte, last, last_byte);
            if (found != 0 && last > 1) {
                found &= PairSse2(text + at, first_byte, middle, middle_byte);
            }
            if (found != 0 && last > 2) {
                found = Confirm(text + at, needle, found);
            }
            found >>= word * 64 - at;
        }
        bits[word] = found;
        any |= found;
    }
    return any != 0;
}

__attribute__((target("avx2"))) inline std::uint64_t PairAvx2(const char* text, __m256i first,
                                                              std::size_t distance,
                                                              __m256i second) {
    std::uint64_t mask = 0;
    for (int part = 0; part < 2; ++part, text += 32) {
        const __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
        const __m256i there = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + distance));
        const __m256i both =
            _mm256_and_si256(_mm256_cmpeq_epi8(here, first), _mm256_cmpeq_epi8(there, second));
        mask |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(both))}
                << (32 * part);
    }
    return mask;
}

__attribute__((target("avx2"))) bool MarkAvx2(const char* text, std::size_t size,
                                              const std::string& needle, std::uint64_t* bits) {
    const std::size_t positions = PositionCount(size, needle);
    if (positions < 64) {
        return MarkPortable(text, size, needle, bits);
    }
    const std::size_t last = needle.size() - 1;
    const std::size_t middle = needle.size() / 2;
    const __m256i first_byte = _mm256_set1_epi8(needle[0]);
    const __m256i middle_byte = _mm256_set1_epi8(needle[middle]);
    const __m256i last_byte = _mm256_set1_epi8(needle[last]);
    const std::size_t words = SubstringSearch::BitmapWords(size);
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < words; ++word) {
        std::uint64_t found = 0;
        if (word * 64 < positions) {
            const std::size_t at = word * 64 + 64 <= positions ? word * 64 : positions - 64;
            found = PairAvx2(text + at, first_byte, last, last_byte);
            if (found != 0 && last > 1) {
                found &= PairAvx2(text + at, first_byte, middle, middle_byte);
            }
            if (found != 0 && last > 2) {
                found = Confirm(text + at, needle, found);
            }
            found >>= word * 64 - at;
        }
        bits[word] = found;
        any |= found;
    }
    return any != 0;
}

bool HasAvx2() {
    static const bool has = __builtin_cpu_supports("avx2");
    return has;
}

#endif

}  // namespace

bool KernelAvailable(SubstringKernel kernel) {
#if defined(__x86_64__)
    return kernel != SubstringKernel::kAvx2 || HasAvx2();
#else
    return kernel == SubstringKernel::kPortable;
#endif
}

SubstringKernel BestKernel() {
    for (const SubstringKernel kernel : {SubstringKernel::kAvx2, SubstringKernel::kSse2}) {
        if (KernelAvailable(kernel)) {
            return kernel;
        }
    }
    return SubstringKernel::kPortable;
}

SubstringSearch::SubstringSearch(std::string needle, SubstringKernel kernel)
    : needle_(std::move(needle)), mark_(&MarkPortable) {
    if (needle_.empty()) {
        ThrowInternal("a substring search needs a needle");
    }
#if defined(__x86_64__)
    if (kernel == SubstringKernel::kAvx2 && HasAvx2()) {
        mark_ = &MarkAvx2;
    } else if (kernel != SubstringKernel::kPortable) {
        mark_ = &MarkSse2;
    }
#else
    static_cast<void>(kernel);
#endif
}

}  // namespace namedex::core
