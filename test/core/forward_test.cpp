// The forward store: random columns written, then read by the fast reader and by the naive twin in
// every order; sizes; limits; memory; damaged bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <random>

#include "core/forward_reader.hpp"
#include "core/forward_writer.hpp"
#include "core/memory_pages.hpp"
#include "reference/naive_forward.hpp"

namespace namedex::core {
namespace {

using reference::NaiveForward;
using reference::NaiveRow;

ErrorCode CodeOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::kInternal;
}

std::pmr::memory_resource* Heap() {
    return std::pmr::new_delete_resource();
}

// A memory resource that remembers the most that was in use.
class Meter final : public std::pmr::memory_resource {
  public:
    std::size_t peak() const { return peak_; }
    std::size_t used() const { return used_; }

  private:
    void* do_allocate(std::size_t size, std::size_t alignment) override {
        used_ += size;
        peak_ = std::max(peak_, used_);
        return Heap()->allocate(size, alignment);
    }
    void do_deallocate(void* at, std::size_t size, std::size_t alignment) override {
        used_ -= size;
        Heap()->deallocate(at, size, alignment);
    }
    bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }

    std::size_t used_ = 0;
    std::size_t peak_ = 0;
};

std::size_t Markers(std::string_view shape) {
    return static_cast<std::size_t>(std::count(shape.begin(), shape.end(), kWordMarker));
}

// What a column holds.
struct Column {
    std::vector<std::string> shapes;
    std::uint32_t word_count = 0;
    std::vector<NaiveRow> rows;

    void AddNull() { rows.push_back({}); }
    void AddOpaque() {
        NaiveRow row;
        row.kind = NaiveRow::kOpaque;
        row.opaque_id = opaques++;
        rows.push_back(row);
    }
    void AddRow(std::uint32_t shape, std::vector<std::uint32_t> words) {
        NaiveRow row;
        row.kind = NaiveRow::kRegular;
        row.shape = shape;
        row.words = std::move(words);
        rows.push_back(row);
    }

    std::uint32_t opaques = 0;
};

struct Store {
    explicit Store(const Column& column, std::pmr::memory_resource* memory = Heap())
        : row_count(static_cast<std::uint32_t>(column.rows.size())), word_count(column.word_count) {
        SectionWriter pages_writer(pages);
        SectionWriter directory_writer(directory);
        SectionWriter dictionary_writer(dictionary);
        ForwardWriter writer(pages_writer, directory_writer, dictionary_writer, memory);
        Observe(column, writer);
        writer.Begin(word_count);
        for (const NaiveRow& row : column.rows) {
            if (row.kind == NaiveRow::kNull) {
                writer.AddNull();
            } else if (row.kind == NaiveRow::kOpaque) {
                writer.AddOpaque(row.opaque_id);
            } else {
                std::vector<WordId> words;
                for (const std::uint32_t word : row.words) {
                    words.push_back(WordId{word});
                }
                writer.AddRow(ShapeId{row.shape}, words.data(), words.size());
            }
        }
        stats = writer.Finish();
    }
    ~Store() {
        EXPECT_EQ(pages.pinned(), 0);
        EXPECT_EQ(directory.pinned(), 0);
        EXPECT_EQ(dictionary.pinned(), 0);
    }

    static void Observe(const Column& column, ForwardWriter& writer) {
        std::map<std::uint32_t, std::uint64_t> words;
        std::vector<std::uint64_t> shapes(column.shapes.size());
        for (const NaiveRow& row : column.rows) {
            writer.ObserveNulls(row.kind == NaiveRow::kNull ? 1 : 0);
            writer.ObserveOpaque(row.kind == NaiveRow::kOpaque ? 1 : 0);
            if (row.kind == NaiveRow::kRegular) {
                ++shapes[row.shape];
            }
            for (const std::uint32_t word : row.words) {
                ++words[word];
            }
        }
        for (const auto& [word, occurrences] : words) {
            writer.ObserveWord(WordId{word}, occurrences);
        }
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            EXPECT_EQ(Raw(writer.AddShape(column.shapes[i], shapes[i])), i);
        }
    }

    ForwardReader Reader(std::pmr::memory_resource* memory = Heap()) {
        return ForwardReader(pages.All(), directory.All(), dictionary.All(), row_count, word_count,
                             memory);
    }

    std::uint32_t row_count;
    std::uint32_t word_count;
    MemoryPages pages;
    MemoryPages directory;
    MemoryPages dictionary;
    ForwardStats stats;
};

