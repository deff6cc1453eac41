// Whole segments: what goes in comes out, the header, and damaged pages.

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reference/segment_damage.hpp"

namespace namedex::core {
namespace {

using namespace reference;
using Rules = RuleFolder::Rules;

TEST(Segment, HoldsWhatWasPutIn) {
    Random random(1);
    for (const Rules rules : {Rules::kPlain, Rules::kContext, Rules::kTurkish}) {
        const RuleFolder folder(rules);
        std::uint64_t opaque = 0;
        for (int round = 0; round < 25; ++round) {
            SCOPED_TRACE("round " + std::to_string(round));
            TableShape shape;
            shape.rows = round == 0 ? 0 : random.Below(random.Percent(70) ? 300 : 3000);
            shape.columns = 1 + random.Below(3);
            shape.vocabulary = 1 + random.Below(random.Percent(70) ? 60 : 3000);
            shape.distinct_values = 1 + random.Below(3000);
            shape.includes = static_cast<std::uint32_t>(round) % 5;
            const NaiveTable table = RandomTable(random, shape, folder);
            SegmentOptions options;
            options.grams = random.Percent(50);
            options.gram_memory = 1 + random.Below(150000);
            MemoryPages pages;
            const SegmentStats stats = BuildSegment(table, folder, options, pages);
            EXPECT_EQ(stats.pages, pages.page_count());
            SegmentReader segment(pages, stats.pages, std::pmr::get_default_resource());
            ASSERT_EQ(FaultInContents(segment, table, folder), "");
            const std::vector<const Folder*> folders(shape.columns, &folder);
            ASSERT_NO_THROW(
                CheckSegment(segment, folders, nullptr));
            for (const ColumnHeader& column : segment.header().columns) {
                opaque += column.opaque_count;
            }
            segment.Release();
            ASSERT_EQ(pages.pinned(), 0);
        }
        EXPECT_GT(opaque, 0u);
    }
}

TEST(Segment, HeaderRoundTrip) {
    SegmentHeader header;
    header.row_count = 77777;
    std::uint32_t next = 1;
    const auto fill = [&next](SectionRange& range) {
        range.first_page = next;
        range.page_count = 2;
        next += 2;
    };
    for (SectionRange& range : header.sections) {
        fill(range);
    }
    header.columns.resize(kMaxColumns - 3);
    for (ColumnHeader& column : header.columns) {
        for (SectionRange& range : column.sections) {
            fill(range);
        }
        column.word_count = next++;
        column.block_count = next++;
        column.opaque_count = next++;
        column.shape_count = next++;
        column.nulls = {next + 1, {next + 2, next + 3}};
        column.posting_count = std::uint64_t{next} << 33;
        column.text_bytes = std::uint64_t{next} << 34;
    }
    for (const IncludeType type : {IncludeType{IncludeKind::kNumber, 8},
                                   {IncludeKind::kText, 0},
                                   {IncludeKind::kBytes, 0}}) {
        header.includes.emplace_back();
        header.includes.back().type = type;
        for (SectionRange& range : header.includes.back().sections) {
            fill(range);
        }
    }
    EXPECT_EQ(header.include_pages(), 3u * kIncludeSections * 2);
    const std::vector<std::uint8_t> bytes = EncodeSegmentHeader(header);
    ASSERT_EQ(bytes.size(), kSegmentHeaderBytes + (kMaxColumns - 3) * kColumnHeaderBytes +
                                3 * kIncludeHeaderBytes);
    const SegmentHeader decoded = DecodeSegmentHeader({bytes.data(), bytes.size()}, next + 100);
    EXPECT_EQ(decoded.row_count, header.row_count);
    EXPECT_EQ(decoded.include_types(), header.include_types());
    EXPECT_EQ(EncodeSegmentHeader(decoded), bytes);

    for (std::size_t size = 0; size < bytes.size(); size += 7) {
        const std::vector<std::uint8_t> part(bytes.begin(), bytes.begin() + size);
        EXPECT_THROW(DecodeSegmentHeader({part.data(), part.size()}, next + 100), Error) << size;
    }
    // The last section no longer lies below the header page.
    const SectionRange& last = header.includes.back().sections[kIncludeSections - 1];
    EXPECT_NO_THROW(DecodeSegmentHeader({bytes.data(), bytes.size()}, last.first_page + 3));
    EXPECT_THROW(DecodeSegmentHeader({bytes.data(), bytes.size()}, last.first_page + 2), Error);
}

ErrorCode CodeOfDecoding(std::vector<std::uint8_t> bytes, std::size_t at, std::uint32_t value,
                         int size) {
    for (int i = 0; i < size; ++i) {
        bytes.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
    }
    try {
        DecodeSegmentHeader({bytes.data(), bytes.size()}, 10);
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::kInternal;  // none
}

TEST(Segment, HeaderRefusesTheImpossible) {
    SegmentHeader header;
    header.row_count = kTombstonesPerPage;
    header[SegmentSection::kTombstones] = {0, 1};
    header.columns.resize(1);
    header.includes.resize(1);
    const std::vector<std::uint8_t> bytes = EncodeSegmentHeader(header);
    EXPECT_EQ(CodeOfDecoding(bytes, 0, kSegmentMagic, 4), ErrorCode::kInternal);
    EXPECT_EQ(CodeOfDecoding(bytes, 0, kSegmentMagic + 1, 4), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, 4, kSegmentVersion + 1, 2), ErrorCode::kVersionMismatch);
    EXPECT_EQ(CodeOfDecoding(bytes, 6, 0, 1), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, 6, kMaxColumns, 1), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, 7, kMaxColumns, 1), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, 8, kTombstonesPerPage + 1, 4), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, 8, 0xFFFFFFFF, 4), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, 12, 9, 4),
              ErrorCode::kInternal);  // an empty section at the end
    EXPECT_EQ(CodeOfDecoding(bytes, 12, 10, 4), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, 16, 10, 4), ErrorCode::kCorrupt);
    const std::size_t nulls = kSegmentHeaderBytes + 8 * kColumnSections + 16;
    EXPECT_EQ(CodeOfDecoding(bytes, nulls, header.row_count, 4), ErrorCode::kInternal);
    EXPECT_EQ(CodeOfDecoding(bytes, nulls, header.row_count + 1, 4), ErrorCode::kCorrupt);

    const std::size_t include = kSegmentHeaderBytes + kColumnHeaderBytes;
    EXPECT_EQ(CodeOfDecoding(bytes, include, 0x0400, 2), ErrorCode::kInternal);  // a number
    EXPECT_EQ(CodeOfDecoding(bytes, include, 0x0300, 2), ErrorCode::kCorrupt);   // of 3 bytes
    EXPECT_EQ(CodeOfDecoding(bytes, include, 0x0000, 2), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, include, 0x0401, 2), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, include, 3, 2), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, include + 2, 1, 2), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOfDecoding(bytes, include + 4, 10, 4), ErrorCode::kCorrupt);
}

