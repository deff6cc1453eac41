// Fuzzes LIKE: matching, the decomposition into word terms, and splitting, against the naive twins.
//
// Input: byte 0 chooses operator (modulo 5) and encoding (divided by 5, modulo 3), byte 1 is the
// pattern's length (capped by what is there), then the pattern, and the rest is the value.
// Both are cut to 64 bytes, which bounds the naive twin's work.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "core/like_pattern.hpp"
#include "core/split.hpp"
#include "reference/naive_like.hpp"

namespace {

using namespace namedex;

constexpr std::size_t kLongest = 64;

class AsciiFolder : public core::Folder {
  public:
    explicit AsciiFolder(const core::Encoding& its_encoding) {
        encoding = its_encoding;
        ascii_bytewise = true;
        ascii_fold = core::AsciiLowerTable();
        context_free = true;
    }
    void Fold(std::string_view in, std::string& out) const override {
        out.assign(in);
        for (char& byte : out) {
            const auto index = static_cast<unsigned char>(byte);
            byte = index < 0x80 ? static_cast<char>(ascii_fold[index]) : byte;
        }
    }
};

[[noreturn]] void Fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::abort();
}

// A folder and a splitter, which are kept: a splitter that forgot its memory each time would be
// slow.
struct Kit {
    explicit Kit(const core::Encoding& its_encoding)
        : encoding(its_encoding), folder(its_encoding), splitter(folder) {}
    core::Encoding encoding;
    AsciiFolder folder;
    core::Splitter splitter;
};

void CheckSplit(Kit& kit, std::string_view value) {
    const core::Encoding& encoding = kit.encoding;
    const AsciiFolder& folder = kit.folder;
    core::SplitValue split;
    kit.splitter.Split(value, split);
    std::string fold;
    folder.Fold(value, fold);
    if (split.folded_value != fold) {
        Fail("the fold of the whole value differs");
    }
    const bool nul = value.find('\0') != std::string_view::npos;
    if (split.opaque != nul && (nul || reference::IsValidText(encoding, value))) {
        Fail("opaque, or not, against the rules");
    }
    if (split.opaque) {
        return;
    }
    const reference::NaiveSplit naive = reference::SplitNaively(value);
    bool same = split.shape == naive.shape && split.words.size() == naive.words.size();
    for (std::size_t i = 0; same && i < naive.words.size(); ++i) {
        folder.Fold(naive.words[i].text, fold);
        same = split.words[i].original == naive.words[i].text && split.words[i].folded == fold &&
               split.words[i].word_class == naive.words[i].word_class;
    }
    if (!same) {
        Fail("the words differ");
    }
}

void CheckPattern(core::Operator op, const core::Encoding& encoding, std::string_view pattern,
                  std::string_view value) {
    const core::LikePattern compiled = core::LikePattern::Compile(op, pattern, encoding);
    const bool valid = reference::IsValidText(encoding, value);
    if (valid) {
        const std::string fault = reference::FaultIn(compiled, encoding, pattern, value);
        if (!fault.empty()) {
            Fail(fault);
        }
        return;
    }
    // Nothing is promised of invalid text but that it is read within its bounds, and in UTF-8 that
    // the answer is the byte-by-byte one.
    const bool matches = compiled.Matches(value);
    if (encoding.kind == core::EncodingKind::kUtf8 && !compiled.trailing_escape() &&
        matches != reference::NaiveMatches(op, encoding, pattern, value)) {
        Fail("Matches differs on invalid text");
    }
    for (const auto& alternative : compiled.alternatives()) {
        for (const auto& term : alternative.terms) {
            (void)term.MatchesWord(value);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) {
        return 0;
    }
    static Kit kits[] = {Kit(reference::SingleByte()), Kit(reference::Utf8()),
                         Kit(reference::Euc())};
    const auto op = static_cast<core::Operator>(data[0] % 5);
    Kit& kit = kits[data[0] / 5 % 3];
    const std::size_t pattern_size = std::min({kLongest, std::size_t{data[1]}, size - 2});
    const std::size_t value_size = std::min(kLongest, size - 2 - pattern_size);
    // Blocks of exactly the texts' sizes, so that AddressSanitizer sees overreads.
    const std::unique_ptr<char[]> pattern(new char[pattern_size]);
    const std::unique_ptr<char[]> value(new char[value_size]);
    std::copy_n(data + 2, pattern_size, pattern.get());
    std::copy_n(data + 2 + pattern_size, value_size, value.get());
    const std::string_view value_text(value.get(), value_size);

    CheckPattern(op, kit.encoding, {pattern.get(), pattern_size}, value_text);
    CheckSplit(kit, value_text);
    return 0;
}
