#include "core/like_matcher.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/byte_masks.hpp"

namespace namedex::core {

namespace {

// A literal of up to so many bytes is compared at every place of the longest text in a few
// milliseconds.
constexpr std::size_t kLongLiteral = 64;

// So few characters are skipped as fast as a run is matched.
constexpr std::size_t kManyCharacters = 8;

template <typename Int>
inline Int LoadAs(const char* from) {
    Int value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// Compares as two overlapping integers what is short, as most literals are: no call, no loop.
inline bool SameBytes(const char* a, const char* b, std::size_t size) {
    const auto same_as = [&](auto integer) {
        using Int = decltype(integer);
        const std::size_t tail = size - sizeof(Int);
        return ((LoadAs<Int>(a) ^ LoadAs<Int>(b)) |
                (LoadAs<Int>(a + tail) ^ LoadAs<Int>(b + tail))) == 0;
    };
    if (size > 16) {
        return std::memcmp(a, b, size) == 0;
    }
    if (size >= 8) {
        return same_as(std::uint64_t{});
    }
    if (size >= 4) {
        return same_as(std::uint32_t{});
    }
    if (size >= 2) {
        return same_as(std::uint16_t{});
    }
    return size == 0 || *a == *b;
}

// Counts the steps that one text takes and polls now and then. A step is a run or a character, some
// nanoseconds, or 16 bytes of a literal. Callers poll for each thousand texts, so that neither many
// short texts nor a long one keep a cancel waiting.
class Steps {
  public:
    explicit Steps(void (*poll)()) : poll_(poll) {}

    void Add(std::size_t steps) {
        steps_ += steps;
        if (steps_ >= kStepsPerPoll) {
            Poll();
        }
    }
    void AddLiteral(std::size_t size) { Add(size / 16); }

  private:
    static constexpr std::size_t kStepsPerPoll = 8192;

    [[gnu::noinline]] void Poll() {
        steps_ = 0;
        if (poll_ != nullptr) {
            poll_();
        }
    }

    void (*poll_)();
    std::size_t steps_ = 0;
};

// The first place in [at, end) where the literal (at least 1 byte) stands, or null. Its first two
// bytes sort out nearly all places without a branch for each.
inline const char* FindBytes(const char* at, const char* end, const char* literal,
                             std::size_t size, Steps& steps) {
    const bool one_byte = size == 1;
    const std::size_t stride = one_byte ? kMaskBytes : kMaskBytes - 1;
    while (static_cast<std::size_t>(end - at) >= size) {
        const std::size_t room = std::min(kMaskBytes, static_cast<std::size_t>(end - at));
        std::uint64_t places = EqualMask(at, room, literal[0]);
        if (places != 0 && !one_byte) {
            places &= EqualMask(at, room, literal[1]) >> 1;
        }
        for (; places != 0; places &= places - 1) {
            const char* place = at + __builtin_ctzll(places);
            if (static_cast<std::size_t>(end - place) < size) {
                return nullptr;
            }
            if (size <= 2 || SameBytes(place + 2, literal + 2, size - 2)) {
                return place;
            }
            if (size > kLongLiteral) {
                steps.AddLiteral(size);
            }
        }
        if (room < kMaskBytes) {
            return nullptr;
        }
        at += stride;
    }
    return nullptr;
}

inline bool StartsWith(std::string_view text, std::string_view literal) {
    return text.size() >= literal.size() && SameBytes(text.data(), literal.data(), literal.size());
}

inline bool EndsWith(std::string_view text, std::string_view literal) {
    return text.size() >= literal.size() &&
           SameBytes(text.data() + (text.size() - literal.size()), literal.data(), literal.size());
}

// The bytes a UTF-8 lead byte announces.
std::size_t Utf8LengthOf(unsigned char lead) {
    return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// Gathers parts while the pattern is read from left to right.
class PartCollector {
  public:
    explicit PartCollector(ParsedPattern& out) : out_(out) {}

    void Literal(char byte) { run_.literal.push_back(byte); }

    void AnyCharacter() {
        if (!run_.literal.empty()) {
            EndRun();
        }
        ++run_.skip;
    }

    void EndPart() {
        if (run_.skip > 0 || !run_.literal.empty()) {
            EndRun();
        }
        if (!part_.empty()) {
            out_.parts.push_back(std::move(part_));
            part_ = {};
        }
    }

  private:
    void EndRun() {
        part_.push_back(std::move(run_));
        run_ = {};
    }

    ParsedPattern& out_;
    PatternPart part_;
    PatternRun run_;
};

}  // namespace

ParsedPattern ParseLike(std::string_view pattern) {
    ParsedPattern parsed;
    PartCollector collector(parsed);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char byte = pattern[i];
        parsed.anchored_end = byte != '%';
        if (byte == '%') {
            collector.EndPart();
            if (parsed.parts.empty()) {
                parsed.anchored_start = false;
            }
        } else if (byte == '_') {
            collector.AnyCharacter();
        } else if (byte != '\\') {
            collector.Literal(byte);
        } else if (++i < pattern.size()) {
            collector.Literal(pattern[i]);
        } else {
            parsed.trailing_escape = true;
        }
    }
    collector.EndPart();
    return parsed;
}

ParsedPattern ParseLiteral(std::string_view text, bool open_end) {
    ParsedPattern parsed;
    if (!text.empty()) {
        parsed.parts.push_back({PatternRun{0, std::string(text)}});
    }
    parsed.anchored_end = !open_end;
    parsed.anchored_start = !(open_end && text.empty());
    return parsed;
}

bool IsWellFormed(std::string_view literal, const Encoding& encoding) {
    if (encoding.kind == EncodingKind::kSingleByte) {
        return true;
    }
    std::size_t at = 0;
    while (at < literal.size()) {
        const auto lead = static_cast<unsigned char>(literal[at]);
        std::size_t length = 1;
        if (lead >= 0x80) {
            // With room after the end a character cut off there shows as one that is too long.
            char head[8] = {};
            std::memcpy(head, literal.data() + at, std::min<std::size_t>(4, literal.size() - at));
            length = encoding.kind == EncodingKind::kUtf8 ? Utf8LengthOf(lead)
                                                          : encoding.CharLength(head, sizeof head);
            if (length > literal.size() - at ||
                (encoding.kind == EncodingKind::kUtf8 && length < 2)) {
                return false;
            }
        }
        for (std::size_t i = 1; i < length; ++i) {
            const char byte = literal[at + i];
            if (encoding.kind == EncodingKind::kUtf8 ? !Encoding::IsUtf8Continuation(byte)
                                                     : static_cast<unsigned char>(byte) < 0x80) {
                return false;
            }
        }
        at += length;
    }
    return true;
}

bool IsWellFormed(const ParsedPattern& pattern, const Encoding& encoding) {
    for (const PatternPart& part : pattern.parts) {
        for (const PatternRun& run : part) {
            if (!IsWellFormed(run.literal, encoding)) {
                return false;
            }
        }
    }
    return true;
}

// Steps over the characters of one text. Places are pointers into it; null means no match.
template <EncodingKind kKind>
struct LikeMatcher::Walk {
    const LikeMatcher& matcher;
    const char* end;
    Steps& steps;