TEST(Segment, RefusesWrongCallsOfTheWriter) {
    MemoryPages pages;
    MemoryPagesFactory temporary;
    const auto code_of = [](auto&& work) {
        try {
            work();
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::kCorrupt;  // none
    };
    std::pmr::memory_resource* memory = std::pmr::get_default_resource();
    SegmentWriter few_rows(pages, temporary, 1, 2, {}, memory);
    few_rows.AddTid({1, 1});
    EXPECT_EQ(code_of([&] { few_rows.BeginColumn(); }), ErrorCode::kInternal);

    SegmentWriter few_values(pages, temporary, 1, 1, {}, memory);
    few_values.AddTid({1, 1});
    few_values.BeginColumn();
    few_values.BeginRows();
    EXPECT_EQ(code_of([&] { few_values.EndColumn(); }), ErrorCode::kInternal);

    SegmentWriter few_columns(pages, temporary, 1, 0, {}, memory);
    EXPECT_EQ(code_of([&] { few_columns.Finish(); }), ErrorCode::kInternal);

    SegmentWriter includes(pages, temporary, 1, 0, {}, memory, {{IncludeKind::kText, 0}});
    EXPECT_EQ(code_of([&] { includes.BeginInclude(); }), ErrorCode::kInternal);
    includes.BeginColumn();
    includes.BeginRows();
    includes.EndColumn();
    EXPECT_EQ(code_of([&] { includes.Finish(); }), ErrorCode::kInternal);
    includes.BeginInclude();
    EXPECT_EQ(code_of([&] { includes.Finish(); }), ErrorCode::kInternal);
    includes.AddIncludeNull();
    EXPECT_EQ(code_of([&] { includes.EndInclude(); }), ErrorCode::kInternal);
    EXPECT_EQ(code_of([&] {
                  SegmentWriter(pages, temporary, 1, 0, {}, memory, IncludeTypes(kMaxColumns));
              }),
              ErrorCode::kInternal);

    RowAccumulator rows(1, nullptr);
    rows.AddRow({5, 5});
    EXPECT_EQ(code_of([&] { rows.AddRow({5, 5}); }), ErrorCode::kInternal);
}

// memory_bytes() is what a build stops at: it must not be less than what is held.
TEST(Segment, AccumulatorCountsItsMemory) {
    const RuleFolder folder(Rules::kPlain);
    Splitter splitter(folder);
    SplitValue split;
    RowAccumulator rows(1, nullptr);
    Random random(3);
    std::size_t text_bytes = 0;
    for (std::uint32_t row = 0; row < 30000; ++row) {
        rows.AddRow({row, 1});
        const std::string value = RandomWord(random) + std::to_string(row) + " inner x";
        text_bytes += value.size();
        splitter.Split(value, split);
        rows.column(0).AddRegular(split.words, split.shape);
    }
    // Text, TID, four codes, and three postings of 4 bytes.
    EXPECT_GT(rows.memory_bytes(), text_bytes * 2 / 3 + 30000 * (8 + 16 + 12));
    EXPECT_LT(rows.memory_bytes(), 30000u * 400);
}

// A cancel is answered at the next poll, so what takes long must poll; and it may be stopped at any
// poll.
struct Polls {
    static inline std::uint32_t count;
    static inline std::uint32_t stop_at;
    static void Poll() {
        if (++count == stop_at) {
            Throw(ErrorCode::kCanceled, "stop");
        }
    }
};

TEST(Segment, AccumulatorPollsAndMayBeStopped) {
    constexpr std::uint32_t kWords = 100000;
    std::uint32_t adding = 0;
    const auto build = [&adding](std::uint32_t stop_at) {
        Polls::count = 0;
        Polls::stop_at = stop_at;
        RowAccumulator rows(1, &Polls::Poll);
        const char word_shape[] = {kShapeWord, '\0'};
        for (std::uint32_t row = 0; row < kWords; ++row) {
            const std::string text = "a word that differs " + std::to_string(row * 7919u);
            rows.AddRow({row, 1});
            rows.column(0).AddRegular({{text, text, WordClass::kOnly}}, word_shape);
        }
        adding = Polls::count;
        MemoryPages pages;
        MemoryPagesFactory temporary;
        SegmentOptions options;
        options.poll = &Polls::Poll;
        rows.Emit(pages, temporary, options, std::pmr::get_default_resource());
    };
    build(0);
    // The last growth alone visits 131,072 slots; comparisons of the sort are some 16 a word.
    const std::uint32_t total = Polls::count;
    EXPECT_GE(adding, 128u);
    EXPECT_GE(total - adding, 10 * kWords / 1024);
    for (std::uint32_t part = 0; part < 8; ++part) {
        const std::uint32_t stop_at = 1 + total * part / 8;
        try {
            build(stop_at);
            ADD_FAILURE() << "not stopped at poll " << stop_at;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kCanceled);
            EXPECT_EQ(Polls::count, stop_at);
        }
    }
}

