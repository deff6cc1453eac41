// Bit streams and the bucketed rank code: round trips, optimality against exhaustive search, sizes
// against the entropy, and damaged code tables.
#include "core/prefix_code.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <random>

namespace namedex::core {
namespace {

std::pmr::memory_resource* Memory() {
    return std::pmr::new_delete_resource();
}

ErrorCode CodeOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::kInternal;
}

// The bytes in a block of exactly their size, so that a read past them is seen.
struct Exact {
    explicit Exact(const std::pmr::vector<std::uint8_t>& from)
        : bytes(new std::uint8_t[from.size()]), size(from.size()) {
        std::copy(from.begin(), from.end(), bytes.get());
    }
    Span span() const { return {bytes.get(), size}; }
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t size;
};

TEST(BitsFor, CountsValues) {
    EXPECT_EQ(BitsFor(0), 0u);
    EXPECT_EQ(BitsFor(1), 0u);
    EXPECT_EQ(BitsFor(2), 1u);
    EXPECT_EQ(BitsFor(3), 2u);
    EXPECT_EQ(BitsFor(65536), 16u);
    EXPECT_EQ(BitsFor(65537), 17u);
    EXPECT_EQ(BitsFor(10000000), 24u);
    EXPECT_EQ(BitsFor(0xFFFFFFFFu), 32u);
}

TEST(BitStream, RoundTrip) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 300; ++round) {
        std::pmr::vector<std::uint8_t> bytes;
        BitWriter writer(bytes);
        std::vector<BitCode> codes(random() % 100);
        std::vector<bool> bits;
        const bool align = random() % 2 == 0;
        for (BitCode& code : codes) {
            code.length = random() % (kMaxCodeBits + 1);
            code.bits = random() & LowBits(code.length);
            writer.Put(code);
            for (unsigned i = 0; i < code.length; ++i) {
                bits.push_back(code.bits >> i & 1);
            }
            if (align) {
                writer.Align();
                bits.resize((bits.size() + 7) / 8 * 8);
            }
        }
        writer.Align();
        ASSERT_EQ(bytes.size(), (bits.size() + 7) / 8);
        for (std::size_t i = 0; i < bits.size(); ++i) {
            ASSERT_EQ(bytes[i / 8] >> (i % 8) & 1, bits[i]) << i;
        }
        bytes.insert(bytes.end(), kBitPadding, 0xFF);
        const Exact exact(bytes);
        BitWindow window(exact.span(), 0);
        std::size_t at = 0;
        for (const BitCode& code : codes) {
            // As a decoder does: a peek for the longest code, an advance by the length of this one.
            const unsigned longest = code.length + random() % (kWindowBits - code.length + 1);
            ASSERT_EQ(window.Peek(longest) & LowBits(code.length), code.bits);
            window.Advance(code.length);
            at += code.length;
            if (align) {
                at = (at + 7) / 8 * 8;
                window = BitWindow(exact.span(), at);
            }
            ASSERT_EQ(window.bit(), at);
        }
    }
}

TEST(BitStream, RefusesToLeaveTheSpan) {
    for (std::size_t size = 0; size < 20; ++size) {
        std::pmr::vector<std::uint8_t> bytes(size, 0x55);
        const Exact exact(bytes);
        for (std::size_t bit = 0; bit < 200; ++bit) {
            BitWindow window(exact.span(), bit);
            if (bit / 8 + 8 <= size) {
                EXPECT_EQ(window.Peek(1) & 1, bit % 2 == 0 ? 1u : 0u);
            } else {
                EXPECT_EQ(CodeOf([&] { window.Peek(1); }), ErrorCode::kCorrupt);
            }
        }
    }
}

std::uint64_t EncodedBits(const SymbolEncoder& encoder,
                          const std::vector<std::uint64_t>& frequency) {
    std::uint64_t bits = 0;
    for (std::uint32_t symbol = 0; symbol < frequency.size(); ++symbol) {
        if (frequency[symbol] > 0) {
            bits += frequency[symbol] * encoder.Encode(symbol).length;
        }
    }
    return bits;
}

