// Random tables of names, random conditions whose patterns are cut from them, and the segments
// built of them: what the tests of whole segments and their fuzz target share.
//
// Everything follows from the seed; no distribution of the standard library is used, as those
// differ between libraries.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <random>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/memory_pages.hpp"
#include "core/original_reader.hpp"
#include "core/row_accumulator.hpp"
#include "core/segment_reader.hpp"
#include "reference/naive_search.hpp"

namespace namedex::reference {

class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    // 0 <= value < n; n >= 1.
    std::uint32_t Below(std::uint64_t n) { return static_cast<std::uint32_t>(engine_() % n); }
    bool Percent(std::uint32_t percent) { return Below(100) < percent; }
    // Below(n), small numbers being much more frequent.
    std::uint32_t Skewed(std::uint32_t n) {
        const double x = static_cast<double>(engine_() >> 11) / 9007199254740992.0;
        return std::min(n - 1, static_cast<std::uint32_t>(x * x * x * x * n));
    }
    template <typename List>
    const auto& Of(const List& list) {
        return list[Below(std::size(list))];
    }

  private:
    std::mt19937_64 engine_;
};

// Folders of UTF-8 text with the kinds of rules that servers have.
class RuleFolder : public core::Folder {
  public:
    enum class Rules {
        kPlain,    // character by character
        kContext,  // capital sigma folds by what follows it, also beyond an apostrophe: values with
                   // it may be opaque
        kTurkish,  // I is i without a dot, unless a combining dot follows: no ASCII literal is safe
    };

    explicit RuleFolder(Rules rules) : rules_(rules) {
        encoding = Utf8();
        ascii_bytewise = rules != Rules::kTurkish;
        if (ascii_bytewise) {
            ascii_fold = core::AsciiLowerTable();
        }
        context_free = rules == Rules::kPlain;
        ascii_words_safe = rules != Rules::kTurkish;
    }

    void Fold(std::string_view in, std::string& out) const override {
        out.clear();
        while (!in.empty()) {
            const std::size_t length = NaiveCharLength(encoding, in);
            const std::string_view character = in.substr(0, length);
            in.remove_prefix(length);
            if (character == "I" && rules_ == Rules::kTurkish) {
                const bool dotted = in.substr(0, 2) == "\xCC\x87";
                out += dotted ? "i" : "\xC4\xB1";
                in.remove_prefix(dotted ? 2 : 0);
            } else if (character.size() == 1) {
                const char c = character[0];
                out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
            } else if (character == "\xCE\xA3") {
                out += rules_ == Rules::kContext && EndsWord(in) ? "\xCF\x82" : "\xCF\x83";
            } else if (character == "\xC4\xB0") {
                out += rules_ == Rules::kTurkish ? "i" : "i\xCC\x87";
            } else if (character == "\xC3\x89") {
                out += "\xC3\xA9";
            } else if (character == "\xC3\x96") {
                out += "\xC3\xB6";
            } else {
                out += character;
            }
        }
    }

  private:
    static bool EndsWord(std::string_view rest) {
        while (!rest.empty() && rest[0] == '\'') {
            rest.remove_prefix(1);
        }
        return rest.empty() || !core::IsWordByte(rest[0]);
    }

    Rules rules_;
};

// Accepts words whose bytes sum up to a multiple of `divisor`.
class SumTest : public core::ValueTest {
  public:
    explicit SumTest(unsigned divisor) : divisor_(divisor) {}
    bool Accepts(std::string_view word) const override {
        unsigned sum = 0;
        for (const char c : word) {
            sum += static_cast<unsigned char>(c);
        }
        return sum % divisor_ == 0;
    }

  private:
    unsigned divisor_;
};

// ---- values ---------------------------------------------------------------------------------

// Words over few letters, so that they share parts and differ in case only.
inline std::string RandomWord(Random& random) {
    static constexpr std::string_view kAscii[] = {"a", "b", "e", "i", "n", "o", "s", "I", "7"};
    static constexpr std::string_view kOther[] = {
        "\xC3\xA9", "\xC3\x89",  "\xCF\x83",     "\xCE\xA3",         "\xCE\xA3",     "\xCF\x82",
        "\xC4\xB0", "I\xCC\x87", "I\xCC\x87",    "\xCC\x87",         "\xE6\xBC\xA2", "\xC3\x96",
        "\xC3\xB6", "\xC4\xB1",  "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
    };
    std::string word;
    const bool other = random.Percent(35);
    for (std::uint32_t n = 1 + random.Below(random.Percent(10) ? 14 : 6); n > 0; --n) {
        word += other && random.Percent(40) ? random.Of(kOther) : random.Of(kAscii);
    }
    return word;
}

