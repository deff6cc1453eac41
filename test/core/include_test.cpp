// INCLUDE columns: whatever is put in is read, in order and out of it; sizes; damage.
#include "core/include_reader.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/include_rows.hpp"
#include "core/include_writer.hpp"
#include "core/memory_pages.hpp"
#include "reference/naive_include.hpp"
#include "reference/random_table.hpp"
#include "reference/segment_damage.hpp"

namespace namedex::core {
namespace {

using namespace reference;

constexpr IncludeType kText{IncludeKind::kText, 0};
constexpr IncludeType kBytes{IncludeKind::kBytes, 0};

constexpr IncludeType Number(unsigned width) {
    return {IncludeKind::kNumber, static_cast<std::uint8_t>(width)};
}

ErrorCode CodeOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::kRetry;
}

// A written column.
struct Column {
    explicit Column(const NaiveInclude& include)
        : type(include.type), rows(static_cast<std::uint32_t>(include.rows.size())) {
        MemoryPagesFactory temporary;
        IncludeWriter writer(pages, temporary, type, std::pmr::get_default_resource());
        for (const auto& value : include.rows) {
            if (value) {
                writer.Add(*value);
            } else {
                writer.AddNull();
            }
        }
        EXPECT_EQ(writer.row_count(), rows);
        const std::uint32_t written = writer.Finish();
        EXPECT_EQ(written, pages.page_count());
        writer.directory().MoveTo(directory);
        writer.dictionary().MoveTo(dictionary);
        writer.long_values().MoveTo(long_values);
    }
    ~Column() {
        for (const MemoryPages* section : {&pages, &directory, &dictionary, &long_values}) {
            EXPECT_EQ(section->pinned(), 0);
        }
    }

    std::unique_ptr<IncludeReader> Reader() {
        return std::make_unique<IncludeReader>(
            type, IncludeSource{pages.All(), directory.All(), dictionary.All(), long_values.All()},
            rows, std::pmr::get_default_resource());
    }
    std::uint32_t page_count() const {
        return pages.page_count() + directory.page_count() + dictionary.page_count() +
               long_values.page_count();
    }
    double BytesARow() const { return double{kPagePayload} * page_count() / rows; }
    // The kinds of its pages.
    std::set<IncludePageKind> Kinds() {
        std::set<IncludePageKind> kinds;
        for (std::uint32_t page = 0; page < pages.page_count(); ++page) {
            kinds.insert(static_cast<IncludePageKind>(
                LoadLe<std::uint16_t>(pages.mutable_payload(page) + 8)));
        }
        return kinds;
    }