double EntropyBits(const std::vector<std::uint64_t>& frequency) {
    double total = 0;
    for (const auto f : frequency) {
        total += static_cast<double>(f);
    }
    double bits = 0;
    for (const auto f : frequency) {
        bits += f == 0 ? 0 : static_cast<double>(f) * std::log2(total / static_cast<double>(f));
    }
    return bits;
}

SymbolEncoder Encoder(const std::vector<std::uint64_t>& frequency) {
    SymbolEncoder encoder(Memory());
    for (std::uint32_t symbol = 0; symbol < frequency.size(); ++symbol) {
        encoder.Observe(symbol, frequency[symbol]);
    }
    encoder.Build(static_cast<std::uint32_t>(frequency.size()));
    return encoder;
}

// Stores the code and reads it back, encodes `symbols` and decodes them.
void CheckRoundTrip(const SymbolEncoder& encoder, std::uint32_t symbol_count,
                    const std::vector<std::uint32_t>& symbols) {
    std::pmr::vector<std::uint8_t> table;
    encoder.code().AppendTo(table);
    ASSERT_EQ(table.size(), PrefixCode::kBytes);
    const Exact exact_table(table);
    ByteReader reader(exact_table.span());
    const PrefixCode code = PrefixCode::Parse(reader, symbol_count);
    EXPECT_EQ(reader.remaining(), 0u);
    ASSERT_EQ(code.rank_count(), encoder.ranked_symbols().size());

    std::pmr::vector<std::uint8_t> bytes;
    BitWriter writer(bytes);
    for (const std::uint32_t symbol : symbols) {
        writer.Put(encoder.Encode(symbol));
    }
    writer.Align();
    bytes.insert(bytes.end(), kBitPadding, 0);
    const Exact exact(bytes);
    const SymbolDecoder decoder(code, encoder.ranked_symbols(), symbol_count);
    BitWindow decode(exact.span(), 0);
    BitWindow skip(exact.span(), 0);
    for (const std::uint32_t symbol : symbols) {
        ASSERT_EQ(decoder.Decode(decode), symbol);
        decoder.Skip(skip);
        ASSERT_EQ(skip.bit(), decode.bit());
    }
}

TEST(PrefixCode, OneSymbolCostsNothing) {
    for (const std::size_t symbols : {1, 2, 1000}) {
        std::vector<std::uint64_t> frequency(symbols, 0);
        frequency.back() = 1000000;
        const SymbolEncoder encoder = Encoder(frequency);
        EXPECT_EQ(EncodedBits(encoder, frequency), 0u);
        CheckRoundTrip(encoder, static_cast<std::uint32_t>(symbols),
                       {static_cast<std::uint32_t>(symbols) - 1});
    }
}

TEST(PrefixCode, NothingObserved) {
    SymbolEncoder encoder(Memory());
    encoder.Build(0);
    EXPECT_EQ(CodeOf([&] { encoder.Encode(0); }), ErrorCode::kInternal);
    CheckRoundTrip(encoder, 0, {});
    SymbolEncoder idle(Memory());
    idle.Build(1000);
    CheckRoundTrip(idle, 1000, {0, 999, 17});
    EXPECT_EQ(CodeOf([&] { idle.Encode(1000); }), ErrorCode::kInternal);
}

TEST(PrefixCode, FlatDistributionIsRaw) {
    SymbolEncoder encoder(Memory());
    const std::uint32_t symbols = 300000;
    for (std::uint32_t symbol = 0; symbol < symbols; ++symbol) {
        encoder.Observe(symbol, 1);
    }
    encoder.Build(symbols);
    EXPECT_EQ(encoder.code().rank_count(), 0u);
    EXPECT_EQ(encoder.code().selector_bits(), 0u);
    EXPECT_EQ(encoder.Encode(symbols - 1).length, 19u);
    CheckRoundTrip(encoder, symbols, {0, 1, symbols - 1});
}

