// Bytes that may run over page ends: long values, one behind another, every page but the last full.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/pages.hpp"

namespace namedex::core {

// Where the first of the bytes is.
inline Loc AppendRun(SectionWriter& section, std::string_view bytes) {
    if (section.room() == 0) {
        section.NextPage();
    }
    const Loc at = section.tell();
    while (!bytes.empty()) {
        if (section.room() == 0) {
            section.NextPage();
        }
        const std::size_t piece = std::min<std::size_t>(bytes.size(), section.room());
        section.Append(bytes.data(), piece);
        bytes.remove_prefix(piece);
    }
    return at;
}

// Whether a section of sound pages holds so many bytes at `at`: to be asked before memory is taken
// for them.
inline bool HoldsRun(const SectionReader& section, Loc at, std::uint64_t size) {
    const std::uint64_t begin = std::uint64_t{at.page} * kPagePayload + at.offset;
    return begin + size <= std::uint64_t{section.page_count()} * kPagePayload;
}

// Makes `out` the `size` bytes at `at` and moves `at` past them; `pin` is (re)used to hold a page.
template <typename String>
void ReadRun(const SectionReader& section, PinnedPage& pin, Loc& at, std::size_t size,
             String& out) {
    out.clear();
    out.reserve(size);
    while (size > 0) {
        if (at.offset == kPagePayload) {
            at = {at.page + 1, 0};
        }
        const Span piece = section.At(at, pin);
        if (piece.size < size && at.offset + piece.size != kPagePayload) {
            ThrowCorrupt("a long value runs past its page");
        }
        const std::size_t taken = std::min(size, piece.size);
        out.append(piece.text().substr(0, taken));
        at.offset += static_cast<std::uint32_t>(taken);
        size -= taken;
    }
}

}  // namespace namedex::core