inline void ChangeCase(Random& random, std::string& word) {
    const std::uint32_t form = random.Below(8);
    for (std::size_t i = 0; i < word.size(); ++i) {
        const bool upper = form == 0 || (form <= 2 && i == 0) || (form == 3 && random.Percent(50));
        if (upper && word[i] >= 'a' && word[i] <= 'z') {
            word[i] = static_cast<char>(word[i] - ('a' - 'A'));
        }
    }
}

inline std::string RandomText(Random& random, const std::vector<std::string>& vocabulary) {
    static constexpr std::string_view kDelimiters[] = {" ",  " ",  " ", " ", "-", "'",
                                                       ", ", "  ", ".", "%", "_", "\\"};
    if (random.Percent(2)) {
        return "";
    }
    if (random.Percent(1) && random.Percent(25)) {
        switch (random.Below(3)) {
            case 0:  // a word past its limit
                return std::string(core::kMaxWordBytes - 1 + random.Below(4), 's') +
                       (random.Percent(50) ? " ann" : "");
            case 1: {  // more words than may be
                std::string many;
                for (std::uint32_t n = core::kMaxWordsPerValue - 1 + random.Below(3); n > 0; --n) {
                    many += many.empty() ? "ab" : " ab";
                }
                return many;
            }
            default:  // a shape past its limit
                return "a" + std::string(core::kMaxShapeBytes - 2 + random.Below(3), '-');
        }
    }
    std::string text(random.Percent(5) ? random.Of(kDelimiters) : "");
    const std::uint32_t words = random.Percent(5) ? random.Below(12) : 1 + random.Below(3);
    for (std::uint32_t i = 0; i < words; ++i) {
        if (i > 0) {
            text += random.Of(kDelimiters);
        }
        std::string word = vocabulary[random.Skewed(static_cast<std::uint32_t>(vocabulary.size()))];
        if (random.Percent(20)) {
            ChangeCase(random, word);
        }
        text += word;
    }
    return random.Percent(5) ? text + std::string(1 + random.Below(3), ' ') : text;
}

inline std::string RandomScalar(Random& random) {
    std::string text(16, '0');
    for (std::size_t i = 12; i < text.size(); ++i) {
        text[i] = "0123456789abcdef"[random.Below(4)];
    }
    return text;
}

// An INCLUDE column of one of the kinds that real ones are of.
inline NaiveInclude RandomInclude(Random& random, core::IncludeType type, std::uint32_t rows) {
    NaiveInclude include{type, {}};
    const std::uint32_t nulls = random.Percent(40)   ? 0
                                : random.Percent(10) ? 100
                                                     : random.Below(70);
    const std::uint32_t style = random.Below(5);
    const std::uint32_t domain = 1 + random.Below(random.Percent(50) ? 5 : 1000);
    const std::uint64_t seed =
        (std::uint64_t{random.Below(1u << 30)} << 30) + random.Below(1u << 30);
    const auto number = [&](std::uint32_t row) -> std::uint64_t {
        switch (style) {
            case 0:
                return seed + row;
            case 1:
                return (seed + random.Below(domain)) * 0x9E3779B97F4A7C15u;
            case 2:
                return seed + random.Below(domain);
            case 3:  // the extremes, and what is next to them
                return (std::uint64_t{random.Below(2)} << (8 * type.width - 1)) - random.Below(3);
            default:
                return seed * (random.Below(1u << 30) + 1) >> random.Below(64);
        }
    };
    const auto text = [&](std::uint32_t row) {
        switch (style) {
            case 0:
                return "MRN-" + std::to_string(seed + row);
            case 1:
                return std::string(random.Below(domain) % 20, 'x') +
                       std::to_string(random.Below(domain));
            case 2:
                return std::to_string(seed % 1000 + random.Below(domain));
            case 3: {  // sizes around the format's limits
                static constexpr std::uint32_t kSizes[] = {0, 12, 255, 480, 1000, 8128};
                const std::uint32_t size = random.Of(kSizes);
                const std::uint32_t more = random.Below(4);
                return std::string(size + more - (size == 0 ? 0 : 2),
                                   static_cast<char>(random.Below(256)));
            }
            default: {
                std::string bytes(random.Below(random.Percent(90) ? 30 : 600), '\0');
                for (char& c : bytes) {
                    c = static_cast<char>(random.Below(256));
                }
                return bytes;
            }
        }
    };
    for (std::uint32_t row = 0; row < rows; ++row) {
        if (random.Percent(nulls)) {
            include.rows.emplace_back();
        } else if (type.kind == core::IncludeKind::kNumber) {
            include.rows.emplace_back(
                NumberBytes(static_cast<std::int64_t>(number(row)), type.width));
        } else {
            include.rows.emplace_back(text(row));
        }
    }
    return include;
}