NaiveRow ToNaive(const ForwardReader::Row& row) {
    NaiveRow naive;
    if (row.kind == ForwardReader::kOpaque) {
        naive.kind = NaiveRow::kOpaque;
        naive.opaque_id = row.opaque_id;
    } else if (row.kind == ForwardReader::kRegular) {
        naive.kind = NaiveRow::kRegular;
        naive.shape = row.shape;
        for (std::size_t i = 0; i < row.words; ++i) {
            naive.words.push_back(Raw(row.word[i]));
        }
    }
    return naive;
}

// Reads everything back, the rows ascending, descending, in strides and at random.
void ExpectSame(Store& store, const Column& column) {
    const NaiveForward naive(store.pages.All(), store.dictionary.All());
    ASSERT_EQ(naive.shapes(), column.shapes);
    ASSERT_EQ(naive.rows().size(), column.rows.size());
    ASSERT_TRUE(naive.rows() == column.rows);

    ForwardReader reader = store.Reader();
    ASSERT_EQ(reader.row_count(), column.rows.size());
    ASSERT_EQ(reader.shape_count(), column.shapes.size());
    ASSERT_EQ(reader.opaque_count(), column.opaques);
    const auto row_count = static_cast<RowOrdinal>(column.rows.size());
    ForwardReader::Row row;
    const auto check = [&](RowOrdinal ordinal) {
        reader.Read(ordinal, row);
        ASSERT_TRUE(ToNaive(row) == column.rows[ordinal]) << ordinal;
        if (row.kind == ForwardReader::kRegular) {
            ASSERT_EQ(reader.ShapeText(row.shape), column.shapes[row.shape]);
        } else {
            ASSERT_EQ(row.words, 0);
        }
    };
    std::mt19937_64 random(row_count);
    for (RowOrdinal ordinal = 0; ordinal < row_count; ++ordinal) {
        check(ordinal);
    }
    for (RowOrdinal ordinal = row_count; ordinal-- > 0;) {
        check(ordinal);
        if (random() % 1000 == 0) {
            reader.Release();
        }
    }
    for (RowOrdinal ordinal = 0; ordinal < row_count; ordinal += 1 + random() % 40) {
        check(ordinal);
        check(ordinal);
    }
    for (int i = 0; i < 5000 && row_count > 0; ++i) {
        check(static_cast<RowOrdinal>(random() % row_count));
    }
    for (std::uint32_t shape = reader.shape_count(); shape-- > 0;) {
        ASSERT_EQ(reader.ShapeText(shape), column.shapes[shape]);
    }
    EXPECT_EQ(CodeOf([&] { reader.Read(row_count, row); }), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOf([&] { reader.Read(0xFFFFFFFF, row); }), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOf([&] { reader.ShapeText(reader.shape_count()); }), ErrorCode::kInternal);
    if (row_count > 0) {
        check(row_count - 1);
    }
}

struct Mix {
    std::size_t rows = 1000;
    std::uint32_t words = 500;  // distinct
    double skew = 1.0;          // exponent of the word frequencies, 0 is flat
    unsigned null_percent = 5;
    unsigned opaque_percent = 2;
    std::vector<std::string> shapes = {"\x80", "\x80 \x80", "", " ", "\x80 \x80-\x80", "(\x80)"};
};

Column RandomColumn(const Mix& mix, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Column column;
    column.shapes = mix.shapes;
    column.word_count = mix.words;
    std::vector<double> weights;
    for (std::uint32_t i = 0; i < mix.words; ++i) {
        weights.push_back(std::pow(1 + i, -mix.skew));
    }
    std::shuffle(weights.begin(), weights.end(), random);
    std::discrete_distribution<std::uint32_t> draw(weights.begin(), weights.end());
    for (std::size_t i = 0; i < mix.rows; ++i) {
        const unsigned kind = random() % 100;
        if (kind < mix.null_percent) {
            column.AddNull();
        } else if (kind < mix.null_percent + mix.opaque_percent) {
            column.AddOpaque();
        } else {
            // The square makes the first shapes the frequent ones.
            const double place = static_cast<double>(random() % 10000) / 10000;
            const auto shape = static_cast<std::uint32_t>(place * place * mix.shapes.size());
            std::vector<std::uint32_t> words(Markers(mix.shapes[shape]));
            for (auto& word : words) {
                word = draw(random);
            }
            column.AddRow(shape, std::move(words));
        }
    }
    return column;
}

