// What the bytes of a short text are, as bit masks: bit i tells about byte i, for up to 64 bytes at
// once.
//
// Nothing outside the text is read: a remainder of less than 16 bytes is loaded as two overlapping
// halves. namespace portable has the same functions byte by byte, for other processors and as the
// reference of the tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace namedex::core {

inline constexpr std::size_t kMaskBytes = 64;

namespace portable {

// `size` <= kMaskBytes in all of these.
inline std::uint64_t EqualMask(const char* text, std::size_t size, char byte) {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < size; ++i) {
        mask |= static_cast<std::uint64_t>(text[i] == byte) << i;
    }
    return mask;
}

// Bytes that belong to words: ASCII letters, digits and bytes >= 0x80.
inline std::uint64_t WordMask(const char* text, std::size_t size) {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const unsigned letter = (byte | 0x20u) - 'a';
        const bool is_word = byte >= 0x80 || letter < 26 || byte - unsigned{'0'} < 10;
        mask |= static_cast<std::uint64_t>(is_word) << i;
    }
    return mask;
}

}  // namespace portable

#if defined(__SSE2__)

namespace internal {

template <typename Int>
inline Int LoadBytes(const char* text) {
    Int value;
    std::memcpy(&value, text, sizeof value);
    return value;
}

// `test` sets the bytes of a vector that are asked for to 0xFF and the others to 0.
template <typename Test>
inline std::uint64_t MaskWhere(const char* text, std::size_t size, Test test) {
    const auto bits = [&](__m128i bytes) {
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(test(bytes))));
    };
    if (size >= 16) {
        std::uint64_t mask = 0;
        std::size_t at = 0;
        for (; at + 16 <= size; at += 16) {
            mask |= bits(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at))) << at;
        }
        if (at < size) {
            at = size - 16;
            mask |= bits(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at))) << at;
        }
        return mask;
    }
    if (size >= 8) {
        const std::uint64_t two = bits(_mm_set_epi64x(LoadBytes<std::int64_t>(text + size - 8),
                                                      LoadBytes<std::int64_t>(text)));
        return (two & 0xFF) | (two >> 8) << (size - 8);
    }
    if (size >= 4) {
        const std::uint64_t two = bits(_mm_set_epi32(0, 0, LoadBytes<std::int32_t>(text + size - 4),
                                                     LoadBytes<std::int32_t>(text)));
        return (two & 0xF) | (two >> 4 & 0xF) << (size - 4);
    }
    if (size == 0) {
        return 0;
    }
    const auto byte = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
    };
    const std::uint32_t three = byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
    const std::uint64_t all = bits(_mm_cvtsi32_si128(static_cast<int>(three)));
    return (all & 1) | (all >> 1 & 1) << (size / 2) | (all >> 2 & 1) << (size - 1);
}

}  // namespace internal

inline std::uint64_t EqualMask(const char* text, std::size_t size, char byte) {
    const __m128i wanted = _mm_set1_epi8(byte);
    return internal::MaskWhere(text, size,
                               [&](__m128i bytes) { return _mm_cmpeq_epi8(bytes, wanted); });
}

inline std::uint64_t WordMask(const char* text, std::size_t size) {
    // A byte is in [low, low + count) if byte - low + 0x80, compared as signed, is below count -
    // 0x80.
    const auto in_range = [](__m128i bytes, char low, int count) {
        const __m128i shifted = _mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(0x80 - low)));
        return _mm_cmplt_epi8(shifted, _mm_set1_epi8(static_cast<char>(count - 0x80)));
    };
    return internal::MaskWhere(text, size, [&](__m128i bytes) {
        const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        const __m128i high = _mm_cmplt_epi8(bytes, _mm_setzero_si128());
        return _mm_or_si128(high, _mm_or_si128(in_range(lower, 'a', 26), in_range(bytes, '0', 10)));
    });
}

#else

using portable::EqualMask;
using portable::WordMask;

#endif

}  // namespace namedex::core