inline core::IncludeType RandomIncludeType(Random& random) {
    static constexpr core::IncludeType kTypes[] = {
        {core::IncludeKind::kNumber, 1}, {core::IncludeKind::kNumber, 2},
        {core::IncludeKind::kNumber, 4}, {core::IncludeKind::kNumber, 8},
        {core::IncludeKind::kText, 0},   {core::IncludeKind::kText, 0},
        {core::IncludeKind::kBytes, 0}};
    return random.Of(kTypes);
}

struct TableShape {
    std::uint32_t rows = 0;
    std::uint32_t columns = 1;
    std::uint32_t vocabulary = 100;
    std::uint32_t distinct_values = 1000;  // at most so many in a column
    std::uint32_t includes = 0;
};

inline NaiveTable RandomTable(Random& random, const TableShape& shape, const core::Folder& folder) {
    NaiveTable table;
    core::Tid tid{random.Below(3), 0};
    const bool dense = random.Percent(50);
    for (std::uint32_t row = 0; row < shape.rows; ++row) {
        if (tid.offset > 100 || random.Percent(2)) {
            tid.block += dense || random.Percent(90) ? 1 : 1 + random.Below(5000);
            tid.offset = 0;
        }
        tid.offset = static_cast<std::uint16_t>(tid.offset + 1 + (dense ? 0 : random.Below(3)));
        table.tids.push_back(tid);
    }
    for (std::uint32_t c = 0; c < shape.columns; ++c) {
        std::vector<std::string> vocabulary;
        for (std::uint32_t i = 0; i < shape.vocabulary; ++i) {
            vocabulary.push_back(RandomWord(random));
        }
        NaiveColumn column;
        column.scalar = c > 0 && random.Percent(30);
        const std::uint32_t nulls = random.Percent(20) ? 0 : random.Percent(10) ? 100 : 5;
        for (std::uint32_t i = 0; i < std::min(shape.rows, shape.distinct_values); ++i) {
            NaiveValue value;
            value.is_null = random.Percent(nulls);
            if (!value.is_null) {
                value.original =
                    column.scalar ? RandomScalar(random) : RandomText(random, vocabulary);
                folder.Fold(value.original, value.folded);
            }
            column.values.push_back(std::move(value));
        }
        const bool clustered = random.Percent(30);
        for (std::uint32_t row = 0; row < shape.rows; ++row) {
            const auto values = static_cast<std::uint32_t>(column.values.size());
            column.rows.push_back(
                clustered ? static_cast<std::uint32_t>(std::uint64_t{row} * values / shape.rows)
                          : random.Below(values));
        }
        table.columns.push_back(std::move(column));
    }
    for (std::uint32_t i = 0; i < shape.includes; ++i) {
        table.includes.push_back(RandomInclude(random, RandomIncludeType(random), shape.rows));
    }
    return table;
}

// ---- conditions -----------------------------------------------------------------------------

