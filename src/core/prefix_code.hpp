// The bucketed rank code: short codes for frequent symbols, one table look-up to decode.
//
// Symbols are numbers below a symbol count. The most frequent ones, at most kMaxRanks, get ranks in
// descending order of frequency; consecutive ranks form buckets whose sizes are powers of two. A
// code is
//     selector (fixed width, 0 to 4 bits)  then  offset inside the selected bucket (the bucket's
//     width)
// The last bucket may be the *escape*: its offset is the raw symbol, for symbols without a rank.
// The number of ranks, the buckets and the selector width are those that make the text and the rank
// table together smallest, so a skewed distribution comes close to its entropy and a flat one
// degenerates to raw symbols without any rank or selector.
//
// Stored form, kBytes: u8 selector bits, u8 bucket count, u8 escape (0 or 1), u8 zero, u32 rank
// count, then a u8 width for each of kMaxBuckets buckets (0 for the absent ones). The table rank ->
// symbol is stored apart, u32 each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/bit_stream.hpp"
#include "core/bytes.hpp"

namespace namedex::core {

class PrefixCode {
  public:
    static constexpr unsigned kMaxSelectorBits = 4;
    static constexpr unsigned kMaxBuckets = 1u << kMaxSelectorBits;
    // Keeps the rank table within 256 kB and the rank inside 16 bits.
    static constexpr std::uint32_t kMaxRanks = 65536;
    static constexpr std::size_t kBytes = 8 + kMaxBuckets;

    // The best code for `ranked` <= kMaxRanks symbols of the given frequencies (descending, > 0),
    // for `unranked` further occurrences of other symbols, all below `symbol_count`.
    static PrefixCode Choose(const std::uint64_t* frequency, std::size_t ranked,
                             std::uint64_t unranked, std::uint32_t symbol_count,
                             std::pmr::memory_resource* memory);
    // Throws kCorrupt unless the stored form is one that Choose can give for `symbol_count`.
    static PrefixCode Parse(ByteReader& reader, std::uint32_t symbol_count);

    void AppendTo(std::pmr::vector<std::uint8_t>& out) const;

    // How many ranks the code uses: those from 0 up; the other symbols are escaped.
    std::uint32_t rank_count() const { return rank_count_; }
    bool has_escape() const { return escape_; }
    unsigned selector_bits() const { return selector_bits_; }
    unsigned bucket_count() const { return bucket_count_; }
    unsigned bucket_width(unsigned bucket) const { return width_[bucket]; }

    BitCode EncodeRank(std::uint32_t rank) const;
    BitCode EncodeEscape(std::uint32_t symbol) const;  // throws kInternal without an escape bucket

    // What a code says: a rank below rank_count(), or kEscaped + a raw symbol, or a number that is
    // neither (damage). Advances `window` past the code.
    static constexpr std::uint64_t kEscaped = std::uint64_t{1} << 32;
    [[gnu::always_inline]] inline std::uint64_t Decode(BitWindow& window) const {
        const std::uint64_t bits = window.Peek(longest_);
        const std::size_t bucket = bits & selector_mask_;
        window.Advance(length_[bucket]);
        return base_[bucket] + ((bits >> selector_bits_) & mask_[bucket]);
    }
    [[gnu::always_inline]] inline void Skip(BitWindow& window) const {
        window.Advance(length_[window.Peek(longest_) & selector_mask_]);
    }

  private:
    static constexpr std::uint64_t kAbsent = std::uint64_t{1} << 40;

    // Derives the decoding tables from the widths; returns how many ranks the buckets can hold.
    std::uint64_t Complete();

    // By selector. Base: the bucket's first rank, kEscaped for the escape, kAbsent for no bucket.
    std::array<std::uint8_t, kMaxBuckets> length_{};  // of the whole code
    std::array<std::uint32_t, kMaxBuckets> mask_{};   // of the offset
    std::array<std::uint64_t, kMaxBuckets> base_{};
    std::array<std::uint8_t, kMaxBuckets> width_{};  // of the offset, 0 for absent buckets
    std::uint64_t selector_mask_ = 0;
    unsigned longest_ = 0;
    unsigned selector_bits_ = 0;
    unsigned bucket_count_ = 0;
    std::uint32_t rank_count_ = 0;
    bool escape_ = false;
};

// Gathers frequencies, chooses the code, encodes symbols. Memory stays below 3 MB however many
// symbols.
class SymbolEncoder {
  public:
    explicit SymbolEncoder(std::pmr::memory_resource* memory);