std::string ShapeOfWords(std::size_t words) {
    std::string shape;
    for (std::size_t i = 0; i < words; ++i) {
        shape += i == 0 ? "\x80" : " \x80";
    }
    return shape;
}

// As many shapes as wanted, all different: a number written with delimiters, between words or
// alone.
std::vector<std::string> ManyShapes(std::size_t count) {
    std::vector<std::string> shapes;
    for (std::size_t i = 0; i < count; ++i) {
        std::string shape = i % 3 == 0 ? "" : "\x80";
        for (std::size_t rest = i; rest > 0; rest /= 6) {
            shape += " -.,'/"[rest % 6];
        }
        shape += i % 3 == 2 ? "#\x80" : "#";
        shapes.push_back(shape);
    }
    return shapes;
}

TEST(Forward, Empty) {
    const Column column;
    Store store(column);
    EXPECT_EQ(store.stats.pages, 0u);
    ExpectSame(store, column);
}

TEST(Forward, RowCountsAroundGroups) {
    for (const std::size_t rows : {1, 2, 15, 16, 17, 31, 32, 33, 1000}) {
        Mix mix;
        mix.rows = rows;
        const Column column = RandomColumn(mix, rows);
        Store store(column);
        ExpectSame(store, column);
    }
}

TEST(Forward, RandomColumns) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 40; ++round) {
        Mix mix;
        mix.rows = 1 + random() % 6000;
        mix.words = 1 + random() % (random() % 2 == 0 ? 10 : 20000);
        mix.skew = static_cast<double>(random() % 25) / 10;
        mix.null_percent = random() % 2 == 0 ? 0 : random() % 60;
        mix.opaque_percent = random() % 2 == 0 ? 0 : random() % 40;
        const Column column = RandomColumn(mix, random());
        Store store(column);
        ExpectSame(store, column);
    }
}

TEST(Forward, ManyRows) {
    Mix mix;
    mix.rows = 200000;
    mix.words = 30000;
    mix.opaque_percent = 0;
    const Column column = RandomColumn(mix, 12);
    Store store(column);
    EXPECT_GT(store.stats.pages, 20u);
    ExpectSame(store, column);
}

TEST(Forward, MoreWordsThanRanks) {
    Mix mix;
    mix.rows = 200000;
    mix.words = 150000;
    mix.skew = 0.7;
    const Column column = RandomColumn(mix, 13);
    Store store(column);
    ExpectSame(store, column);
}

TEST(Forward, RowsWithoutABit) {
    // NULLs only: 0 bits a row, so a page holds as many rows as it has offsets for.
    Column column;
    for (int i = 0; i < 200000; ++i) {
        column.AddNull();
    }
    Store store(column);
    EXPECT_EQ(store.stats.row_code_bits, 0u);
    EXPECT_EQ(store.stats.pages, 7u);
    ExpectSame(store, column);
}

TEST(Forward, OpaqueRowsOnly) {
    Column column;
    for (int i = 0; i < 3000; ++i) {
        column.AddOpaque();
    }
    Store store(column);
    EXPECT_EQ(store.stats.row_code_bits, 3000u * 12);
    ExpectSame(store, column);
}

TEST(Forward, ManyWordsInARow) {
    Mix mix;
    mix.rows = 3000;
    mix.words = 100000;
    mix.skew = 0;
    mix.shapes = {ShapeOfWords(1), ShapeOfWords(kMaxWordsPerValue), ShapeOfWords(0),
                  ShapeOfWords(100), ShapeOfWords(249)};
    const Column column = RandomColumn(mix, 14);
    Store store(column);
    ExpectSame(store, column);
}