inline std::vector<std::string> Characters(std::string_view text) {
    std::vector<std::string> characters;
    while (!text.empty()) {
        const std::size_t length = NaiveCharLength(Utf8(), text);
        characters.emplace_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    return characters;
}

inline NaivePattern RandomPattern(Random& random, std::string_view value,
                                  const core::Folder& folder) {
    static constexpr core::Operator kOperators[] = {
        core::Operator::kLike,   core::Operator::kLike,
        core::Operator::kILike,  core::Operator::kILike,
        core::Operator::kILike,  core::Operator::kEqual,
        core::Operator::kPrefix, core::Operator::kEqualIgnoringTrailingSpaces};
    NaivePattern pattern;
    pattern.op = random.Of(kOperators);
    const std::vector<std::string> characters = Characters(value);
    // Short ones: the naive matcher takes the product of both lengths.
    const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(characters.size(), 50));
    const bool like = pattern.op == core::Operator::kLike || pattern.op == core::Operator::kILike;
    if (!like) {
        const bool prefix = pattern.op == core::Operator::kPrefix;
        const std::uint32_t end = prefix ? random.Below(size + 1) : size;
        for (std::uint32_t i = 0; i < end; ++i) {
            pattern.text += characters[i];
        }
        if (!prefix && random.Percent(30)) {
            pattern.text += std::string(1 + random.Below(2), ' ');
        }
        return pattern;
    }
    const std::uint32_t begin = random.Percent(40) ? 0 : random.Below(size + 1);
    const std::uint32_t end =
        random.Percent(40) ? size
                           : begin + random.Below(std::min<std::uint32_t>(size - begin, 7) + 1);
    std::string text = begin > 0 || random.Percent(50) ? "%" : "";
    for (std::uint32_t i = begin; i < end; ++i) {
        const std::string& c = characters[i];
        if (random.Percent(6)) {
            text += '_';
        } else if (random.Percent(6)) {
            text += '%';
            i += random.Below(4);
        } else if ((c == "%" || c == "_" || c == "\\") && random.Percent(80)) {
            text += '\\' + c;
        } else {
            text += c;
        }
    }
    text += end < characters.size() || random.Percent(50) ? "%" : "";
    if (pattern.op == core::Operator::kILike) {
        ChangeCase(random, text);
        folder.Fold(text, pattern.text);
    } else {
        pattern.text = text;
    }
    return pattern;
}

// Tests of values live as long as the program.
inline NaiveCondition RandomCondition(Random& random, const NaiveTable& table,
                                      const core::Folder& folder) {
    static const SumTest kTests[] = {SumTest(2), SumTest(5), SumTest(1000)};
    NaiveCondition condition;
    condition.column = random.Below(table.columns.size());
    const NaiveColumn& column = table.columns[condition.column];
    if (random.Percent(6)) {
        condition.kind = core::Condition::Kind::kIsNull;
        return condition;
    }
    if (random.Percent(6)) {
        condition.kind = core::Condition::Kind::kIsNotNull;
        return condition;
    }
    if (column.scalar && random.Percent(50)) {
        condition.kind = core::Condition::Kind::kValueTest;
        condition.test = &random.Of(kTests);
        return condition;
    }
    const std::uint32_t patterns = random.Percent(70) ? 1 : random.Below(5);
    for (std::uint32_t i = 0; i < patterns; ++i) {
        const std::string value = column.values.empty() || random.Percent(5)
                                      ? "anna banana"
                                      : column.values[random.Below(column.values.size())].original;
        condition.patterns.push_back(RandomPattern(random, value, folder));
    }
    condition.as_set = random.Percent(40);
    return condition;
}

// Patterns of one operator, as many as are made a set of: whole values, beginnings, and patterns
// of all kinds.
inline NaiveCondition RandomArray(Random& random, const NaiveTable& table,
                                  const core::Folder& folder, core::Operator op,
                                  std::uint32_t patterns) {
    const bool like = op == core::Operator::kLike || op == core::Operator::kILike;
    NaiveCondition condition;
    condition.as_set = true;
    condition.column = random.Below(table.columns.size());
    const std::vector<NaiveValue>& values = table.columns[condition.column].values;
    const std::uint32_t others = random.Percent(50) ? 0 : random.Below(100);
    while (condition.patterns.size() < patterns) {
        const std::string value = random.Percent(5) ? "anna banana" : random.Of(values).original;
        // A wordless one makes candidates of all rows.
        if (value.size() > 80 || (value.size() < 2 && !random.Percent(5))) {
            continue;
        }
        if (random.Percent(others)) {
            const NaivePattern pattern = RandomPattern(random, value, folder);
            if (pattern.op == op && !pattern.text.empty() && pattern.text != "%") {
                condition.patterns.push_back(pattern);
            }
            continue;
        }
        const std::vector<std::string> characters = Characters(value);
        const auto size = static_cast<std::uint32_t>(characters.size());
        const bool begins = like && size > 0 && random.Percent(30);
        const std::uint32_t end = begins ? 1 + random.Below(size) : size;
        std::string text;
        for (std::uint32_t i = 0; i < end; ++i) {
            const std::string& c = characters[i];
            const bool escaped =
                like && (c == "%" || c == "_" || c == "\\" || (c.size() == 1 && random.Percent(5)));
            text += escaped ? '\\' + c : c;
        }
        text += begins ? std::string(1 + random.Below(2), '%') : "";
        NaivePattern pattern{op, text};
        if (op == core::Operator::kILike) {
            ChangeCase(random, text);
            folder.Fold(text, pattern.text);
        }
        condition.patterns.push_back(pattern);
    }
    return condition;
}