TEST(PrefixCode, KeepsTheMostFrequentOfMany) {
    // Frequencies in no order: symbol s occurs `weight` times, a permutation of 1 .. n, cubed.
    const std::uint32_t n = 300007;
    SymbolEncoder encoder(Memory());
    std::vector<std::uint64_t> frequency(n);
    for (std::uint32_t symbol = 0; symbol < n; ++symbol) {
        const std::uint64_t weight = std::uint64_t{symbol} * 7919 % n + 1;
        frequency[symbol] = weight * weight * weight / 1000000000;
        encoder.Observe(symbol, frequency[symbol]);
    }
    encoder.Build(n);
    ASSERT_GT(encoder.ranked_symbols().size(), 1000u);
    ASSERT_LE(encoder.ranked_symbols().size(), PrefixCode::kMaxRanks);
    std::vector<std::uint64_t> sorted = frequency;
    std::sort(sorted.rbegin(), sorted.rend());
    for (std::size_t rank = 0; rank < encoder.ranked_symbols().size(); ++rank) {
        ASSERT_EQ(frequency[encoder.ranked_symbols()[rank]], sorted[rank]) << rank;
    }
    std::vector<std::uint32_t> all(n);
    for (std::uint32_t symbol = 0; symbol < n; ++symbol) {
        all[symbol] = symbol;
    }
    CheckRoundTrip(encoder, n, all);
}

TEST(PrefixCode, ZipfComesCloseToTheEntropy) {
    std::vector<std::uint64_t> frequency(150000);
    for (std::size_t rank = 0; rank < frequency.size(); ++rank) {
        frequency[rank] = static_cast<std::uint64_t>(3e6 / std::pow(rank + 7, 0.95)) + 1;
    }
    std::shuffle(frequency.begin(), frequency.end(), std::mt19937_64(2));
    const SymbolEncoder encoder = Encoder(frequency);
    const auto bits = static_cast<double>(EncodedBits(encoder, frequency));
    EXPECT_LT(bits, EntropyBits(frequency) * 1.02);
    EXPECT_GE(bits, EntropyBits(frequency));
}

// The cheapest code by trying all: `sorted` frequencies, with and without an escape.
std::uint64_t CheapestByTrying(const std::vector<std::uint64_t>& sorted, std::size_t begin,
                               unsigned buckets, std::uint64_t offset_bits,
                               std::uint32_t symbol_count) {
    std::uint64_t total = 0;
    std::uint64_t rest = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        total += sorted[i];
        rest += i < begin ? 0 : sorted[i];
    }
    std::uint64_t best = ~std::uint64_t{0};
    if (begin == sorted.size() && buckets > 0) {
        best = offset_bits + total * BitsFor(buckets) + 32 * begin;
    }
    if (buckets < 16) {
        best = std::min(best, offset_bits + total * BitsFor(buckets + 1) +
                                  rest * BitsFor(symbol_count) + 32 * begin);
    }
    if (buckets < 16 && begin < sorted.size()) {
        for (unsigned width = 0; width < 5; ++width) {
            const std::size_t end = std::min(begin + (std::size_t{1} << width), sorted.size());
            std::uint64_t inside = 0;
            for (std::size_t i = begin; i < end; ++i) {
                inside += sorted[i];
            }
            best = std::min(best, CheapestByTrying(sorted, end, buckets + 1,
                                                   offset_bits + width * inside, symbol_count));
        }
    }
    return best;
}

TEST(PrefixCode, IsTheCheapest) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 300; ++round) {
        const std::size_t observed = 1 + random() % 8;
        std::vector<std::uint64_t> frequency(observed);
        const std::uint64_t scale = 1 + random() % 2000;
        for (auto& f : frequency) {
            f = 1 + random() % scale * (random() % 4 == 0 ? 50 : 1);
        }
        std::vector<std::uint64_t> sorted = frequency;
        std::sort(sorted.rbegin(), sorted.rend());
        // Symbols that never occur only make the escape wider.
        frequency.resize(observed + random() % 100);
        const SymbolEncoder encoder = Encoder(frequency);
        EXPECT_EQ(EncodedBits(encoder, frequency) + 32 * encoder.ranked_symbols().size(),
                  CheapestByTrying(sorted, 0, 0, 0, static_cast<std::uint32_t>(frequency.size())));
    }
}