// Rows of every length up to the longest in turn, so that pages end in every possible way.
TEST(Forward, PageEnds) {
    Column column;
    column.word_count = 1u << 31;
    std::mt19937_64 random(15);
    for (std::size_t words = 0; words <= kMaxWordsPerValue; ++words) {
        column.shapes.push_back(ShapeOfWords(words));
    }
    for (int i = 0; i < 4000; ++i) {
        std::vector<std::uint32_t> words(random() % 2 == 0 ? i % 251 : random() % 3);
        for (auto& word : words) {
            word = static_cast<std::uint32_t>(random() >> 33);
        }
        const auto shape = static_cast<std::uint32_t>(words.size());
        column.AddRow(shape, std::move(words));
    }
    Store store(column);
    EXPECT_GT(store.stats.pages, 100u);
    ExpectSame(store, column);
}

TEST(Forward, ManyShapes) {
    Mix mix;
    mix.rows = 30000;
    mix.shapes = ManyShapes(100000);
    const Column column = RandomColumn(mix, 16);
    Store store(column);
    ExpectSame(store, column);
}

TEST(Forward, MoreShapesThanRanks) {
    Column column;
    column.shapes = ManyShapes(90000);
    column.word_count = 3;
    std::mt19937_64 random(17);
    for (std::uint32_t shape = 0; shape < 90000; ++shape) {
        for (std::uint32_t n = shape % 1000 == 0 ? 500 : 1; n > 0; --n) {
            column.AddRow(shape,
                          std::vector<std::uint32_t>(Markers(column.shapes[shape]),
                                                     static_cast<std::uint32_t>(random() % 3)));
        }
    }
    std::shuffle(column.rows.begin(), column.rows.end(), random);
    Store store(column);
    ExpectSame(store, column);
}

TEST(Forward, LongShapes) {
    Mix mix;
    mix.rows = 2000;
    mix.shapes.clear();
    std::mt19937_64 random(18);
    for (int i = 0; i < 100; ++i) {
        std::string shape(random() % 3 == 0 ? kMaxShapeBytes : random() % kMaxShapeBytes, ' ');
        for (std::size_t at = 0; at < shape.size(); at += 1 + shape.size() / 250) {
            shape[at] = random() % 2 == 0 ? kWordMarker : '.';
        }
        mix.shapes.push_back(shape);
    }
    const Column column = RandomColumn(mix, 19);
    Store store(column);
    ExpectSame(store, column);
}

TEST(Forward, UniqueWordsCostTheirRawWidth) {
    Column column;
    column.shapes = {"\x80"};
    column.word_count = 100000;
    for (std::uint32_t i = 0; i < 100000; ++i) {
        column.AddRow(0, {i * 7919 % 100000});
    }
    Store store(column);
    EXPECT_EQ(store.stats.row_code_bits, 0u);
    EXPECT_EQ(store.stats.word_code_bits, 100000u * 17);
    EXPECT_EQ(store.stats.dictionary_pages, 1u);
    ExpectSame(store, column);
}

TEST(Forward, SkewedWordsComeCloseToTheEntropy) {
    Mix mix;
    mix.rows = 200000;
    mix.words = 20000;
    mix.shapes = {"\x80 \x80"};
    mix.null_percent = mix.opaque_percent = 0;
    const Column column = RandomColumn(mix, 20);
    const Store store(column);
    std::map<std::uint32_t, double> occurrences;
    for (const NaiveRow& row : column.rows) {
        for (const std::uint32_t word : row.words) {
            ++occurrences[word];
        }
    }
    double entropy = 0;
    for (const auto& [word, n] : occurrences) {
        entropy += n * std::log2(2.0 * mix.rows / n);
    }
    EXPECT_EQ(store.stats.word_occurrences, 2 * mix.rows);
    EXPECT_GE(static_cast<double>(store.stats.word_code_bits), entropy);
    // The rank table is weighed too, and weighs something in a text as short as this.
    EXPECT_LT(static_cast<double>(store.stats.word_code_bits), 1.05 * entropy);
}