inline std::vector<NaiveCondition> RandomConjunction(Random& random, const NaiveTable& table,
                                                     const core::Folder& folder) {
    std::vector<NaiveCondition> conjunction;
    const std::uint32_t conditions = random.Percent(2) ? 0 : 1 + random.Skewed(4);
    for (std::uint32_t i = 0; i < conditions; ++i) {
        conjunction.push_back(RandomCondition(random, table, folder));
    }
    return conjunction;
}

inline std::vector<core::Condition> CompileAll(const std::vector<NaiveCondition>& conjunction,
                                               const core::Encoding& encoding) {
    std::vector<core::Condition> compiled;
    for (const NaiveCondition& condition : conjunction) {
        compiled.push_back(Compile(condition, encoding));
    }
    return compiled;
}

// ---- segments -------------------------------------------------------------------------------

inline void AddTo(core::IncludeRows& rows, const std::optional<std::string>& value) {
    if (value) {
        rows.Add(*value);
    } else {
        rows.AddNull();
    }
}

inline core::SegmentStats BuildSegment(const NaiveTable& table, const core::Folder& folder,
                                       const core::SegmentOptions& options,
                                       core::MemoryPages& pages) {
    core::RowAccumulator rows(static_cast<std::uint32_t>(table.columns.size()),
                              table.include_types(), nullptr);
    core::Splitter splitter(folder);
    core::SplitValue split;
    for (std::uint32_t row = 0; row < table.row_count(); ++row) {
        rows.AddRow(table.tids[row]);
        for (std::uint32_t c = 0; c < table.columns.size(); ++c) {
            const NaiveValue& value = table.Value(c, row);
            if (value.is_null) {
                rows.column(c).AddNull();
                continue;
            }
            splitter.Split(value.original, split);
            if (split.opaque) {
                rows.column(c).AddOpaque(value.original, split.folded_value);
            } else {
                rows.column(c).AddRegular(split.words, split.shape);
            }
        }
        for (std::uint32_t i = 0; i < table.includes.size(); ++i) {
            AddTo(rows.include(i), table.includes[i].rows[row]);
        }
    }
    core::MemoryPagesFactory temporary;
    return rows.Emit(pages, temporary, options, std::pmr::get_default_resource());
}

// Folded and original text of every word, by word id.
using WordTexts = std::vector<std::pair<std::string, std::string>>;

// A row's value, put together word by word. `texts`: what the lexicon holds, where it has been
// read.
inline NaiveValue ReadValue(core::ColumnReader& column, core::RowOrdinal row,
                            const WordTexts* texts = nullptr) {
    NaiveValue value;
    static const auto read = std::make_unique<core::ForwardReader::Row>();
    column.forward().Read(row, *read);
    if (read->kind == core::ForwardReader::kNull) {
        value.is_null = true;
    } else if (read->kind == core::ForwardReader::kOpaque) {
        column.opaque().Read(read->opaque_id, value.original, value.folded);
    } else {
        const std::string shape(column.forward().ShapeText(read->shape));
        std::string folded;
        std::string original;
        std::size_t word = 0;
        for (const char c : shape) {
            if (c != core::kShapeWord) {
                value.original += c;
                value.folded += c;
                continue;
            }
            if (word == read->words) {
                core::ThrowInternal("a row has fewer words than its shape");
            }
            const core::WordId id = read->word[word++];
            if (texts != nullptr) {
                folded = texts->at(core::Raw(id)).first;
                original = texts->at(core::Raw(id)).second;
            } else {
                column.lexicon().Word(id, folded, original);
            }
            value.original += original;
            value.folded += folded;
        }
    }
    return value;
}