    const char* Next(const char* at) const {
        if constexpr (kKind == EncodingKind::kSingleByte) {
            return at + 1;
        } else if constexpr (kKind == EncodingKind::kUtf8) {
            ++at;
            while (at < end && Encoding::IsUtf8Continuation(*at)) {
                ++at;
            }
            return at;
        } else {
            return at + matcher.encoding_.CharLength(at, static_cast<std::size_t>(end - at));
        }
    }

    // The place `count` characters after `at`.
    const char* Skip(const char* at, std::size_t count) const {
        if (count > static_cast<std::size_t>(end - at)) {
            return nullptr;
        }
        if (count > kManyCharacters) {
            steps.Add(count);
        }
        for (; count > 0; --count) {
            if (at >= end) {
                return nullptr;
            }
            at = Next(at);
        }
        return at;
    }

    // The place after the runs [run, stop), the first of which begins at `at`.
    const char* MatchRuns(std::size_t run, std::size_t stop, const char* at) const {
        const std::size_t first = run;
        for (; run < stop; ++run) {
            const Run& r = matcher.runs_[run];
            if (r.skip > 0 && (at = Skip(at, r.skip)) == nullptr) {
                break;
            }
            if (static_cast<std::size_t>(end - at) < r.literal_size ||
                !SameBytes(at, matcher.literals_.data() + r.literal, r.literal_size)) {
                at = nullptr;
                break;
            }
            at += r.literal_size;
            if (r.literal_size > kLongLiteral) {
                steps.AddLiteral(r.literal_size);
            }
        }
        steps.Add(run - first + 1);
        return at;
    }

    // The first place at or after `at`, and between characters, where the literal stands.
    const char* FindLiteral(const Run& run, const char* at) const {
        const char* literal = matcher.literals_.data() + run.literal;
        if constexpr (kKind != EncodingKind::kMultiByte) {
            // A well-formed literal begins where a character begins, so bytes cannot mislead.
            return FindBytes(at, end, literal, run.literal_size, steps);
        } else {
            for (; static_cast<std::size_t>(end - at) >= run.literal_size; at = Next(at)) {
                steps.Add(1);
                if (*at == *literal) {
                    if (SameBytes(at, literal, run.literal_size)) {
                        return at;
                    }
                    steps.AddLiteral(run.literal_size);
                }
            }
            return nullptr;
        }
    }

    // The place after the leftmost match of the part at or after `at`.
    const char* FindPart(const Part& part, const char* at) const {
        const Run& first = matcher.runs_[part.first_run];
        at = Skip(at, first.skip);
        if (at == nullptr || first.literal_size == 0) {  // nothing, or '_' alone
            return at;
        }
        while ((at = FindLiteral(first, at)) != nullptr) {
            const char* after =
                MatchRuns(part.first_run + 1, part.end_run, at + first.literal_size);
            if (after != nullptr) {
                return after;
            }
            at = Next(at);
        }
        return nullptr;
    }

