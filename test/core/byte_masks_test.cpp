// The vector forms of byte_masks against the portable ones: every size, every byte, exact buffers.

#include "core/byte_masks.hpp"

#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "core/split.hpp"

namespace namedex::core {
namespace {

TEST(ByteMasks, AgreeWithThePortableForms) {
    std::mt19937 random(1);
    for (std::size_t size = 0; size <= kMaskBytes; ++size) {
        for (int i = 0; i < 400; ++i) {
            // Blocks of exactly the size, so that AddressSanitizer sees overreads.
            const std::unique_ptr<char[]> text(new char[size]);
            const bool narrow = i % 2 == 0;
            for (std::size_t at = 0; at < size; ++at) {
                text[at] = narrow ? "ab \xC3"[random() % 4] : static_cast<char>(random() % 256);
            }
            const char wanted = narrow ? 'a' : static_cast<char>(random() % 256);
            ASSERT_EQ(EqualMask(text.get(), size, wanted),
                      portable::EqualMask(text.get(), size, wanted));
            ASSERT_EQ(WordMask(text.get(), size), portable::WordMask(text.get(), size));
        }
    }
}

TEST(ByteMasks, WordMaskKnowsEveryByte) {
    for (int byte = 0; byte < 256; ++byte) {
        const char text = static_cast<char>(byte);
        EXPECT_EQ(WordMask(&text, 1), IsWordByte(text) ? 1u : 0u) << byte;
        EXPECT_EQ(portable::WordMask(&text, 1), IsWordByte(text) ? 1u : 0u) << byte;
        const std::string sixteen(16, text);
        EXPECT_EQ(WordMask(sixteen.data(), 16), IsWordByte(text) ? 0xFFFFu : 0u) << byte;
    }
}

}  // namespace
}  // namespace namedex::core