// Every word with its rows, in the lexicon's order.
inline std::vector<NaiveLexicon::value_type> ReadLexicon(core::ColumnReader& column,
                                                         std::uint32_t row_count) {
    std::vector<NaiveLexicon::value_type> words;
    column.lexicon().Find({}, [&](const core::WordHit& hit) {
        std::string original;
        core::AppendOriginal(hit.folded, hit.entry, original);
        NaivePostings postings;
        for (int c = 0; c < core::kWordClasses; ++c) {
            std::pmr::vector<core::RowOrdinal> rows;
            const auto word_class = static_cast<core::WordClass>(c);
            if (hit.entry.Inlined(word_class)) {
                hit.entry.AppendInline(word_class, row_count, rows);
            } else if (hit.entry.count[c] > 0) {
                column.postings().AppendRange(hit.entry.lists[c], 0, row_count, rows);
            }
            postings[c].assign(rows.begin(), rows.end());
        }
        words.push_back({{std::string(hit.folded), original}, postings});
    });
    return words;
}

// A row's original value as index-only scans get it, none for NULL.
inline std::optional<std::string> ReadOriginal(core::OriginalReader& values, core::RowOrdinal row) {
    std::string_view value;
    return values.Read(row, value) ? std::optional(std::string(value)) : std::nullopt;
}

// What of a segment's stored state is not as in `table`; empty if all is.
inline std::string FaultInContents(core::SegmentReader& segment, const NaiveTable& table,
                                   const core::Folder& folder) {
    if (segment.row_count() != table.row_count() ||
        segment.column_count() != table.columns.size()) {
        return "another number of rows or columns";
    }
    std::uint32_t next = 0;
    std::string fault;
    segment.tids().ForEach(0, table.row_count(), [&](core::RowOrdinal row, core::Tid tid) {
        if (row != next++ || tid != table.tids[row]) {
            fault = "another TID of row " + std::to_string(row);
        }
    });
    if (!fault.empty() || next != table.row_count()) {
        return "TIDs: " + fault;
    }
    core::Splitter splitter(folder);
    core::SplitValue split;
    for (std::uint32_t c = 0; c < table.columns.size(); ++c) {
        core::ColumnReader& column = segment.column(c);
        const auto stored = ReadLexicon(column, table.row_count());
        WordTexts texts;
        for (const auto& word : stored) {
            texts.push_back(word.first);
        }
        std::uint32_t nulls = 0;
        core::OriginalReader originals(column);
        for (std::uint32_t row = 0; row < table.row_count(); ++row) {
            const std::optional<std::string> original = ReadOriginal(originals, row);
            const NaiveValue& wanted_value = table.Value(c, row);
            if (original.has_value() == wanted_value.is_null ||
                (original && *original != wanted_value.original)) {
                return "another original value in column " + std::to_string(c) + " of row " +
                       std::to_string(row) + ", for \"" + wanted_value.original + '"';
            }
            if (!(ReadValue(column, row, &texts) == table.Value(c, row)) ||
                (row % 64 == 0 && !(ReadValue(column, row) == table.Value(c, row)))) {
                return "another value in column " + std::to_string(c) + " of row " +
                       std::to_string(row) + ", for \"" + table.Value(c, row).original + '"';
            }
            nulls += table.Value(c, row).is_null ? 1 : 0;
        }
        const NaiveLexicon wanted = LexiconOf(table, c, folder, [&](const NaiveValue& value) {
            splitter.Split(value.original, split);
            return split.opaque;
        });
        std::uint64_t postings = 0;
        for (const auto& word : stored) {
            for (const auto& rows : word.second) {
                postings += rows.size();
            }
        }
        if (!std::equal(stored.begin(), stored.end(), wanted.begin(), wanted.end())) {
            return "other words or postings in column " + std::to_string(c);
        }
        if (column.header().nulls.count != nulls || column.header().word_count != wanted.size() ||
            column.header().posting_count != postings) {
            return "other numbers in the header of column " + std::to_string(c);
        }
    }
    if (segment.include_count() != table.includes.size()) {
        return "another number of INCLUDE columns";
    }
    for (std::uint32_t i = 0; i < segment.include_count(); ++i) {
        if (fault = FaultInInclude(segment.include(i), table.includes[i]); !fault.empty()) {
            return "INCLUDE column " + std::to_string(i) + ": " + fault;
        }
    }
    return "";
}

}  // namespace namedex::reference