TEST(Forward, MemoryIsBounded) {
    Meter writing;
    MemoryPages pages;
    MemoryPages directory;
    MemoryPages dictionary;
    const std::uint32_t words = 1000000;
    {
        SectionWriter pages_writer(pages);
        SectionWriter directory_writer(directory);
        SectionWriter dictionary_writer(dictionary);
        ForwardWriter writer(pages_writer, directory_writer, dictionary_writer, &writing);
        writer.AddShape("\x80", words);
        for (std::uint32_t i = 0; i < words; ++i) {
            writer.ObserveWord(WordId{i}, 1 + i % 1000);
        }
        writer.Begin(words);
        for (std::uint32_t i = 0; i < words; ++i) {
            const WordId word{i};
            writer.AddRow(ShapeId{0}, &word, 1);
        }
        writer.Finish();
        EXPECT_LT(writing.peak(), std::size_t{7} << 20);
        EXPECT_LT(writing.used(), std::size_t{3} << 20);
    }
    EXPECT_EQ(writing.used(), 0u);
    Meter reading;
    ForwardReader reader(pages.All(), directory.All(), dictionary.All(), words, words, &reading);
    ForwardReader::Row row;
    for (std::uint32_t i = 0; i < words; i += 100) {
        reader.Read(i, row);
        ASSERT_EQ(Raw(row.word[0]), i);
    }
    EXPECT_LT(reading.peak(), std::size_t{512} << 10);
}