    // True if the part matches some [place, end) with place at or after `from`.
    bool MatchesAtEnd(const Part& part, const char* from) const {
        const Run& last = matcher.runs_[part.end_run - 1];
        const Run& first = matcher.runs_[part.first_run];
        const char* at = Skip(from, first.skip);
        if (at == nullptr || static_cast<std::size_t>(end - at) < last.literal_size ||
            !SameBytes(end - last.literal_size, matcher.literals_.data() + last.literal,
                       last.literal_size)) {
            return false;
        }
        const bool decided = part.end_run - part.first_run == 1 &&
                             (kKind != EncodingKind::kMultiByte || last.literal_size == 0);
        if (decided) {
            return true;
        }
        while ((at = FindLiteral(first, at)) != nullptr) {
            if (MatchRuns(part.first_run + 1, part.end_run, at + first.literal_size) == end) {
                return true;
            }
            at = Next(at);
        }
        return false;
    }
};

LikeMatcher::LikeMatcher(const ParsedPattern& pattern, const Encoding& encoding)
    : encoding_(encoding),
      anchored_start_(pattern.anchored_start),
      anchored_end_(pattern.anchored_end) {
    for (const PatternPart& part : pattern.parts) {
        AddPart(part);
    }
    if (parts_.empty()) {
        plan_ = anchored_start_ ? Plan::kExact : Plan::kEverything;
        return;
    }
    plan_ = Plan::kParts;
    if (parts_.size() > 1 || runs_.size() > 1 || runs_[0].skip > 0) {
        return;
    }
    const bool byte_hit_suffices = encoding_.kind != EncodingKind::kMultiByte ||
                                   static_cast<unsigned char>(literals_[0]) < 0x80;
    if (anchored_start_) {
        plan_ = anchored_end_ ? Plan::kExact : Plan::kPrefix;
    } else if (byte_hit_suffices) {
        plan_ = anchored_end_ ? Plan::kSuffix : Plan::kContains;
    }
}

void LikeMatcher::AddPart(const PatternPart& part) {
    parts_.push_back({runs_.size(), runs_.size() + part.size()});
    for (const PatternRun& run : part) {
        runs_.push_back({run.skip, literals_.size(), run.literal.size()});
        literals_ += run.literal;
        min_bytes_ += run.skip + run.literal.size();
    }
}

template <EncodingKind kKind>
bool LikeMatcher::MatchesParts(std::string_view text) const {
    const char* at = text.data();
    Steps steps(encoding_.poll);
    const Walk<kKind> walk{*this, at + text.size(), steps};
    std::size_t part = 0;
    std::size_t middle_end = parts_.size();
    if (anchored_start_) {
        at = walk.MatchRuns(parts_[0].first_run, parts_[0].end_run, at);
        if (at == nullptr) {
            return false;
        }
        if (parts_.size() == 1) {
            return !anchored_end_ || at == walk.end;
        }
        part = 1;
    }
    if (anchored_end_) {
        --middle_end;
    }
    for (; part < middle_end; ++part) {
        at = walk.FindPart(parts_[part], at);
        if (at == nullptr) {
            return false;
        }
    }
    return !anchored_end_ || walk.MatchesAtEnd(parts_.back(), at);
}

void LikeMatcher::AppendKey(std::string& key) const {
    const auto put = [&key](std::size_t number) {
        key.append(reinterpret_cast<const char*>(&number), sizeof number);
    };
    put(static_cast<std::size_t>(plan_));
    put(anchored_start_ ? 1 : 0);
    put(anchored_end_ ? 1 : 0);
    put(runs_.size());
    for (const Run& run : runs_) {
        put(run.skip);
        put(run.literal);
        put(run.literal_size);
    }
    put(parts_.size());
    for (const Part& part : parts_) {
        put(part.first_run);
        put(part.end_run);
    }
    put(literals_.size());
    key.append(literals_);
}

bool LikeMatcher::Matches(std::string_view text) const {
    if (text.size() < min_bytes_) {
        return false;
    }
    switch (plan_) {
        case Plan::kEverything:
            return true;
        case Plan::kExact:
            return text == literals_;
        case Plan::kPrefix:
            return StartsWith(text, literals_);
        case Plan::kSuffix:
            return EndsWith(text, literals_);
        case Plan::kContains: {
            Steps steps(encoding_.poll);
            return FindBytes(text.data(), text.data() + text.size(), literals_.data(),
                             literals_.size(), steps) != nullptr;
        }
        case Plan::kParts:
            break;
    }
    switch (encoding_.kind) {
        case EncodingKind::kSingleByte:
            return MatchesParts<EncodingKind::kSingleByte>(text);
        case EncodingKind::kUtf8:
            return MatchesParts<EncodingKind::kUtf8>(text);
        case EncodingKind::kMultiByte:
            break;
    }
    return MatchesParts<EncodingKind::kMultiByte>(text);
}

}  // namespace namedex::core
