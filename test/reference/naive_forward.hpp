// The slow twin of the forward store's reader: takes every row out of the stored bytes, bit by bit,
// by the letter of core/forward_format.hpp and core/prefix_code.hpp, sharing no code with them but
// the constants. For undamaged bytes only.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/forward_format.hpp"
#include "core/pages.hpp"

namespace namedex::reference {

struct NaiveRow {
    enum Kind { kNull, kOpaque, kRegular } kind = kNull;
    std::uint32_t opaque_id = 0;
    std::uint32_t shape = 0;
    std::vector<std::uint32_t> words;

    friend bool operator==(const NaiveRow& a, const NaiveRow& b) {
        return a.kind == b.kind && a.opaque_id == b.opaque_id && a.shape == b.shape &&
               a.words == b.words;
    }
};

class NaiveForward {
  public:
    NaiveForward(const core::SectionReader& pages, const core::SectionReader& dictionary) {
        ReadDictionary(Copy(dictionary));
        for (const Bytes& page : Copy(pages)) {
            ReadPage(page);
        }
    }

    const std::vector<NaiveRow>& rows() const { return rows_; }
    const std::vector<std::string>& shapes() const { return shapes_; }

  private:
    using Bytes = std::vector<std::uint8_t>;

    struct Code {
        unsigned selector_bits;
        unsigned buckets;
        bool escape;
        std::vector<unsigned> width;
        std::vector<std::uint32_t> ranked;
    };

    static std::vector<Bytes> Copy(const core::SectionReader& section) {
        std::vector<Bytes> pages;
        for (std::uint32_t i = 0; i < section.page_count(); ++i) {
            const core::PinnedPage page = section.Page(i);
            pages.emplace_back(page.payload(), page.payload() + page.used());
        }
        return pages;
    }

    static std::uint32_t Number(const Bytes& bytes, std::size_t at, unsigned size) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < size; ++i) {
            value |= std::uint32_t{bytes.at(at + i)} << (8 * i);
        }
        return value;
    }

    static Code ReadCode(const Bytes& page, std::size_t at) {
        Code code{page.at(at), page.at(at + 1), page.at(at + 2) == 1, {}, {}};
        for (unsigned i = 0; i < code.buckets; ++i) {
            code.width.push_back(page.at(at + 8 + i));
        }
        code.ranked.resize(Number(page, at + 4, 4));
        return code;
    }

    void ReadDictionary(const std::vector<Bytes>& pages) {
        const Bytes& last = pages.back();
        const std::size_t trailer = last.size() - 72;
        word_count_ = Number(last, trailer, 4);
        opaque_count_ = Number(last, trailer + 4, 4);
        const std::uint32_t shape_count = Number(last, trailer + 8, 4);
        const std::uint32_t shape_pages = Number(last, trailer + 12, 4);
        std::size_t page = Number(last, trailer + 16, 4);
        std::size_t offset = Number(last, trailer + 20, 4);
        row_code_ = ReadCode(last, trailer + 24);
        word_code_ = ReadCode(last, trailer + 48);

        const auto next = [&] {
            if (offset + 4 > pages.at(page).size()) {
                ++page;
                offset = 0;
            }
            offset += 4;
            return Number(pages.at(page), offset - 4, 4);
        };
        for (std::uint32_t i = 0; i < shape_pages; ++i) {
            const Bytes& bytes = pages.at(i);
            if (next() != Number(bytes, 0, 4) || Number(bytes, 0, 4) != shapes_.size()) {
                throw std::logic_error("shape page out of order");
            }
            const std::uint32_t count = Number(bytes, 4, 2);
            std::size_t begin = 8 + 2 * count;
            for (std::uint32_t s = 0; s < count; ++s) {
                const std::size_t end = Number(bytes, 8 + 2 * s, 2);
                shapes_.emplace_back(bytes.begin() + begin, bytes.begin() + end);
                begin = end;
            }
        }
        if (shapes_.size() != shape_count) {
            throw std::logic_error("shapes are missing");
        }
        for (std::uint32_t& symbol : row_code_.ranked) {
            symbol = next();
        }
        for (std::uint32_t& word : word_code_.ranked) {
            word = next();
        }
    }

    void ReadPage(const Bytes& page) {
        if (Number(page, 0, 4) != rows_.size()) {
            throw std::logic_error("page out of order");
        }
        const std::uint32_t count = Number(page, 4, 2);
        std::size_t bit = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (i % 8 == 0) {
                bit = 8 * std::size_t{Number(page, 8 + 2 * (i / 8), 2)};
            }
            rows_.push_back(ReadRow(page, bit));
        }
    }

    static std::uint64_t Bits(const Bytes& page, std::size_t& bit, unsigned count) {
        std::uint64_t value = 0;
        for (unsigned i = 0; i < count; ++i, ++bit) {
            value |= std::uint64_t{page.at(bit / 8) >> (bit % 8) & 1u} << i;
        }
        return value;
    }

    static std::uint32_t Symbol(const Code& code, const Bytes& page, std::size_t& bit) {
        const auto bucket = static_cast<unsigned>(Bits(page, bit, code.selector_bits));
        const std::uint64_t offset = Bits(page, bit, code.width.at(bucket));
        if (code.escape && bucket == code.buckets - 1) {
            return static_cast<std::uint32_t>(offset);
        }
        std::uint64_t base = 0;
        for (unsigned i = 0; i < bucket; ++i) {
            base += std::uint64_t{1} << code.width.at(i);
        }
        return code.ranked.at(base + offset);
    }

    NaiveRow ReadRow(const Bytes& page, std::size_t& bit) const {
        NaiveRow row;
        const std::uint32_t symbol = Symbol(row_code_, page, bit);
        if (symbol == 1) {
            unsigned width = 0;
            while ((std::uint64_t{1} << width) < opaque_count_) {
                ++width;
            }
            row.kind = NaiveRow::kOpaque;
            row.opaque_id = static_cast<std::uint32_t>(Bits(page, bit, width));
        } else if (symbol > 1) {
            row.kind = NaiveRow::kRegular;
            row.shape = symbol - 2;
            for (const char c : shapes_.at(row.shape)) {
                if (c == static_cast<char>(0x80)) {
                    row.words.push_back(Symbol(word_code_, page, bit));
                }
            }
        }
        return row;
    }

    std::uint32_t word_count_ = 0;
    std::uint32_t opaque_count_ = 0;
    Code row_code_;
    Code word_code_;
    std::vector<std::string> shapes_;
    std::vector<NaiveRow> rows_;
};

}  // namespace namedex::reference
