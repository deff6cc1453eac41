#include "core/pattern_set.hpp"

#include <algorithm>
#include <functional>

namespace namedex::core {

// Appends what the pattern is without its escapes and the '%' at its end. If there is more to it,
// it appends something and returns false.
bool PatternSet::AppendUnescaped(std::string_view pattern, bool& open_end) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        switch (pattern[i]) {
            case '_':
                return false;
            case '%':
                open_end = true;
                return pattern.find_first_not_of('%', i) == std::string_view::npos;
            case '\\':
                if (++i == pattern.size()) {
                    return false;
                }
                break;
            default:
                break;
        }
        texts_.push_back(pattern[i]);
    }
    return true;
}

bool PatternSet::Add(std::string_view pattern, const Encoding& encoding) {
    const std::size_t begin = texts_.size();
    bool open_end = op_ == Operator::kPrefix;
    bool takes = true;
    if (op_ == Operator::kLike || op_ == Operator::kILike) {
        takes = AppendUnescaped(pattern, open_end) &&
                IsWellFormed(std::string_view(texts_).substr(begin), encoding);
    } else {
        texts_ += op_ == Operator::kEqualIgnoringTrailingSpaces ? WithoutTrailingSpaces(pattern)
                                                                : pattern;
    }
    const std::size_t size = texts_.size() - begin;
    if (!takes || (open_end && size == 0)) {
        texts_.resize(begin);
        return false;
    }
    members_.push_back({begin, size, open_end});
    return true;
}

void PatternSet::Finish() {
    std::sort(members_.begin(), members_.end(), [this](const Place& a, const Place& b) {
        const int order = TextOf(a).compare(TextOf(b));
        return order != 0 ? order < 0 : a.open_end > b.open_end;
    });
    // What begins with an open member's text stands right behind it.
    std::size_t kept = 0;
    for (const Place& place : members_) {
        if (kept > 0) {
            const Place& last = members_[kept - 1];
            const std::string_view text = TextOf(place);
            if (last.open_end ? text.substr(0, last.size) == TextOf(last) : text == TextOf(last)) {
                continue;
            }
        }
        members_[kept++] = place;
    }
    members_.resize(kept);

    std::size_t size = 1;
    while (size < 2 * members_.size()) {
        size *= 2;
    }
    slots_.assign(size, {});
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const std::uint64_t hash = std::hash<std::string_view>{}(TextOf(members_[i]));
        std::size_t at = hash & (size - 1);
        while (slots_[at].member != 0) {
            at = (at + 1) & (size - 1);
        }
        slots_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(i + 1)};
        if (members_[i].open_end) {
            prefix_sizes_.push_back(members_[i].size);
        }
    }
    std::sort(prefix_sizes_.begin(), prefix_sizes_.end());
    prefix_sizes_.erase(std::unique(prefix_sizes_.begin(), prefix_sizes_.end()),
                        prefix_sizes_.end());
}

const PatternSet::Place* PatternSet::Find(std::string_view text) const {
    const std::uint64_t hash = std::hash<std::string_view>{}(text);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask; slots_[at].member != 0; at = (at + 1) & mask) {
        const Place& place = members_[slots_[at].member - 1];
        if (slots_[at].hash == static_cast<std::uint32_t>(hash >> 32) && TextOf(place) == text) {
            return &place;
        }
    }
    return nullptr;
}

bool PatternSet::Accepts(std::string_view text) const {
    if (members_.empty()) {
        return false;
    }
    if (op_ == Operator::kEqualIgnoringTrailingSpaces) {
        text = WithoutTrailingSpaces(text);
    }
    if (Find(text) != nullptr) {
        return true;
    }
    for (const std::size_t size : prefix_sizes_) {
        if (size >= text.size()) {
            break;
        }
        const Place* place = Find(text.substr(0, size));
        if (place != nullptr && place->open_end) {
            return true;
        }
    }
    return false;
}

}  // namespace namedex::core
