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
            if (text[at] == needle[0] && std::memcmp(text + at, needle.data(), needle.size()) == 0) {
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
inline std::uint64_t Confirm(const char* text, const std::string& needle, std::uint64_t candidates) {
    std::uint64_t confirmed = 0;
    for (; candidates != 0; candidates &= candidates - 1) {
        const int at = __builtin_ctzll(candidates);
        if (std::memcmp(text + at + 1, needle.data() + 1, needle.size() - 2) == 0) {
            confirmed |= candidates & -candidates;
        }
    }
    return confirmed;
}

// The two kernels differ only in their instructions. Each takes whole groups of 64 positions; the last, partial
// group is looked at through the 64 positions that end where the text does, so nothing past it is loaded.
// A text of fewer than 64 positions is left to the portable kernel.

inline std::uint64_t EqualSse2(const char* text, __m128i byte) {
    std::uint64_t mask = 0;
    for (int part = 0; part < 4; ++part) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16 * part));
        const auto equal = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, byte)));
        mask |= std::uint64_t{equal} << (16 * part);
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
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < SubstringSearch::BitmapWords(size); ++word) {
        std::uint64_t found = 0;
        if (word * 64 < positions) {
            const std::size_t at = word * 64 + 64 <= positions ? word * 64 : positions - 64;
            found = EqualSse2(text + at, first_byte) & EqualSse2(text + at + last, last_byte);
            if (needle.size() > 2) {
                found &= EqualSse2(text + at + middle, middle_byte);
            }
            if (needle.size() > 3 && found != 0) {
                found = Confirm(text + at, needle, found);
            }
            found >>= word * 64 - at;
        }
        bits[word] = found;
        any |= found;
    }
    return any != 0;
}

__attribute__((target("avx2"))) inline std::uint64_t EqualAvx2(const char* text, __m256i byte) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32));
    const auto low_mask =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, byte)));
    const auto high_mask =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, byte)));
    return low_mask | std::uint64_t{high_mask} << 32;
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
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < SubstringSearch::BitmapWords(size); ++word) {
        std::uint64_t found = 0;
        if (word * 64 < positions) {
            const std::size_t at = word * 64 + 64 <= positions ? word * 64 : positions - 64;
            found = EqualAvx2(text + at, first_byte) & EqualAvx2(text + at + last, last_byte);
            if (needle.size() > 2) {
                found &= EqualAvx2(text + at + middle, middle_byte);
            }
            if (needle.size() > 3 && found != 0) {
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
