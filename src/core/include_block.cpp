#include "core/include_block.hpp"

#include <algorithm>

namespace namedex::core {

namespace {

constexpr std::size_t kNumberBitmap = kNumberBlockRows / 8;
constexpr std::size_t kTextBitmap = kTextBlockRows / 8;

// Appends the flags and the bitmap, if there is to be one; returns how many rows have a value.
unsigned AppendHead(const NullBits& nulls, unsigned rows, std::uint8_t flags,
                    std::size_t bitmap_bytes, std::pmr::vector<std::uint8_t>& out) {
    const unsigned null_rows = nulls.Count();
    if (null_rows == 0) {
        out.push_back(flags | kNoNulls);
    } else if (null_rows == rows) {
        out.push_back(kAllNulls);
    } else {
        out.push_back(flags | kSomeNulls);
        nulls.Append(bitmap_bytes, out);
    }
    return rows - null_rows;
}

// Reads flags and bitmap; returns how many rows have a value.
unsigned ReadHead(ByteReader& reader, unsigned rows, std::size_t bitmap_bytes, std::uint8_t& flags,
                  bool& any_nulls, NullBits& nulls) {
    flags = reader.U8();
    switch (flags & kNullsMask) {
        case kNoNulls:
            any_nulls = false;
            return rows;
        case kSomeNulls:
            any_nulls = true;
            nulls = NullBits::Load(reader.Take(bitmap_bytes), bitmap_bytes, rows);
            return rows - nulls.Count();
        case kAllNulls:
            any_nulls = true;
            nulls = {};
            for (unsigned row = 0; row < rows; ++row) {
                nulls.Set(row);
            }
            return 0;
        default:
            ThrowCorrupt("a block of an INCLUDE column has impossible flags");
    }
}

ByteReader BlockAt(Span page, std::size_t offset) {
    if (offset > page.size) {
        ThrowCorrupt("a block of an INCLUDE column begins past its page");
    }
    return {page.data + offset, page.size - offset};
}

}  // namespace

NullBits NullBits::Load(const std::uint8_t* from, std::size_t bytes, unsigned rows) {
    NullBits bits;
    for (std::size_t i = 0; i < bytes; ++i) {
        bits.words_[i / 8] |= std::uint64_t{from[i]} << i % 8 * 8;
    }
    for (unsigned word = 0; word < 2; ++word) {
        if (rows < 64 * (word + 1)) {
            bits.words_[word] &= rows > 64 * word ? LowBits(rows - 64 * word) : 0;
        }
    }
    bits.first_ = CountBits(bits.words_[0]);
    return bits;
}

void NullBits::Append(std::size_t bytes, std::pmr::vector<std::uint8_t>& out) const {
    for (std::size_t i = 0; i < bytes; ++i) {
        out.push_back(static_cast<std::uint8_t>(words_[i / 8] >> i % 8 * 8));
    }
}

// ---- numbers ----------------------------------------------------------------------------------

void EncodeNumbers(const std::int64_t* values, const NullBits& nulls, unsigned rows, unsigned width,
                   std::pmr::vector<std::uint8_t>& out) {
    const unsigned count = AppendHead(nulls, rows, 0, kNumberBitmap, out);
    if (count == 0) {
        return;
    }
    const auto [min, max] = std::minmax_element(values, values + count);
    const auto least = static_cast<std::uint64_t>(*min);
    const std::uint64_t range = static_cast<std::uint64_t>(*max) - least;
    // A longer difference could span nine bytes.
    const unsigned bits = range > LowBits(kMaxCodeBits) ? 64 : BitsFor(range + 1);
    for (unsigned i = 0; i < width; ++i) {
        out.push_back(static_cast<std::uint8_t>(least >> 8 * i));
    }
    out.push_back(static_cast<std::uint8_t>(bits));
    if (bits == 64) {
        for (unsigned i = 0; i < count; ++i) {
            PutLe<std::uint64_t>(out, static_cast<std::uint64_t>(values[i]) - least);
        }
        return;
    }
    BitWriter writer(out);
    for (unsigned i = 0; i < count; ++i) {
        writer.Put({static_cast<std::uint64_t>(values[i]) - least, bits});
    }
    writer.Align();
}

void NumberBlock::Open(Span page, std::size_t offset, unsigned rows, unsigned width) {
    ByteReader reader = BlockAt(page, offset);
    std::uint8_t flags;
    const unsigned count = ReadHead(reader, rows, kNumberBitmap, flags, any_nulls_, nulls_);
    if (count == 0) {
        return;
    }
    least_ = static_cast<std::uint64_t>(LoadNumber(reader.Take(width), width));
    bits_ = reader.U8();
    if (bits_ > kMaxCodeBits && bits_ != 64) {
        ThrowCorrupt("numbers of an INCLUDE column have an impossible width");
    }
    mask_ = bits_ == 64 ? ~std::uint64_t{0} : LowBits(bits_);
    packed_ = reader.position();
    reader.Take((std::size_t{count} * bits_ + 7) / 8 + kBitPadding);
}

// ---- texts ------------------------------------------------------------------------------------

namespace {

// What the values that are not long share at their start, or nothing if that is not worth it.
std::string_view PrefixOf(const StoredText* values, unsigned count) {
    std::string_view prefix;
    unsigned sharing = 0;
    for (unsigned i = 0; i < count; ++i) {
        const std::string_view bytes = values[i].bytes;
        if (values[i].is_long) {
            continue;
        }
        if (sharing++ == 0) {
            prefix = bytes.substr(0, kMaxPrefixBytes);
            continue;
        }
        std::size_t size = 0;
        while (size < prefix.size() && size < bytes.size() && prefix[size] == bytes[size]) {
            ++size;
        }
        prefix = prefix.substr(0, size);
    }
    // A value with a prefix has to be put together: a byte of each at least should be saved by it.
    const bool saves = sharing > 1 && prefix.size() * (sharing - 1) > sharing;
    return saves ? prefix : std::string_view();
}

}  // namespace

void EncodeTexts(const StoredText* values, const NullBits& nulls, unsigned rows,
                 std::pmr::vector<std::uint8_t>& out) {
    const unsigned count = rows - nulls.Count();
    const std::string_view prefix = PrefixOf(values, count);
    std::size_t least = SIZE_MAX;
    std::size_t most = 0;
    bool any_long = false;
    const auto rest = [&](unsigned i) {
        return values[i].is_long ? values[i].bytes : values[i].bytes.substr(prefix.size());
    };
    for (unsigned i = 0; i < count; ++i) {
        least = std::min(least, rest(i).size());
        most = std::max(most, rest(i).size());
        any_long |= values[i].is_long;
    }
    const bool one_size = !any_long && least == most && count > 2;
    const std::uint8_t sizes = one_size                 ? kOneSize
                               : any_long || most > 255 ? kWideSizes
                                                        : kShortSizes;
    const auto flags =
        static_cast<std::uint8_t>(sizes << kSizesShift | (prefix.empty() ? 0 : kHasPrefix));
    if (AppendHead(nulls, rows, flags, kTextBitmap, out) == 0) {
        return;
    }
    if (!prefix.empty()) {
        out.push_back(static_cast<std::uint8_t>(prefix.size()));
        out.insert(out.end(), prefix.begin(), prefix.end());
    }
    if (one_size) {
        PutLe<std::uint16_t>(out, static_cast<std::uint16_t>(most));
    }
    for (unsigned i = 0; i < count && !one_size; ++i) {
        if (sizes == kWideSizes) {
            PutLe<std::uint16_t>(
                out, values[i].is_long ? kLongSize : static_cast<std::uint16_t>(rest(i).size()));
        } else {
            out.push_back(static_cast<std::uint8_t>(rest(i).size()));
        }
    }
    for (unsigned i = 0; i < count; ++i) {
        out.insert(out.end(), rest(i).begin(), rest(i).end());
    }
}

void TextBlock::Open(Span page, std::size_t offset, unsigned rows) {
    ByteReader reader = BlockAt(page, offset);
    std::uint8_t flags;
    const unsigned count = ReadHead(reader, rows, kTextBitmap, flags, any_nulls_, nulls_);
    if (count == 0) {
        return;
    }
    page_ = reinterpret_cast<const char*>(page.data);
    prefix_ = {};
    if ((flags & kHasPrefix) != 0) {
        const std::size_t size = reader.U8();
        prefix_ = {reinterpret_cast<const char*>(reader.Take(size)), size};
    }
    // Places are counted from the first value's, and moved behind the sizes at the end.
    std::uint32_t at = 0;
    long_ = 0;
    switch (flags >> kSizesShift & kSizesMask) {
        case kShortSizes: {
            const std::uint8_t* sizes = reader.Take(count);
            for (unsigned i = 0; i < count; ++i) {
                starts_[i] = at;
                at += sizes[i];
            }
            break;
        }
        case kWideSizes: {
            const std::uint8_t* sizes = reader.Take(2 * std::size_t{count});
            for (unsigned i = 0; i < count; ++i) {
                const auto size = LoadLe<std::uint16_t>(sizes + 2 * i);
                starts_[i] = at;
                at += size == kLongSize ? std::uint32_t{kLongRefBytes} : size;
                long_ |= (size == kLongSize ? 1u : 0u) << i;
            }
            break;
        }
        case kOneSize: {
            const std::uint32_t size = reader.U16();
            for (unsigned i = 0; i < count; ++i) {
                starts_[i] = at;
                at += size;
            }
            break;
        }
        default:
            ThrowCorrupt("a block of an INCLUDE column has impossible flags");
    }
    starts_[count] = at;
    const auto first = static_cast<std::uint32_t>(reader.Take(at) - page.data);
    for (unsigned i = 0; i <= count; ++i) {
        starts_[i] += first;
    }
}

}  // namespace namedex::core
