#include "core/word_entry.hpp"

namespace namedex::core {
namespace {

constexpr std::uint8_t kSingleBit = 0x10;
constexpr std::uint8_t kReservedBit = 0x20;
constexpr unsigned kCaseShift = 6;

char AsciiUpper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool HasRows(const ClassPostings (&classes)[kWordClasses]) {
    for (const ClassPostings& postings : classes) {
        if (postings.rows != nullptr && postings.count > 0) {
            return true;
        }
    }
    return false;
}

void PutOrdinals(const ClassPostings& postings, unsigned ordinal_bytes,
                 std::pmr::vector<std::uint8_t>& out) {
    std::uint64_t least = 0;
    for (std::uint32_t i = 0; i < postings.count; ++i) {
        const std::uint64_t row = postings.rows[i];
        if (row < least || row >> (8 * ordinal_bytes) != 0) {
            Throw(ErrorCode::kInternal, "row ordinals of a word are out of order or too large");
        }
        least = row + 1;
        for (unsigned b = 0; b < ordinal_bytes; ++b) {
            out.push_back(static_cast<std::uint8_t>(row >> (8 * b)));
        }
    }
}

std::string_view ReadExplicit(ByteReader& reader) {
    const std::uint64_t size = reader.Varint();
    if (size == 0 || size > kMaxWordBytes) {
        ThrowCorrupt("an original word has an impossible length");
    }
    const auto bytes = static_cast<std::size_t>(size);
    return {reinterpret_cast<const char*>(reader.Take(bytes)), bytes};
}

// Byte 0, checked as far as it can be alone.
std::uint8_t ReadHead(ByteReader& reader) {
    const std::uint8_t head = reader.U8();
    const unsigned mask = head & kAllClasses;
    if (mask == 0 || (head & kReservedBit) != 0 ||
        ((head & kSingleBit) != 0 && (mask & (mask - 1)) != 0)) {
        ThrowCorrupt("a word's entry begins with an impossible byte");
    }
    return head;
}

std::uint32_t ReadCount(ByteReader& reader, bool& inlined) {
    const std::uint64_t coded = reader.Varint();
    const std::uint64_t count = coded >> 1;
    if (count == 0 || count > 0xFFFFFFFFu) {
        ThrowCorrupt("a word's class has an impossible count");
    }
    inlined = (coded & 1) != 0;
    return static_cast<std::uint32_t>(count);
}

}  // namespace

void EncodeWordEntry(std::string_view folded, std::string_view original,
                     const ClassPostings (&classes)[kWordClasses], unsigned ordinal_bytes,
                     std::pmr::vector<std::uint8_t>& out) {
    unsigned mask = 0;
    std::uint64_t total = 0;
    for (int c = 0; c < kWordClasses; ++c) {
        total += classes[c].count;
        mask |= classes[c].count > 0 ? 1u << c : 0u;
    }
    if (mask == 0 || ordinal_bytes < 1 || ordinal_bytes > 4) {
        Throw(ErrorCode::kInternal, "a word's entry has no postings or no ordinal width");
    }
    const std::uint8_t form = CaseFormOf(folded, original);
    if (form == kCaseExplicit && (original.empty() || original.size() > kMaxWordBytes)) {
        Throw(ErrorCode::kInternal, "an original word has an impossible length");
    }
    const bool single = total == 1 && HasRows(classes);
    out.push_back(static_cast<std::uint8_t>(mask | (single ? kSingleBit : 0u) |
                                            unsigned{form} << kCaseShift));
    if (form == kCaseExplicit) {
        PutVarint(out, original.size());
        for (const char c : original) {
            out.push_back(static_cast<std::uint8_t>(c));
        }
    }
    for (const ClassPostings& postings : classes) {
        if (postings.count == 0) {
            continue;
        }
        if (!single) {
            PutVarint(out, std::uint64_t{postings.count} << 1 | (postings.rows != nullptr ? 1 : 0));
        }
        if (postings.rows != nullptr) {
            PutOrdinals(postings, ordinal_bytes, out);
        } else {
            PutVarint(out, postings.loc.page);
            PutVarint(out, postings.loc.offset);
        }
    }
}

void EncodeInlineEntry(std::string_view folded, std::string_view original,
                       const OrdinalSpan (&ordinals)[kWordClasses], unsigned ordinal_bytes,
                       std::pmr::vector<std::uint8_t>& out) {
    ClassPostings classes[kWordClasses];
    for (int c = 0; c < kWordClasses; ++c) {
        classes[c] = {static_cast<std::uint32_t>(ordinals[c].size), ordinals[c].data, {}};
    }
    EncodeWordEntry(folded, original, classes, ordinal_bytes, out);
}

WordEntry ParseWordEntry(ByteReader& reader, unsigned ordinal_bytes) {
    const std::uint8_t head = ReadHead(reader);
    WordEntry entry;
    entry.mask = head & kAllClasses;
    entry.case_form = head >> kCaseShift;
    entry.ordinal_bytes = static_cast<std::uint8_t>(ordinal_bytes);
    if (entry.case_form == kCaseExplicit) {
        entry.explicit_original = ReadExplicit(reader);
    }
    if ((head & kSingleBit) != 0) {
        const int c = __builtin_ctz(entry.mask);
        entry.count[c] = 1;
        entry.inline_bytes[c] = {reader.Take(ordinal_bytes), ordinal_bytes};
        return entry;
    }
    for (unsigned mask = entry.mask; mask != 0; mask &= mask - 1) {
        const int c = __builtin_ctz(mask);
        bool inlined = false;
        const std::uint32_t count = ReadCount(reader, inlined);
        entry.count[c] = count;
        if (inlined) {
            const std::size_t size = std::size_t{count} * ordinal_bytes;
            entry.inline_bytes[c] = {reader.Take(size), size};
        } else {
            entry.lists[c].count = count;
            entry.lists[c].loc.page = reader.Varint32();
            entry.lists[c].loc.offset = reader.Varint32();
        }
    }
    return entry;
}

void SkipWordEntry(ByteReader& reader, unsigned ordinal_bytes) {
    const std::uint8_t head = ReadHead(reader);
    if (head >> kCaseShift == kCaseExplicit) {
        ReadExplicit(reader);
    }
    if ((head & kSingleBit) != 0) {
        reader.Take(ordinal_bytes);
        return;
    }
    for (unsigned mask = head & kAllClasses; mask != 0; mask &= mask - 1) {
        bool inlined = false;
        const std::uint32_t count = ReadCount(reader, inlined);
        if (inlined) {
            reader.Take(std::size_t{count} * ordinal_bytes);
        } else {
            reader.Varint32();
            reader.Varint32();
        }
    }
}

void WordEntry::AppendInline(WordClass word_class, std::uint32_t row_count,
                             std::pmr::vector<RowOrdinal>& out) const {
    ForEachInline(word_class, row_count, [&](RowOrdinal row) { out.push_back(row); });
}

std::uint8_t CaseFormOf(std::string_view folded, std::string_view original) {
    if (folded == original) {
        return kCaseSame;
    }
    if (folded.empty() || folded.size() != original.size()) {
        return kCaseExplicit;
    }
    if (original[0] == AsciiUpper(folded[0]) && original.substr(1) == folded.substr(1)) {
        return kCaseCapitalised;
    }
    for (std::size_t i = 0; i < folded.size(); ++i) {
        if (original[i] != AsciiUpper(folded[i])) {
            return kCaseExplicit;
        }
    }
    return kCaseUpper;
}

void AppendOriginal(std::string_view folded, const WordEntry& entry, std::string& out) {
    const std::size_t start = out.size();
    switch (entry.case_form) {
        case kCaseSame:
            out.append(folded);
            break;
        case kCaseCapitalised:
            out.append(folded);
            if (!folded.empty()) {
                out[start] = AsciiUpper(out[start]);
            }
            break;
        case kCaseUpper:
            out.append(folded);
            for (std::size_t i = start; i < out.size(); ++i) {
                out[i] = AsciiUpper(out[i]);
            }
            break;
        default:
            out.append(entry.explicit_original);
            break;
    }
}

}  // namespace namedex::core
