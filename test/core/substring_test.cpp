// SubstringSearch against std::string::find, for every kernel that this machine runs.

#include "core/substring.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "reference/naive_lexicon.hpp"

namespace namedex::core {
namespace {

class SubstringTest : public testing::TestWithParam<SubstringKernel> {
  protected:
    void SetUp() override {
        if (!KernelAvailable(GetParam())) {
            GTEST_SKIP() << "this machine lacks the instructions";
        }
    }

    // Searches a copy of `text` that ends where its allocation does, so that AddressSanitizer sees
    // one byte too many; the bitmap starts out all ones.
    std::vector<std::size_t> Positions(const std::string& text, const std::string& needle) const {
        const std::unique_ptr<char[]> exact(new char[text.size()]);
        text.copy(exact.get(), text.size());
        std::vector<std::uint64_t> bits(SubstringSearch::BitmapWords(text.size()), ~0ull);
        const bool found =
            SubstringSearch(needle, GetParam()).Mark(exact.get(), text.size(), bits.data());
        std::vector<std::size_t> positions;
        for (std::size_t at = 0; at < bits.size() * 64; ++at) {
            if ((bits[at / 64] >> (at % 64) & 1) != 0) {
                positions.push_back(at);
            }
        }
        EXPECT_EQ(found, !positions.empty());
        return positions;
    }
};

TEST_P(SubstringTest, FindsOverlappingOccurrences) {
    EXPECT_EQ(Positions("banana", "ana"), (std::vector<std::size_t>{1, 3}));
    EXPECT_EQ(Positions("", "a"), (std::vector<std::size_t>{}));
    EXPECT_EQ(Positions("a", "ab"), (std::vector<std::size_t>{}));
    EXPECT_EQ(Positions(std::string("on\0no\0son\0", 10), std::string("on\0", 3)),
              (std::vector<std::size_t>{0, 7}));
}

TEST_P(SubstringTest, FindsEveryPositionOfEveryLength) {
    for (std::size_t size = 1; size <= 200; ++size) {
        for (std::size_t length = 1; length <= 6; ++length) {
            const std::string needle = std::string("abcdef").substr(0, length);
            for (std::size_t at = 0; at + length <= size; ++at) {
                std::string text(size, '.');
                text.replace(at, length, needle);
                ASSERT_EQ(Positions(text, needle), std::vector<std::size_t>{at})
                    << size << " bytes, needle " << needle;
            }
        }
    }
}

TEST_P(SubstringTest, AgreesWithStringFind) {
    std::mt19937 random(20240601);
    for (int round = 0; round < 20000; ++round) {
        const unsigned letters = 1 + random() % 4;
        const auto draw = [&](std::size_t size) {
            std::string bytes;
            while (bytes.size() < size) {
                const unsigned letter = random() % letters;
                bytes.push_back(letter == 3 ? '\0' : static_cast<char>("ab\xC3"[letter]));
            }
            return bytes;
        };
        const std::string text = draw(random() % 400);
        std::string needle = draw(1 + random() % 12);
        if (random() % 3 == 0 && !text.empty()) {
            const std::size_t at = random() % text.size();
            needle = text.substr(at, 1 + random() % 100);
        }
        ASSERT_EQ(Positions(text, needle), reference::NaivePositions(text, needle))
            << "round " << round;
    }
}

TEST_P(SubstringTest, RefusesAnEmptyNeedle) {
    EXPECT_THROW(SubstringSearch("", GetParam()), Error);
}

INSTANTIATE_TEST_SUITE_P(Kernels, SubstringTest,
                         testing::Values(SubstringKernel::kPortable, SubstringKernel::kSse2,
                                         SubstringKernel::kAvx2),
                         [](const auto& info) {
                             return info.param == SubstringKernel::kPortable ? "Portable"
                                    : info.param == SubstringKernel::kSse2   ? "Sse2"
                                                                             : "Avx2";
                         });

TEST(SubstringKernelTest, TheBestKernelIsAvailable) {
    EXPECT_TRUE(KernelAvailable(BestKernel()));
    EXPECT_TRUE(KernelAvailable(SubstringKernel::kPortable));
}

}  // namespace
}  // namespace namedex::core