TEST(Forward, WriterRefusesMisuse) {
    MemoryPages pages;
    SectionWriter a(pages);
    SectionWriter b(pages);
    SectionWriter c(pages);
    ForwardWriter writer(a, b, c, Heap());
    const WordId words[] = {WordId{0}, WordId{5}};
    EXPECT_EQ(CodeOf([&] { writer.Finish(); }), ErrorCode::kInternal);
    writer.ObserveWord(WordId{5}, 100);
    EXPECT_EQ(CodeOf([&] { writer.ObserveWord(WordId{5}, 1); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { writer.ObserveWord(WordId{4}, 1); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { writer.AddShape(ShapeOfWords(251), 1); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { writer.AddShape(std::string(kMaxShapeBytes + 1, ' '), 1); }),
              ErrorCode::kInternal);
    const ShapeId one = writer.AddShape("\x80", 100);
    writer.ObserveOpaque(1);
    writer.Begin(6);
    EXPECT_EQ(CodeOf([&] { writer.AddShape("", 1); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { writer.AddRow(one, words, 2); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { writer.AddRow(one, words, 0); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { writer.AddRow(ShapeId{1}, words, 1); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { writer.AddRow(one, words, 1); }), ErrorCode::kInternal);
    EXPECT_EQ(CodeOf([&] { writer.AddOpaque(1); }), ErrorCode::kInternal);
    writer.AddRow(one, words + 1, 1);
    EXPECT_EQ(writer.Finish().row_count, 1u);
    EXPECT_EQ(CodeOf([&] { ForwardWriter(a, b, c, Heap()); }), ErrorCode::kInternal);
}

TEST(Forward, ReaderRefusesOtherCounts) {
    const Column column = RandomColumn({}, 21);
    Store store(column);
    store.word_count += 1;
    EXPECT_EQ(CodeOf([&] { store.Reader(); }), ErrorCode::kCorrupt);
    store.word_count -= 1;
    store.row_count = 0;
    EXPECT_EQ(CodeOf([&] { store.Reader(); }), ErrorCode::kCorrupt);
    store.row_count = 999;
    ForwardReader reader = store.Reader();
    ForwardReader::Row row;
    EXPECT_EQ(CodeOf([&] { reader.Read(998, row); }), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOf([&] {
                  ForwardReader(store.pages.All(), store.directory.All(), SectionReader(), 1000,
                                store.word_count, Heap());
              }),
              ErrorCode::kCorrupt);
}

// Reads all of a damaged store; whatever does not throw kCorrupt must be within the limits.
void ReadDamaged(Store& store, std::mt19937_64& random, int& refused) {
    std::unique_ptr<ForwardReader> reader;
    try {
        reader = std::make_unique<ForwardReader>(store.Reader());
    } catch (const Error& error) {
        ASSERT_EQ(error.code(), ErrorCode::kCorrupt);
        ++refused;
        return;
    }
    ForwardReader::Row row;
    bool whole = true;
    const bool ascending = random() % 2 == 0;
    for (RowOrdinal i = 0; i < store.row_count; ++i) {
        try {
            reader->Read(ascending ? i : static_cast<RowOrdinal>(random() % store.row_count), row);
            if (row.kind == ForwardReader::kRegular) {
                ASSERT_LT(row.shape, reader->shape_count());
                ASSERT_EQ(row.words, Markers(reader->ShapeText(row.shape)));
                for (std::size_t w = 0; w < row.words; ++w) {
                    ASSERT_LT(Raw(row.word[w]), store.word_count);
                }
            } else {
                ASSERT_EQ(row.words, 0);
                ASSERT_TRUE(row.kind == ForwardReader::kNull ||
                            row.opaque_id < reader->opaque_count());
            }
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::kCorrupt);
            whole = false;
        }
    }
    refused += whole ? 0 : 1;
}

TEST(Forward, DamageIsRefusedOrHarmless) {
    std::mt19937_64 random(22);
    Mix mix;
    mix.words = 3000;
    mix.rows = 6000;
    mix.shapes = ManyShapes(1500);
    for (const double skew : {0.0, 1.2}) {
        mix.skew = skew;
        const Column column = RandomColumn(mix, 23);
        Store store(column);
        ASSERT_GT(store.stats.pages, 1u);
        int refused = 0;
        for (int round = 0; round < 240; ++round) {
            MemoryPages& section = round % 3 == 0   ? store.pages
                                   : round % 3 == 1 ? store.dictionary
                                                    : store.directory;
            const auto number = static_cast<std::uint32_t>(random() % section.page_count());
            const std::uint32_t used = section.Acquire(number).used;
            section.Release({});
            std::uint8_t* page = section.mutable_payload(number);
            const std::vector<std::uint8_t> before(page, page + used);
            for (int i = random() % 4; i >= 0; --i) {
                // The headers and the trailer decide most: every other hit goes there.
                const std::size_t edge = std::min<std::size_t>(used, 80);
                const std::size_t at = random() % 2 == 0   ? random() % used
                                       : random() % 2 == 0 ? random() % edge
                                                           : used - 1 - random() % edge;
                page[at] = static_cast<std::uint8_t>(random() % 3 == 0 ? 0xFF : random());
            }
            ReadDamaged(store, random, refused);
            std::copy(before.begin(), before.end(), page);
        }
        EXPECT_GT(refused, 80);
        ExpectSame(store, column);
    }
}

TEST(Forward, ShapesStayInsideTheirPage) {
    Mix mix;
    mix.shapes = {"\x80", "\x80 \x80"};
    const Column column = RandomColumn(mix, 25);
    Store store(column);
    const unsigned begin = kShapePageHeader + 2 * 2;
    const unsigned used = store.dictionary.All().Page(0).used();
    struct Damage {
        unsigned first_end;
        unsigned second_end;
        std::uint32_t shape;
    };
    for (const Damage& damage : {Damage{begin - 1, begin + 4, 0}, Damage{begin + 1, begin, 1},
                                 Damage{begin + 1, begin + 2 + kMaxShapeBytes, 1},
                                 Damage{used - 1, used + 1, 1}, Damage{used + 1, used + 2, 1}}) {
        std::uint8_t* ends = store.dictionary.mutable_payload(0) + kShapePageHeader;
        StoreLe(ends, static_cast<std::uint16_t>(damage.first_end));
        StoreLe(ends + 2, static_cast<std::uint16_t>(damage.second_end));
        const ForwardReader reader = store.Reader();
        EXPECT_EQ(CodeOf([&] { reader.ShapeText(damage.shape); }), ErrorCode::kCorrupt)
            << damage.first_end << " " << damage.second_end;
    }
}

// After an error the reader still reads what is undamaged.
TEST(Forward, ReaderOutlivesErrors) {
    Mix mix;
    mix.rows = 20000;
    const Column column = RandomColumn(mix, 24);
    Store store(column);
    ASSERT_GE(store.stats.pages, 3u);
    StoreLe<std::uint32_t>(store.pages.mutable_payload(1), 77);
    const RowOrdinal second = LoadLe<std::uint32_t>(store.directory.mutable_payload(0) + 4);
    const RowOrdinal third = LoadLe<std::uint32_t>(store.directory.mutable_payload(0) + 8);
    ForwardReader reader = store.Reader();
    ForwardReader::Row row;
    for (int round = 0; round < 3; ++round) {
        for (const RowOrdinal good : {second - 1, third, third + 20}) {
            reader.Read(good, row);
            EXPECT_TRUE(ToNaive(row) == column.rows[good]);
            for (const RowOrdinal bad : {second, third - 1}) {
                EXPECT_EQ(CodeOf([&] { reader.Read(bad, row); }), ErrorCode::kCorrupt);
            }
        }
    }
}

}  // namespace
}  // namespace namedex::core