TEST(PrefixCode, RandomRoundTrips) {
    std::mt19937_64 random(4);
    for (int round = 0; round < 200; ++round) {
        const std::uint32_t symbols = 1 + random() % (round % 2 == 0 ? 50 : 5000);
        const double skew = static_cast<double>(random() % 30) / 10;
        std::vector<std::uint64_t> frequency(symbols);
        for (auto& f : frequency) {
            f = random() % 5 == 0
                    ? 0
                    : static_cast<std::uint64_t>(1e7 / std::pow(1 + random() % symbols, skew));
        }
        const SymbolEncoder encoder = Encoder(frequency);
        std::vector<std::uint32_t> text;
        for (int i = 0; i < 2000; ++i) {
            const auto symbol = static_cast<std::uint32_t>(random() % symbols);
            if (frequency[symbol] > 0 || encoder.code().has_escape()) {
                text.push_back(symbol);
            } else {
                EXPECT_EQ(CodeOf([&] { encoder.Encode(symbol); }), ErrorCode::kInternal);
            }
        }
        CheckRoundTrip(encoder, symbols, text);
    }
}

TEST(PrefixCode, DamagedTablesAreRefusedOrHarmless) {
    std::mt19937_64 random(5);
    std::vector<std::uint64_t> frequency(3000);
    for (std::size_t i = 0; i < frequency.size(); ++i) {
        frequency[i] = 1000000 / (i + 1);
    }
    const SymbolEncoder encoder = Encoder(frequency);
    ASSERT_GT(encoder.code().bucket_count(), 4u);
    std::pmr::vector<std::uint8_t> text(4000);
    for (auto& byte : text) {
        byte = static_cast<std::uint8_t>(random());
    }
    const Exact exact(text);
    int refused = 0;
    int accepted = 0;
    for (int round = 0; round < 5000; ++round) {
        std::pmr::vector<std::uint8_t> table;
        encoder.code().AppendTo(table);
        for (int i = random() % 3; i >= 0; --i) {
            table[random() % table.size()] =
                static_cast<std::uint8_t>(random() % 2 == 0 ? random() : random() % 18);
        }
        ByteReader reader(table.data(), table.size());
        try {
            const PrefixCode code = PrefixCode::Parse(reader, 3000);
            ASSERT_LE(code.rank_count(), PrefixCode::kMaxRanks);
            const SymbolDecoder decoder(code, std::pmr::vector<std::uint32_t>(code.rank_count(), 5),
                                        3000);
            ++accepted;
            BitWindow window(exact.span(), random() % 100);
            for (;;) {
                ASSERT_LT(decoder.Decode(window), 3000u);
                if (code.selector_bits() == 0) {
                    break;  // codes may be empty
                }
            }
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::kCorrupt);
            ++refused;
        }
    }
    EXPECT_GT(refused, 1000);
    EXPECT_GT(accepted, 100);
}

TEST(SymbolDecoder, RefusesRanksOfNoSymbol) {
    const SymbolEncoder encoder = Encoder({1000, 1000, 5});
    EXPECT_EQ(CodeOf([&] { SymbolDecoder(encoder.code(), {7, 8, 9}, 3); }), ErrorCode::kCorrupt);
}

TEST(SymbolEncoder, RefusesSymbolsOutOfRange) {
    SymbolEncoder encoder(Memory());
    encoder.Observe(5, 1);
    EXPECT_EQ(CodeOf([&] { encoder.Build(5); }), ErrorCode::kInternal);
}

}  // namespace
}  // namespace namedex::core
