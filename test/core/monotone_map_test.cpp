// The monotone map against a plain vector.
#include "core/monotone_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace namedex::core {
namespace {

void Compare(const std::vector<std::uint32_t>& numbers) {
    MonotoneMap map(std::pmr::get_default_resource());
    for (const std::uint32_t number : numbers) {
        map.Push(number);
    }
    map.Seal();
    ASSERT_EQ(map.size(), numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        ASSERT_EQ(map.At(i), numbers[i]) << "at " << i << " of " << numbers.size();
    }
}

TEST(MonotoneMap, EmptyAndSmall) {
    Compare({});
    Compare({0});
    Compare({UINT32_MAX});
    Compare({0, UINT32_MAX});
    Compare({7, 7, 7});
    Compare(std::vector<std::uint32_t>(64, 5));
    Compare(std::vector<std::uint32_t>(65, 5));
}

TEST(MonotoneMap, EveryWidth) {
    for (unsigned width = 0; width <= 32; ++width) {
        for (const std::size_t size : {1u, 2u, 63u, 64u, 65u, 128u, 200u}) {
            std::vector<std::uint32_t> numbers(size);
            for (std::size_t i = 0; i < size; ++i) {
                numbers[i] = i + 1 < size ? static_cast<std::uint32_t>(i / 2) % 2
                                          : static_cast<std::uint32_t>(LowBits(width));
            }
            std::sort(numbers.begin(), numbers.end());
            Compare(numbers);
        }
    }
}

TEST(MonotoneMap, RandomSteps) {
    std::mt19937 random(7);
    for (int round = 0; round < 400; ++round) {
        std::vector<std::uint32_t> numbers;
        std::uint64_t number = random() % 1000;
        const std::size_t size = random() % 700;
        while (numbers.size() < size) {
            // Stretches of consecutive, equal and scattered numbers.
            const std::size_t stretch = 1 + random() % 150;
            const unsigned kind = random() % 4;
            const unsigned scatter = random() % 22;
            for (std::size_t i = 0; i < stretch && number <= UINT32_MAX; ++i) {
                numbers.push_back(static_cast<std::uint32_t>(number));
                number += kind == 0   ? 1
                          : kind == 1 ? random() % 2
                          : kind == 2 ? random() % 8
                                      : random() % (1u << scatter);
            }
            if (number > UINT32_MAX) {
                break;
            }
        }
        Compare(numbers);
    }
}

TEST(MonotoneMap, TakesLittleMemory) {
    MonotoneMap consecutive(std::pmr::get_default_resource());
    MonotoneMap every_third(std::pmr::get_default_resource());
    for (std::uint32_t i = 0; i < 1000000; ++i) {
        consecutive.Push(i);
        every_third.Push(3 * i);
    }
    consecutive.Seal();
    every_third.Seal();
    // A vector may have grown to twice its size.
    EXPECT_LE(consecutive.memory_bytes(), 2 * 1000000 / 4);
    EXPECT_LE(every_third.memory_bytes(), 2 * 1000000 * 5 / 4);
}

}  // namespace
}  // namespace namedex::core
