// Bit strings inside stored bytes, least significant bit first.
//
// Bit b of the stream is bit b % 8 of byte b / 8, so a little-endian 64-bit load at any byte,
// shifted by b % 8, holds at least kWindowBits bits of the stream from b on. Codes are shorter than
// that, and BitWindow takes as many out of one load as are sure to fit. Whoever stores a stream
// lets kBitPadding bytes follow it; a load that would leave the span throws kCorrupt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/bytes.hpp"

namespace namedex::core {

inline constexpr unsigned kWindowBits = 57;
// So that a code and the bits of a byte begun fit a 64-bit word.
inline constexpr unsigned kMaxCodeBits = 56;
inline constexpr std::size_t kBitPadding = sizeof(std::uint64_t);

// Bits needed to tell `count` values apart: 0 for one value, 1 for two, 24 for ten million.
constexpr unsigned BitsFor(std::uint64_t count) {
    unsigned bits = 0;
    while (bits < 64 && (std::uint64_t{1} << bits) < count) {
        ++bits;
    }
    return bits;
}

// The lowest `bits` <= 63 bits set.
constexpr std::uint64_t LowBits(unsigned bits) {
    return (std::uint64_t{1} << bits) - 1;
}

// `length` bits, the first one lowest.
struct BitCode {
    std::uint64_t bits = 0;
    unsigned length = 0;

    // This code, then `next`; together at most 64 bits.
    BitCode Then(std::uint64_t next, unsigned next_length) const {
        return {next_length == 0 ? bits : bits | next << length, length + next_length};
    }
};

// Appends codes to a byte vector; Align ends the last byte. The vector holds whole bytes only after
// Align.
class BitWriter {
  public:
    explicit BitWriter(std::pmr::vector<std::uint8_t>& out) : out_(&out) {}

    // `code.length` <= kMaxCodeBits; bits past the length must be 0.
    void Put(BitCode code) {
        if (pending_length_ + code.length >= 64) {
            Flush(pending_length_ / 8);
        }
        pending_ |= code.bits << pending_length_;
        pending_length_ += code.length;
    }

    void Align() {
        Flush(pending_length_ / 8);
        if (pending_length_ > 0) {
            out_->push_back(static_cast<std::uint8_t>(pending_));
            pending_ = 0;
            pending_length_ = 0;
        }
    }

  private:
    // Moves `bytes` < 8 whole bytes to the vector.
    void Flush(unsigned bytes) {
        std::uint8_t raw[8];
        StoreLe(raw, pending_);
        out_->insert(out_->end(), raw, raw + bytes);
        pending_ >>= 8 * bytes;
        pending_length_ -= 8 * bytes;
    }

    std::pmr::vector<std::uint8_t>* out_;
    std::uint64_t pending_ = 0;
    unsigned pending_length_ = 0;  // < 64
};

// Out of line, so that the decoding loops stay small enough to live in registers.
[[noreturn, gnu::noinline, gnu::cold]] inline void ThrowBitsPastPage() {
    ThrowCorrupt("a bit-packed code runs past its page");
}

// Reads codes from a span that ends with kBitPadding bytes of padding.
class BitWindow {
  public:
    BitWindow(Span span, std::size_t first_bit) : span_(span), bit_(first_bit) {}

    // The stream's next bits, first one lowest; at least `longest` <= kWindowBits of them are good.
    // `longest` bounds what the next Advance passes over.
    [[gnu::always_inline]] inline std::uint64_t Peek(unsigned longest) {
        if (sure_ < longest) {
            const std::size_t byte = bit_ >> 3;
            if (byte + kBitPadding > span_.size) {
                ThrowBitsPastPage();
            }
            bits_ = LoadLe<std::uint64_t>(span_.data + byte) >> (bit_ & 7);
            sure_ = kWindowBits;
        }
        sure_ -= longest;
        return bits_;
    }

    // `length` <= the `longest` of the Peek before.
    void Advance(unsigned length) {
        bits_ >>= length;
        bit_ += length;
    }

    std::uint64_t Take(unsigned length) {
        const std::uint64_t value = Peek(length) & LowBits(length);
        Advance(length);
        return value;
    }

    // Bits from the span's begin.
    std::size_t bit() const { return bit_; }

  private:
    Span span_;
    std::size_t bit_;
    std::uint64_t bits_ = 0;
    // Bits of bits_ that are good whatever the codes' lengths were: it depends on the number and
    // kinds of codes alone, never on their contents, so the branch on it is predictable.
    unsigned sure_ = 0;
};

}  // namespace namedex::core
