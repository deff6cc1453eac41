// Finds every occurrence of a needle in a run of bytes, 64 positions at a time.
//
// The result is a bitmap: bit i is set when the needle starts at byte i. Three bytes of the needle
// (first, middle, last) filter the positions, the few that remain are compared in full. Nothing
// outside [text, text + size) is ever read.
//
//     SubstringSearch search("son");
//     std::uint64_t bits[SubstringSearch::BitmapWords(8)];
//     search.Mark("larsson\0", 8, bits);          // true; bits[0] == 1 << 4
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace namedex::core {

enum class SubstringKernel : std::uint8_t { kPortable, kSse2, kAvx2 };

// Whether this machine can run the kernel, and the fastest one that it can.
bool KernelAvailable(SubstringKernel kernel);
SubstringKernel BestKernel();

class SubstringSearch {
  public:
    // The needle has at least one byte and may contain NUL.
    explicit SubstringSearch(std::string needle, SubstringKernel kernel = BestKernel());

    static constexpr std::size_t BitmapWords(std::size_t size) { return (size + 63) / 64; }

    // Writes BitmapWords(size) words to `bits`; returns whether a bit is set.
    bool Mark(const char* text, std::size_t size, std::uint64_t* bits) const {
        return mark_(text, size, needle_, bits);
    }

    std::string_view needle() const { return needle_; }

  private:
    using MarkFunction = bool (*)(const char* text, std::size_t size, const std::string& needle,
                                  std::uint64_t* bits);

    std::string needle_;
    MarkFunction mark_;
};

}  // namespace namedex::core
