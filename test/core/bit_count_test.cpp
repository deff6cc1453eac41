#include "core/bit_count.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace namedex::core {
namespace {

TEST(BitCount, CountsBitByBit) {
    std::mt19937_64 random(1);
    for (std::size_t words = 0; words < 20; ++words) {
        for (int round = 0; round < 50; ++round) {
            std::vector<std::uint64_t> bits(words);
            std::uint64_t expected = 0;
            for (std::uint64_t& word : bits) {
                word = round == 0 ? ~std::uint64_t{0} : random() & random();
                std::uint32_t here = 0;
                for (unsigned i = 0; i < 64; ++i) {
                    here += word >> i & 1;
                }
                ASSERT_EQ(CountBits(word), here);
                expected += here;
            }
            ASSERT_EQ(CountBits(bits.data(), words), expected);
        }
    }
}

}  // namespace
}  // namespace namedex::core