    IncludeType type;
    std::uint32_t rows;
    MemoryPages pages;
    MemoryPages directory;
    MemoryPages dictionary;
    MemoryPages long_values;
};

// In order, backwards, and in no order, with pages and memory given up in between.
void ExpectReads(Column& column, const NaiveInclude& include) {
    const auto reader = column.Reader();
    ASSERT_EQ(FaultInInclude(*reader, include), "");
    Random random(include.rows.size());
    for (std::uint32_t row = column.rows; row-- > 0;) {
        ASSERT_EQ(FaultInRow(*reader, include, row), "");
        const std::uint32_t other = random.Below(column.rows);
        ASSERT_EQ(FaultInRow(*reader, include, other), "");
        if (row % 100 == 7) {
            reader->Release();
            reader->Trim();
            ASSERT_EQ(column.pages.pinned() + column.long_values.pinned(), 0);
            ASSERT_EQ(FaultInRow(*reader, include, other), "");
            ASSERT_EQ(column.pages.pinned(), 1);  // not read from a page let go
        }
    }
    std::string_view value;
    EXPECT_EQ(CodeOf([&] { reader->Read(column.rows, value); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { reader->Read(UINT32_MAX, value); }), ErrorCode::kInternal);
}

void ExpectReads(const NaiveInclude& include) {
    Column column(include);
    ASSERT_NO_FATAL_FAILURE(ExpectReads(column, include));
}

NaiveInclude Numbers(unsigned width, std::uint32_t rows,
                     const std::function<std::int64_t(std::uint32_t)>& number) {
    NaiveInclude include{Number(width), {}};
    for (std::uint32_t row = 0; row < rows; ++row) {
        include.rows.emplace_back(NumberBytes(number(row), width));
    }
    return include;
}

NaiveInclude Texts(IncludeType type, std::uint32_t rows,
                   const std::function<std::string(std::uint32_t)>& text) {
    NaiveInclude include{type, {}};
    for (std::uint32_t row = 0; row < rows; ++row) {
        include.rows.emplace_back(text(row));
    }
    return include;
}

TEST(Include, RandomColumns) {
    Random random(1);
    for (int round = 0; round < 300; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const std::uint32_t rows = random.Below(random.Percent(70) ? 300 : 4000);
        ASSERT_NO_FATAL_FAILURE(
            ExpectReads(RandomInclude(random, RandomIncludeType(random), rows)));
    }
}

// One row less and more than blocks have, with a NULL at every place that is an edge.
TEST(Include, BlockEdges) {
    Random random(2);
    for (const std::uint32_t rows :
         {0, 1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256, 257}) {
        for (const IncludeType type : {Number(1), Number(2), Number(4), Number(8), kText, kBytes}) {
            for (const std::uint32_t null : {0u, 15u, 16u, 63u, 64u, 127u, 128u, 256u, 1000u}) {
                NaiveInclude include{type, {}};
                for (std::uint32_t row = 0; row < rows; ++row) {
                    include.rows.emplace_back(type.width > 0
                                                  ? NumberBytes(random.Below(1u << 30), type.width)
                                                  : std::string(random.Below(20), 'a'));
                }
                if (null < rows) {
                    include.rows[null].reset();
                }
                ASSERT_NO_FATAL_FAILURE(ExpectReads(include));
                // All NULL but that one.
                for (std::uint32_t row = 0; row < rows; ++row) {
                    if (row == null) {
                        include.rows[row] = std::string(type.width, 'x');
                    } else {
                        include.rows[row].reset();
                    }
                }
                ASSERT_NO_FATAL_FAILURE(ExpectReads(include));
            }
        }
    }
}

TEST(Include, EmptyIsNotNull) {
    NaiveInclude include{kText, {}};
    for (int row = 0; row < 100; ++row) {
        include.rows.emplace_back();
        include.rows.emplace_back("");
    }
    ExpectReads(include);
}

TEST(Include, ExtremesSideBySide) {
    const auto extreme = [](auto type, std::uint32_t row) -> std::int64_t {
        using Limits = std::numeric_limits<decltype(type)>;
        const std::int64_t numbers[] = {Limits::min(), Limits::max(), 0, -1, Limits::min() + 1};
        return numbers[row % 5];
    };
    ExpectReads(Numbers(1, 300, [&](auto row) { return extreme(std::int8_t{}, row); }));
    ExpectReads(Numbers(2, 300, [&](auto row) { return extreme(std::int16_t{}, row); }));
    ExpectReads(Numbers(4, 300, [&](auto row) { return extreme(std::int32_t{}, row); }));
    ExpectReads(Numbers(8, 300, [&](auto row) { return extreme(std::int64_t{}, row); }));
    // Ranges around the longest one that is packed.
    for (int bits = 50; bits < 63; ++bits) {
        for (const int more : {-1, 0, 1}) {
            const std::int64_t range = (std::int64_t{1} << bits) - 1 + more;
            ExpectReads(Numbers(8, 200, [&](auto row) { return row % 3 == 1 ? range : row; }));
        }
    }
}

// ---- sizes ------------------------------------------------------------------------------------

TEST(Include, Sizes) {
    Random random(3);
    constexpr std::uint32_t kRows = 400000;
    const auto bytes_a_row = [](const NaiveInclude& include) {
        return Column(include).BytesARow();
    };
    // The last pages, and the directory's one, are 0.06 bytes a row.
    EXPECT_LT(bytes_a_row(Numbers(8, kRows, [](auto row) { return 1000000 + row; })), 1.05);
    EXPECT_LT(bytes_a_row(Numbers(4, kRows, [&](auto) { return random.Below(50000); })), 2.13);
    EXPECT_LT(bytes_a_row(Numbers(1, kRows, [&](auto) { return random.Below(2); })), 0.21);
    EXPECT_LT(
        bytes_a_row(Numbers(8, kRows, [&](auto) { return random.Below(16) * 0x123456789ABCDEF; })),
        0.62);
    const auto color = [&](auto) {
        return std::string("colour ") + std::to_string(random.Below(250));
    };
    EXPECT_LT(bytes_a_row(Texts(kText, kRows, color)), 1.13);
    EXPECT_LT(bytes_a_row(Texts(kBytes, kRows, color)), 1.13);
    EXPECT_LT(
        bytes_a_row(Texts(kText, kRows,
                          [](auto row) { return "ORDER-2024-" + std::to_string(10000000 + row); })),
        4.0);
    const auto random_text = [&](std::size_t size) {
        std::string text(size, '\0');
        for (char& c : text) {
            c = static_cast<char>(random.Below(256));
        }
        return text;
    };
    EXPECT_LT(bytes_a_row(Texts(kBytes, kRows, [&](auto) { return random_text(16); })), 16.45);
    // Blocks of 16 such texts would leave much of a page free.
    EXPECT_LT(bytes_a_row(Texts(kBytes, 20000, [&](auto) { return random_text(300); })), 314);
    // Small columns: nothing is written both ways.
    EXPECT_EQ(Column(Texts(kText, 100, color)).page_count(), 2u);

    const auto numbers = Numbers(4, kRows, [&](auto) { return random.Below(1u << 30); });
    NaiveInclude some = numbers;
    for (auto& value : some.rows) {
        if (random.Percent(1)) {
            value.reset();
        }
    }
    EXPECT_LT(bytes_a_row(some), bytes_a_row(numbers) + 0.125);
    for (auto& value : some.rows) {
        value.reset();
    }
    EXPECT_LT(bytes_a_row(some), 0.1);
}

// ---- texts ------------------------------------------------------------------------------------

TEST(Include, LongValues) {
    Random random(4);
    for (const IncludeType type : {kText, kBytes}) {
        NaiveInclude include{type, {}};
        const std::size_t page = kPagePayload;
        for (const std::size_t size :
             {std::size_t{1} << 20, kMaxInlineBytes, kMaxInlineBytes + 1, std::size_t{0}, page - 1,
              page, page + 1, std::size_t{7}, 3 * page, kMaxInlineBytes - 1}) {
            for (int times = 0; times < 3; ++times) {
                std::string value(size, static_cast<char>(random.Below(256)));
                for (std::size_t i = 0; i < size; i += 1000) {
                    value[i] = static_cast<char>(random.Below(256));
                }
                include.rows.emplace_back(value);
                include.rows.emplace_back(std::to_string(size));
                include.rows.emplace_back();
            }
        }
        Column column(include);
        EXPECT_GT(column.long_values.page_count(), 3 * 128u);
        ASSERT_NO_FATAL_FAILURE(ExpectReads(column, include));
    }
}

TEST(Include, FullBlocksOfTheLongestInlineValues) {
    ExpectReads(Texts(kText, 200, [](auto row) {
        return std::string(kMaxInlineBytes, static_cast<char>('a' + row % 26));
    }));
    ExpectReads(Texts(kText, 200, [](auto row) {  // with a prefix as long as one can be
        return std::string(kMaxInlineBytes - 3, 'a') + std::to_string(100 + row);
    }));
}

// ---- dictionaries -----------------------------------------------------------------------------

using Kinds = std::set<IncludePageKind>;

TEST(Include, DictionaryOfFewValues) {
    Random random(5);
    const NaiveInclude text =
        Texts(kText, 5000, [&](auto) { return "text " + std::to_string(random.Below(40)); });
    Column texts(text);
    EXPECT_EQ(texts.Kinds(), Kinds{IncludePageKind::kCodes});
    ExpectReads(texts, text);
    const NaiveInclude number =
        Numbers(8, 5000, [&](auto) { return random.Below(40) * -0x123456789ABCDEF; });
    Column numbers(number);
    EXPECT_EQ(numbers.Kinds(), Kinds{IncludePageKind::kCodes});
    ExpectReads(numbers, number);
}

TEST(Include, NoDictionaryOfManyValues) {
    Random random(6);
    const NaiveInclude text =
        Texts(kText, 80000, [&](auto row) { return "a text " + std::to_string(row * 77777u); });
    Column column(text);
    EXPECT_EQ(column.Kinds(), Kinds{IncludePageKind::kTexts});
    EXPECT_EQ(column.dictionary.page_count(), 0u);
    const auto reader = column.Reader();
    ASSERT_EQ(FaultInInclude(*reader, text), "");
}

// Many of the same rows as any of these tests may have, and then others.
TEST(Include, DictionaryThatOverflowsLater) {
    constexpr std::uint32_t kSame = (1u << 18) + 1000;  // behind the trial
    const auto check = [](const NaiveInclude& include, const Kinds& kinds) {
        Column column(include);
        EXPECT_EQ(column.Kinds(), kinds);
        EXPECT_GT(column.dictionary.page_count(), 0u);
        const auto reader = column.Reader();
        ASSERT_EQ(FaultInInclude(*reader, include), "");
        for (std::uint32_t row = column.rows; row > 977; row -= 977) {
            ASSERT_EQ(FaultInRow(*reader, include, row - 1), "");
        }
    };
    // As many entries as there may be, and one more.
    for (const std::uint32_t more : {0, 1, 300}) {
        const std::uint32_t rows = kSame + kMaxDictionaryEntries + more;
        const auto number = [](std::uint32_t row) -> std::uint32_t {
            return row < kSame ? row % 10 : 10 + row - kSame;
        };
        Kinds kinds{IncludePageKind::kCodes};
        if (more > 0) {
            kinds.insert(IncludePageKind::kNumbers);
        }
        check(Numbers(4, rows - 10, [&](auto row) { return number(row) * 0x9E3779B97F4A7C15u; }),
              kinds);
    }
    // A long value is in no dictionary.
    NaiveInclude include =
        Texts(kText, kSame + 500, [](auto row) { return "name " + std::to_string(row % 99); });
    include.rows[kSame + 300] = std::string(kMaxInlineBytes + 1, 'x');
    check(include, {IncludePageKind::kCodes, IncludePageKind::kTexts});
    // Nor are more bytes than it may have.
    check(Texts(kText, kSame + 2000,
                [](auto row) {
                    return row < kSame ? std::to_string(row % 99)
                                       : std::string(400, 'x') + std::to_string(row);
                }),
          {IncludePageKind::kCodes, IncludePageKind::kTexts});
}

TEST(Include, TrimKeepsSmallDictionariesOnly) {
    const auto kept = [](std::uint32_t entries) {
        Column column(Texts(kText, 150000, [&](auto row) {
            return std::to_string(row % entries * 7919) + " is what it is";
        }));
        EXPECT_EQ(column.Kinds(), Kinds{IncludePageKind::kCodes});
        LimitedMemory memory(std::size_t{4} << 20);
        std::size_t freed;
        {
            IncludeReader reader(
                kText, {column.pages.All(), column.directory.All(), column.dictionary.All(), {}},
                column.rows, &memory);
            const std::size_t opened = memory.used();
            std::string_view value;
            reader.Read(0, value);
            EXPECT_GE(memory.used(), opened + entries * 20);
            reader.Trim();
            freed = memory.used() - opened;
            reader.Read(0, value);
            EXPECT_EQ(value, "0 is what it is");
        }
        EXPECT_EQ(memory.used(), 0u);
        return freed;
    };
    EXPECT_GT(kept(100), 2000u);
    EXPECT_EQ(kept(10000), 0u);
}

// ---- refusals ---------------------------------------------------------------------------------

TEST(Include, RefusesWrongCalls) {
    MemoryPages pages;
    MemoryPagesFactory temporary;
    std::pmr::memory_resource* memory = std::pmr::get_default_resource();
    IncludeWriter numbers(pages, temporary, Number(4), memory);
    EXPECT_EQ(CodeOf([&] { numbers.Add("123"); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { numbers.Add("12345678"); }), ErrorCode::kInternal);
    IncludeWriter texts(pages, temporary, kText, memory);
    EXPECT_EQ(CodeOf([&] { texts.Add(std::string(kMaxIncludeBytes + 1, 'x')); }),
              ErrorCode::kTooLarge);
    for (const IncludeType type : {Number(0), Number(3), Number(16), IncludeType{kText.kind, 1}}) {
        EXPECT_EQ(CodeOf([&] { IncludeWriter(pages, temporary, type, memory); }),
                  ErrorCode::kInternal);
        EXPECT_EQ(CodeOf([&] { IncludeRows(type, memory); }), ErrorCode::kInternal);
    }
    Column column(Texts(kText, 3, [](auto) { return "12345678"; }));
    std::int64_t number;
    EXPECT_EQ(CodeOf([&] { column.Reader()->ReadNumber(0, number); }), ErrorCode::kInternal);
}

// ---- damage -----------------------------------------------------------------------------------

struct Outcome {
    std::uint64_t values = 0;
    std::uint64_t errors = 0;
};

// Reads all rows, going on after errors; nothing but damage may be reported, and only values of a
// possible size be read.
void ReadDamaged(Column& column, Outcome& outcome) {
    const auto attempt = [&](auto&& work) {
        try {
            work();
            ++outcome.values;
        } catch (const Error& error) {
            ++outcome.errors;
            ASSERT_EQ(error.code(), ErrorCode::kCorrupt) << error.message();
        }
    };
    std::unique_ptr<IncludeReader> reader;
    attempt([&] { reader = column.Reader(); });
    if (reader == nullptr) {
        return;
    }
    std::string touched;
    for (std::uint32_t i = 0; i < 2 * column.rows; ++i) {
        const std::uint32_t row = i < column.rows ? i : (i * 37) % column.rows;
        attempt([&] {
            std::string_view value;
            if (reader->Read(row, value)) {
                ASSERT_LE(value.size(), kMaxIncludeBytes);
                ASSERT_TRUE(column.type.width == 0 || column.type.width == value.size());
                touched.assign(value);
            }
        });
    }
    reader->Release();
    for (const MemoryPages* section :
         {&column.pages, &column.directory, &column.dictionary, &column.long_values}) {
        ASSERT_EQ(section->pinned(), 0);
    }
}

std::vector<NaiveInclude> SmallColumns() {
    Random random(7);
    const auto with_nulls = [](NaiveInclude include) {
        for (std::size_t row = 0; row < include.rows.size(); row += 5) {
            include.rows[row].reset();
        }
        return include;
    };
    std::vector<NaiveInclude> columns{
        Numbers(8, 200, [](auto row) { return 1000 + row; }),
        with_nulls(Numbers(4, 150, [&](auto) { return random.Below(1u << 30); })),
        Numbers(8, 40, [](auto row) { return row % 2 == 0 ? INT64_MIN : INT64_MAX; }),
        with_nulls(Texts(kText, 70, [](auto row) { return "MRN-" + std::to_string(row); })),
        Texts(kBytes, 50, [](auto) { return "0123456789abcdef"; }),
        Texts(kText, 40,
              [&](auto row) { return std::string(row % 7 == 0 ? 600 : row % 40, 'a' + row % 3); }),
    };
    return columns;
}

// Coded columns are large: only their dictionary and some of their page's bytes are damaged.
std::vector<NaiveInclude> CodedColumns() {
    return {
        Texts(kText, 1600,
              [](auto row) { return std::string(13, static_cast<char>('a' + row % 4)); }),
        Numbers(8, 2200, [](auto row) { return (row * 7 % 4) * std::int64_t{0x123456789ABCDEF}; })};
}

TEST(Include, EveryByteMayBeDamaged) {
    std::vector<NaiveInclude> columns = SmallColumns();
    const std::size_t small = columns.size();
    for (NaiveInclude& coded : CodedColumns()) {
        columns.push_back(std::move(coded));
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
        SCOPED_TRACE("column " + std::to_string(i));
        Column column(columns[i]);
        ASSERT_TRUE(i < small || column.Kinds() == Kinds{IncludePageKind::kCodes});
        Outcome outcome;
        for (MemoryPages* section :
             {&column.pages, &column.directory, &column.dictionary, &column.long_values}) {
            for (std::uint32_t page = 0; page < section->page_count(); ++page) {
                const std::uint32_t used = section->All().Page(page).used();
                const std::uint32_t step = section == &column.long_values ? 501 : i < small ? 1 : 3;
                for (std::uint32_t at = 0; at < used; at += step) {
                    std::uint8_t& byte = section->mutable_payload(page)[at];
                    const std::uint8_t sound = byte;
                    for (const int mask : {0x01, 0x80, 0xFF}) {
                        byte = static_cast<std::uint8_t>(sound ^ mask);
                        ASSERT_NO_FATAL_FAILURE(ReadDamaged(column, outcome));
                    }
                    byte = sound;
                }
            }
        }
        EXPECT_GT(outcome.values, 1000u);
        EXPECT_GT(outcome.errors, 100u);
        const auto reader = column.Reader();
        EXPECT_EQ(FaultInInclude(*reader, columns[i]), "");
    }
}

TEST(Include, PagesMayBeCutShortOrGone) {
    for (const NaiveInclude& include : SmallColumns()) {
        Column column(include);
        const std::uint32_t used = column.pages.All().Page(0).used();
        std::vector<std::uint8_t> bytes(column.pages.mutable_payload(0),
                                        column.pages.mutable_payload(0) + used);
        Outcome outcome;
        for (std::uint32_t cut = 0; cut < used; ++cut) {
            MemoryPages shorter;
            shorter.Write(bytes.data(), cut);
            column.pages = std::move(shorter);
            ASSERT_NO_FATAL_FAILURE(ReadDamaged(column, outcome));
        }
        EXPECT_GT(outcome.errors, used * 10u);
        column.pages = MemoryPages();
        EXPECT_EQ(CodeOf([&] { column.Reader(); }), ErrorCode::kCorrupt);
        column.directory = MemoryPages();
        EXPECT_EQ(CodeOf([&] { column.Reader(); }), ErrorCode::kCorrupt);
    }
    for (const NaiveInclude& include : CodedColumns()) {
        Column column(include);
        ASSERT_GT(column.dictionary.page_count(), 0u);
        column.dictionary = MemoryPages();
        std::string_view value;
        EXPECT_EQ(CodeOf([&] { column.Reader()->Read(0, value); }), ErrorCode::kCorrupt);
    }
}

// What damage of one byte does not bring about.
TEST(Include, ContradictionsAreDamage) {
    std::string_view value;
    const auto code_of_row_0 = [&](Column& column) {
        return CodeOf([&] { column.Reader()->Read(0, value); });
    };
    // Pages of another kind than their column's.
    for (const NaiveInclude& include :
         {Numbers(8, 200, [](auto row) { return row; }),
          Texts(kText, 200, [](auto row) { return std::to_string(row); })}) {
        Column column(include);
        std::uint8_t& kind = column.pages.mutable_payload(0)[8];
        for (const int other : {0, 1, 2, 3, 255}) {
            if (other != kind) {
                const std::uint8_t sound = kind;
                kind = static_cast<std::uint8_t>(other);
                EXPECT_EQ(code_of_row_0(column), ErrorCode::kCorrupt) << other;
                kind = sound;
            }
        }
    }
    // A rest that does not fit behind a prefix. The block is the page's first: flags, the NULLs,
    // the prefix' size, the prefix, the size of every rest.
    NaiveInclude few = Texts(kText, 2000, [](auto row) {
        return std::string(kMaxPrefixBytes, 'p') + std::to_string(100000 + row * 31);
    });
    for (std::uint32_t row = 0; row < few.rows.size(); ++row) {
        if (row % kTextBlockRows >= 3) {
            few.rows[row].reset();
        }
    }
    Column prefixed(few);
    std::uint8_t* const page = prefixed.pages.mutable_payload(0);
    const auto block = LoadLe<std::uint16_t>(page + kIncludePageHeader);
    ASSERT_EQ(page[block], kOneSize << kSizesShift | kHasPrefix | kSomeNulls);
    ASSERT_EQ(page[block + 3], kMaxPrefixBytes);
    StoreLe<std::uint16_t>(page + block + 4 + kMaxPrefixBytes, kMaxInlineBytes + 1);
    EXPECT_EQ(code_of_row_0(prefixed), ErrorCode::kCorrupt);
    // Numbers of another width in a dictionary that is as long as it should be.
    Column coded(CodedColumns()[1]);
    std::uint8_t* const dictionary = coded.dictionary.mutable_payload(0);
    ASSERT_EQ(LoadLe<std::uint32_t>(dictionary), 4u);
    EXPECT_TRUE(coded.Reader()->Read(0, value));
    dictionary[8] -= 1;
    dictionary[10] += 1;
    EXPECT_EQ(code_of_row_0(coded), ErrorCode::kCorrupt);
}

// An error does not stand in the way of what is sound.
TEST(Include, ReaderGoesOnAfterAnError) {
    const NaiveInclude include = Texts(kText, 20000, [](auto row) {
        return std::to_string(row * std::uint64_t{0x9E3779B97F4A7C15});
    });
    Column column(include);
    ASSERT_GT(column.pages.page_count(), 3u);
    column.pages.mutable_payload(1)[4] ^= 1;
    const auto reader = column.Reader();
    std::uint32_t errors = 0;
    std::string_view value;
    for (std::uint32_t row = 0; row < column.rows; ++row) {
        try {
            ASSERT_TRUE(reader->Read(row, value));
            ASSERT_EQ(value, *include.rows[row]);
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::kCorrupt);
            ++errors;
        }
    }
    EXPECT_GT(errors, 200u);
    EXPECT_LT(errors, 1000u);
}

// ---- rows in memory ---------------------------------------------------------------------------

TEST(Include, RowsInMemory) {
    Random random(8);
    for (int round = 0; round < 60; ++round) {
        const std::uint32_t rows = random.Below(3000);
        const NaiveInclude include = RandomInclude(random, RandomIncludeType(random), rows);
        IncludeRows held(include.type, std::pmr::get_default_resource());
        std::size_t bytes = 0;
        std::vector<std::optional<std::string_view>> views;
        for (std::uint32_t row = 0; row < rows; ++row) {
            AddTo(held, include.rows[row]);
            views.push_back(held.Value(row));  // holds while rows are added
            bytes += include.rows[row] ? include.rows[row]->size() : 0;
        }
        ASSERT_EQ(held.row_count(), rows);
        for (std::uint32_t row = 0; row < rows; ++row) {
            ASSERT_TRUE(views[row] == include.rows[row]) << row;
            ASSERT_TRUE(held.Value(row) == include.rows[row]) << row;
        }
        EXPECT_GE(held.memory_bytes(), bytes);
        EXPECT_LE(held.memory_bytes(), bytes * 4 / 3 + rows * 9 + 20000);
        EXPECT_FALSE(held.full());
    }
}

TEST(Include, AccumulatorCountsIncludedValues) {
    RowAccumulator rows(1, {Number(8), kText}, nullptr);
    const std::size_t empty = rows.memory_bytes();
    const std::string text(100, 'x');
    constexpr std::size_t kRows = 100000;
    for (std::uint32_t row = 0; row < kRows; ++row) {
        rows.AddRow({row, 1});
        rows.column(0).AddNull();
        rows.include(0).Add("12345678");
        rows.include(1).Add(text);
    }
    // The values, and what is needed to write them.
    EXPECT_GT(rows.memory_bytes(), empty + kRows * (8 + 100) + IncludeWriter::kMaxMemory);
    EXPECT_LT(rows.memory_bytes(), empty + kRows * (8 + 100 + 30) + IncludeWriter::kMaxMemory);
}

}  // namespace
}  // namespace namedex::core