void ExpectHarmless(DamageSubject& subject, const std::vector<std::uint8_t>& script,
                    DamageReport& total) {
    DamagedPages pages(subject.pages);
    pages.Apply(script.data(), script.size());
    const DamageReport report = Exercise(subject, pages);
    std::string hex;
    for (const std::uint8_t byte : script) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    ASSERT_EQ(report.fault, "") << "script " << hex;
    total.answers += report.answers;
    total.errors += report.errors;
}

TEST(Segment, DamageEndsInAnErrorOrAnAnswer) {
    static DamageSubject subjects[] = {{1, {60, 1, 20, 60, 4}, 4}, {2, {300, 2, 900, 300}, 3}};
    DamageReport sound;
    for (DamageSubject& subject : subjects) {
        ASSERT_NO_FATAL_FAILURE(ExpectHarmless(subject, {}, sound));
    }
    EXPECT_EQ(sound.errors, 0u);

    Random random(4);
    DamageReport total;
    for (int round = 0; round < 250; ++round) {
        DamageSubject& subject = subjects[random.Below(4) == 0 ? 1 : 0];
        std::vector<std::uint8_t> script;
        for (std::uint32_t n = 6 * (1 + random.Below(random.Percent(50) ? 1 : 8)); n > 0; --n) {
            script.push_back(static_cast<std::uint8_t>(random.Below(256)));
        }
        // Whole pages are lost less often than bytes: half the time only small changes.
        for (std::size_t i = 0; round % 2 == 0 && i < script.size(); i += 6) {
            script[i] %= 4;
        }
        ASSERT_NO_FATAL_FAILURE(ExpectHarmless(subject, script, total));
    }
    EXPECT_GT(total.answers, 1000u);
    EXPECT_GT(total.errors, 500u);
}