    // Each symbol at most once, with all its occurrences; 0 occurrences are ignored.
    void Observe(std::uint32_t symbol, std::uint64_t occurrences);
    // Ends observation; every observed symbol must be below `symbol_count` (else kInternal).
    void Build(std::uint32_t symbol_count);

    const PrefixCode& code() const { return code_; }
    // Symbol of each rank: what the decoder needs besides the code.
    const std::pmr::vector<std::uint32_t>& ranked_symbols() const { return ranked_; }

    // Throws kInternal for a symbol that was never observed and has no code.
    BitCode Encode(std::uint32_t symbol) const;

  private:
    struct Candidate {
        std::uint64_t occurrences;
        std::uint32_t symbol;
    };

    static constexpr unsigned kLengthBits = 6;
    static constexpr std::uint32_t kNoCode = ~std::uint32_t{0};
    // Up to so many symbols a table over all of them is smaller than what hashing the ranked ones
    // takes.
    static constexpr std::uint32_t kMaxDirectSymbols = std::uint32_t{1} << 19;

    static BitCode Unpack(std::uint32_t code) {
        return {code >> kLengthBits, code & static_cast<unsigned>(LowBits(kLengthBits))};
    }
    void KeepMostFrequent();
    void IndexRanks();

    std::pmr::memory_resource* memory_;
    std::pmr::vector<Candidate> candidates_;
    std::uint64_t dropped_occurrences_ = 0;
    std::uint32_t highest_symbol_ = 0;
    std::uint32_t symbol_count_ = 0;
    PrefixCode code_;
    std::pmr::vector<std::uint32_t> ranked_;
    // Symbol -> code of ranked symbols: the code's length in kLengthBits, above it the code. Either
    // by symbol, kNoCode for those that are escaped, or open-addressed, with the symbol in the high
    // half.
    std::pmr::vector<std::uint32_t> direct_;
    std::pmr::vector<std::uint64_t> slots_;
    unsigned slot_shift_ = 0;
};

[[noreturn, gnu::noinline, gnu::cold]] inline void ThrowNoSymbol() {
    ThrowCorrupt("a bit-packed code stands for no symbol");
}

// Decodes symbols; everything it returns is below the symbol count, else it throws kCorrupt.
class SymbolDecoder {
  public:
    // `ranked`: symbol of each rank, code.rank_count() of them.
    SymbolDecoder(const PrefixCode& code, std::pmr::vector<std::uint32_t> ranked,
                  std::uint32_t symbol_count);

    [[gnu::always_inline]] inline std::uint32_t Decode(BitWindow& window) const {
        const std::uint64_t number = code_.Decode(window);
        if (number < ranked_.size()) {
            return ranked_[number];
        }
        const std::uint64_t symbol = number - PrefixCode::kEscaped;
        if (symbol >= symbol_count_) {
            ThrowNoSymbol();
        }
        return static_cast<std::uint32_t>(symbol);
    }
    // The same in two steps, for those who know something by rank: the number is a rank below
    // rank_count() or not, and Symbol makes a symbol of it.
    [[gnu::always_inline]] inline std::uint64_t DecodeNumber(BitWindow& window) const {
        const std::uint64_t number = code_.Decode(window);
        if (number >= ranked_.size() && number - PrefixCode::kEscaped >= symbol_count_) {
            ThrowNoSymbol();
        }
        return number;
    }
    std::uint32_t Symbol(std::uint64_t number) const {
        return number < ranked_.size() ? ranked_[number] : static_cast<std::uint32_t>(number);
    }
    std::uint32_t rank_count() const { return static_cast<std::uint32_t>(ranked_.size()); }
    [[gnu::always_inline]] inline void Skip(BitWindow& window) const { code_.Skip(window); }

  private:
    PrefixCode code_;
    std::pmr::vector<std::uint32_t> ranked_;
    std::uint32_t symbol_count_;
};

}  // namespace namedex::core
