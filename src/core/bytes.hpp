// Little-endian loads and stores, varints, and a bounds-checked reader.
//
// Every byte that comes from disk is read through ByteReader or after an explicit check: a read
// past the end throws kCorrupt, it never touches memory outside the span.
//
// Varint: 7 bits a byte, least significant group first, high bit = more follows; at most 10 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/error.hpp"

namespace namedex::core {

struct Span {
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;

    std::string_view text() const { return {reinterpret_cast<const char*>(data), size}; }
};

template <typename Int>
inline Int LoadLe(const void* from) {
    Int value;
    std::memcpy(&value, from, sizeof value);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    Int swapped = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) {
        swapped = static_cast<Int>(swapped << 8) |
                  static_cast<const std::uint8_t*>(from)[sizeof value - 1 - i];
    }
    value = swapped;
#endif
    return value;
}

template <typename Int>
inline void StoreLe(void* to, Int value) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (std::size_t i = 0; i < sizeof value; ++i) {
        static_cast<std::uint8_t*>(to)[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
#else
    std::memcpy(to, &value, sizeof value);
#endif
}

inline std::size_t VarintSize(std::uint64_t value) {
    std::size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        ++size;
    }
    return size;
}

// Appends `value` to any container of bytes with push_back.
template <typename Out>
inline void PutVarint(Out& out, std::uint64_t value) {
    using Byte = typename Out::value_type;
    while (value >= 0x80) {
        out.push_back(static_cast<Byte>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<Byte>(value));
}

template <typename Int, typename Out>
inline void PutLe(Out& out, Int value) {
    using Byte = typename Out::value_type;
    for (std::size_t i = 0; i < sizeof value; ++i) {
        out.push_back(static_cast<Byte>(static_cast<std::uint64_t>(value) >> (8 * i)));
    }
}

class ByteReader {
  public:
    explicit ByteReader(Span span) : at_(span.data), end_(span.data + span.size) {}
    ByteReader(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}

    std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
    const std::uint8_t* position() const { return at_; }

    std::uint8_t U8() { return *Take(1); }
    std::uint16_t U16() { return LoadLe<std::uint16_t>(Take(2)); }
    std::uint32_t U32() { return LoadLe<std::uint32_t>(Take(4)); }
    std::uint64_t U64() { return LoadLe<std::uint64_t>(Take(8)); }

    std::uint64_t Varint() {
        if (at_ != end_ && *at_ < 0x80) {  // nearly always
            return *at_++;
        }
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t byte = U8();
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) {
                return value;
            }
        }
        ThrowCorrupt("a variable-length integer is longer than 10 bytes");
    }

    // A varint that must fit 32 bits.
    std::uint32_t Varint32() {
        const std::uint64_t value = Varint();
        if (value > 0xFFFFFFFFu) {
            ThrowCorrupt("a stored number does not fit 32 bits");
        }
        return static_cast<std::uint32_t>(value);
    }

    const std::uint8_t* Take(std::size_t size) {
        if (size > remaining()) {
            ThrowCorrupt("stored bytes end before the structure they hold");
        }
        const std::uint8_t* taken = at_;
        at_ += size;
        return taken;
    }

  private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

}  // namespace namedex::core