TEST(Segment, CheckReadsEveryIncludedValue) {
    const RuleFolder folder(Rules::kPlain);
    Random random(5);
    NaiveTable table = RandomTable(random, {3000, 1, 5, 5}, folder);
    for (int i = 0; i < 2; ++i) {
        table.includes.push_back({{IncludeKind::kNumber, 8}, {}});
        for (std::uint32_t row = 0; row < table.row_count(); ++row) {
            table.includes.back().rows.emplace_back(NumberBytes(random.Below(1u << 30), 8));
        }
    }
    MemoryPages pages;
    const SegmentStats stats = BuildSegment(table, folder, {}, pages);
    const auto check = [&] {
        SegmentReader segment(pages, stats.pages, std::pmr::get_default_resource());
        CheckSegment(segment, {&folder}, nullptr);
    };
    EXPECT_NO_THROW(check());
    EXPECT_EQ(pages.pinned(), 0);
    for (const IncludeHeader& include : stats.header.includes) {
        const SectionRange& range = include[IncludeSection::kPages];
        for (const std::uint32_t page : {0u, range.page_count - 1}) {
            std::uint8_t* const payload = pages.mutable_payload(range.first_page + page);
            // The bits of the last block's numbers.
            const std::uint32_t rows = LoadLe<std::uint32_t>(payload + 4);
            const std::uint32_t blocks = (rows + kNumberBlockRows - 1) / kNumberBlockRows;
            const auto block =
                LoadLe<std::uint16_t>(payload + kIncludePageHeader + 2 * (blocks - 1));
            std::uint8_t& bits = payload[block + 9];
            bits ^= 0x80;
            EXPECT_THROW(check(), Error);
            bits ^= 0x80;
        }
    }
    EXPECT_NO_THROW(check());
}

}  // namespace
}  // namespace namedex::core
