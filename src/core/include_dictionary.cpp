#include "core/include_dictionary.hpp"

#include <algorithm>

#include "core/byte_run.hpp"
#include "core/hash_bytes.hpp"

namespace namedex::core {

std::optional<std::uint32_t> IncludeDictionaryWriter::CodeOf(std::string_view value) {
    if (last_ < ends_.size() && Entry(last_) == value) {
        return last_;
    }
    const std::uint32_t hash = HashBits(HashBytes(value, 0));
    const bool known = codes_.Find(hash, [&](std::uint32_t code) {
        last_ = code;
        return Entry(code) == value;
    });
    if (!known) {
        if (value.size() > kMaxInlineBytes || ends_.size() == kMaxDictionaryEntries ||
            text_.size() + value.size() > kMaxDictionaryBytes) {
            return std::nullopt;
        }
        last_ = static_cast<std::uint32_t>(ends_.size());
        text_.append(value);
        ends_.push_back(static_cast<std::uint32_t>(text_.size()));
        codes_.Add(hash, last_, nullptr);
    }
    return last_;
}

void IncludeDictionaryWriter::Write(SectionWriter& section) const {
    std::string head;
    head.reserve(8 + 2 * ends_.size());
    PutLe<std::uint32_t>(head, static_cast<std::uint32_t>(ends_.size()));
    PutLe<std::uint32_t>(head, static_cast<std::uint32_t>(text_.size()));
    for (std::uint32_t code = 0; code < ends_.size(); ++code) {
        PutLe<std::uint16_t>(head, static_cast<std::uint16_t>(Entry(code).size()));
    }
    AppendRun(section, head);
    AppendRun(section, text_);
}

IncludeDictionary::IncludeDictionary(const SectionReader& section, unsigned width,
                                     std::pmr::memory_resource* memory)
    : bytes_(memory), starts_(memory) {
    PinnedPage pin;
    Loc at;
    ReadRun(section, pin, at, 8, bytes_);
    const std::size_t entries = LoadLe<std::uint32_t>(bytes_.data());
    const std::size_t text = LoadLe<std::uint32_t>(bytes_.data() + 4);
    if (entries > kMaxDictionaryEntries || text > kMaxDictionaryBytes) {
        ThrowCorrupt("the dictionary of an INCLUDE column is larger than it may be");
    }
    ReadRun(section, pin, at = {}, 8 + 2 * entries + text, bytes_);
    starts_.reserve(entries + 1);
    std::size_t end = 8 + 2 * entries;
    starts_.push_back(static_cast<std::uint32_t>(end));
    for (std::size_t code = 0; code < entries; ++code) {
        const std::size_t size = LoadLe<std::uint16_t>(bytes_.data() + 8 + 2 * code);
        end += size;
        if (end > bytes_.size() || (width != 0 && size != width)) {
            ThrowCorrupt("an entry of an INCLUDE column's dictionary has an impossible size");
        }
        starts_.push_back(static_cast<std::uint32_t>(end));
    }
}

}  // namespace namedex::core
