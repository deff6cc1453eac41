// Posting lists against plain vectors: every density, list sizes around the block size, page
// boundaries, windows, many lists in one section, and damaged bytes.
#include "core/postings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/memory_pages.hpp"
#include "reference/naive_postings.hpp"

namespace namedex::core {
namespace {

using reference::NaiveRange;
using reference::RandomRows;
using Rows = std::vector<RowOrdinal>;

// A section with some lists, and what they hold.
struct Lists {
    MemoryPages pages;
    std::uint32_t row_count = 0;
    std::vector<Rows> rows;
    std::vector<ListRef> refs;

    void Write(std::uint32_t limit, std::vector<Rows> all) {
        row_count = limit;
        rows = std::move(all);
        SectionWriter section(pages);
        PostingWriter writer(section);
        for (const Rows& list : rows) {
            refs.push_back(writer.Write(list.data(), list.size()));
        }
        section.Finish();
    }
};

Rows AppendedRange(PostingReader& reader, const ListRef& list, RowOrdinal lo, RowOrdinal hi) {
    std::pmr::vector<RowOrdinal> out;
    reader.AppendRange(list, lo, hi, out);
    return Rows(out.begin(), out.end());
}

Rows Walked(const Lists& lists, const SectionReader& section, const ListRef& list) {
    Rows out;
    PostingCursor cursor(section, lists.row_count, list);
    for (OrdinalSpan rows = cursor.Next(); rows.size > 0; rows = cursor.Next()) {
        EXPECT_LE(rows.size, kPostingBlock);
        out.insert(out.end(), rows.data, rows.data + rows.size);
    }
    return out;
}

void CheckRange(PostingReader& reader, const ListRef& list, const Rows& rows, RowOrdinal lo,
                RowOrdinal hi) {
    const Rows expected = NaiveRange(rows, lo, hi);
    ASSERT_EQ(AppendedRange(reader, list, lo, hi), expected) << lo << ".." << hi;
}

// OrRange into a window of its own, with something already in it.
void CheckWindow(PostingReader& reader, const ListRef& list, const Rows& rows, RowOrdinal lo,
                 RowOrdinal hi, RowOrdinal base, std::uint32_t size) {
    RowBitmap bitmap;
    bitmap.Reset(base, size);
    if (size > 3) {
        bitmap.Set(base + 3);
    }
    reader.OrRange(list, lo, hi, bitmap);
    Rows expected = NaiveRange(rows, std::max(lo, base), std::min(hi, base + size));
    if (size > 3) {
        expected.push_back(base + 3);
        std::sort(expected.begin(), expected.end());
        expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    }
    Rows got;
    bitmap.AppendTo(got);
    ASSERT_EQ(got, expected) << lo << ".." << hi << " in " << base << "+" << size;
    ASSERT_EQ(bitmap.Count(), got.size());
}

void CheckAll(Lists& lists, std::mt19937_64& random, int windows) {
    const SectionReader section = lists.pages.All();
    {
        PostingReader reader(section, lists.row_count);
        for (std::size_t i = 0; i < lists.refs.size(); ++i) {
            SCOPED_TRACE("list " + std::to_string(i) + " of " +
                         std::to_string(lists.rows[i].size()) + " below " +
                         std::to_string(lists.row_count));
            const ListRef& ref = lists.refs[i];
            const Rows& rows = lists.rows[i];
            ASSERT_EQ(ref.count, rows.size());
            CheckRange(reader, ref, rows, 0, lists.row_count);
            ASSERT_EQ(Walked(lists, section, ref), rows);
            for (int w = 0; w < windows; ++w) {
                const RowOrdinal lo = static_cast<RowOrdinal>(random() % lists.row_count);
                const std::uint32_t reach = lists.row_count - lo;
                const RowOrdinal hi =
                    lo + static_cast<RowOrdinal>(random() %
                                                 (std::min(reach, 1u << (random() % 31)) + 1u));
                CheckRange(reader, ref, rows, lo, hi);
                const RowOrdinal base =
                    random() % 2 == 0 ? lo : static_cast<RowOrdinal>(lo - random() % (lo + 1u));
                const std::uint32_t size = static_cast<std::uint32_t>(
                    random() % (std::min(lists.row_count - base, 300000u) + 1u));
                CheckWindow(reader, ref, rows, lo, hi, base, size);
                ASSERT_EQ(reader.Contains(ref, lo),
                          std::binary_search(rows.begin(), rows.end(), lo));
                if (!rows.empty()) {
                    const std::size_t at = random() % rows.size();
                    const RowOrdinal row = rows[at];
                    ASSERT_TRUE(reader.Contains(ref, row));
                    CheckRange(reader, ref, rows, row, row + 1);
                    CheckRange(reader, ref, rows, row + 1,
                               rows[std::min(at + 200, rows.size() - 1)]);
                }
            }
        }
        EXPECT_LE(lists.pages.pinned(), 1);
    }
    EXPECT_EQ(lists.pages.pinned(), 0);
}

TEST(PostingsTest, SizesAroundTheBlock) {
    std::mt19937_64 random(5);
    for (const std::uint32_t limit : {600u, 5000u, 100000u, 20000000u, 0xFFFFFFFFu}) {
        Lists lists;
        std::vector<Rows> all;
        for (const std::size_t count :
             {0, 1, 2, 3, 9, 63, 64, 126, 127, 128, 129, 130, 255, 256, 257, 384, 511, 512, 600}) {
            for (int style = 0; style < reference::kRowStyles; ++style) {
                all.push_back(RandomRows(random, count, limit, style));
            }
        }
        lists.Write(limit, std::move(all));
        CheckAll(lists, random, 12);
    }
}

TEST(PostingsTest, LongListsOfEveryDensity) {
    std::mt19937_64 random(6);
    for (const double density :
         {1e-4, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0}) {
        const std::size_t count = 10000 + random() % 20000;
        const std::uint32_t limit =
            static_cast<std::uint32_t>(static_cast<double>(count) / density);
        Lists lists;
        std::vector<Rows> all;
        for (int style = 0; style < reference::kRowStyles; ++style) {
            all.push_back(RandomRows(random, 1 + random() % 40, limit, 0));
            all.push_back(RandomRows(random, count, limit, style));
        }
        lists.Write(limit, std::move(all));
        CheckAll(lists, random, 15);
    }
}

// Many short lists, so that lists begin and end everywhere in a page, the first byte and the last
// included.
TEST(PostingsTest, ManyListsAcrossPages) {
    std::mt19937_64 random(7);
    const std::uint32_t limit = 3000000;
    Lists lists;
    std::vector<Rows> all;
    for (int i = 0; i < 3000; ++i) {
        const std::size_t count = random() % 4 == 0 ? random() % 2000 : random() % 140;
        all.push_back(RandomRows(random, count, limit, static_cast<int>(random() % 5)));
    }
    lists.Write(limit, std::move(all));
    EXPECT_GT(lists.pages.page_count(), 50u);
    CheckAll(lists, random, 2);
}

// Gaps of every width, so that each width is packed, as base width and with exceptions.
TEST(PostingsTest, EveryWidth) {
    std::mt19937_64 random(8);
    for (unsigned width = 0; width <= 31; ++width) {
        Lists lists;
        std::vector<Rows> all;
        for (const unsigned exceptions : {0u, 1u, 5u, 40u}) {
            Rows rows;
            std::uint64_t row = random() % 100;
            for (int i = 0; i < 400 && row < 0xFFFFFFFFu; ++i) {
                rows.push_back(static_cast<RowOrdinal>(row));
                std::uint64_t gap = width == 0 ? 0 : random() % (std::uint64_t{1} << width);
                if (random() % 128 < exceptions) {
                    gap = std::min<std::uint64_t>(gap << (random() % 12), 1u << 30);
                }
                row += gap + 1;
            }
            all.push_back(rows);
        }
        lists.Write(0xFFFFFFFFu, std::move(all));
        CheckAll(lists, random, 10);
    }
}

TEST(PostingsTest, AListOfAllRowsCostsNearlyNothing) {
    const std::uint32_t limit = 1000000;
    MemoryPages pages;
    SectionWriter section(pages);
    PostingWriter writer(section);
    writer.Begin();
    for (RowOrdinal row = 0; row < limit; ++row) {
        writer.Add(row);
    }
    const ListRef list = writer.End();
    EXPECT_LE(section.tell().offset, 64u);
    section.Finish();
    EXPECT_EQ(pages.page_count(), 1u);
    PostingReader reader(pages.All(), limit);
    RowBitmap bitmap;
    bitmap.Reset(0, limit);
    reader.Or(list, bitmap);
    EXPECT_EQ(bitmap.Count(), limit);
    EXPECT_EQ(AppendedRange(reader, list, 500000, 500003), (Rows{500000, 500001, 500002}));
}

TEST(PostingsTest, EveryOtherRowTakesTwoBitsAMember) {
    Rows rows;
    for (RowOrdinal row = 0; row < 1000000; row += 2) {
        rows.push_back(row);
    }
    Lists lists;
    lists.Write(1000000, {rows});
    EXPECT_LE(lists.pages.page_count(), 20u);
    std::mt19937_64 random(9);
    CheckAll(lists, random, 5);
}

TEST(PostingsTest, OrWordTakesTheClassesAskedFor) {
    std::mt19937_64 random(10);
    const std::uint32_t limit = 100000;
    Lists lists;
    lists.Write(limit, {RandomRows(random, 1000, limit, 0), RandomRows(random, 10, limit, 0)});
    const Rows few = RandomRows(random, 4, limit, 0);
    ClassPostings classes[kWordClasses];
    classes[0] = {lists.refs[0].count, nullptr, lists.refs[0].loc};
    classes[2] = {static_cast<std::uint32_t>(few.size()), few.data(), {}};
    classes[3] = {lists.refs[1].count, nullptr, lists.refs[1].loc};
    std::pmr::vector<std::uint8_t> bytes;
    EncodeWordEntry("a", "a", classes, OrdinalBytes(limit), bytes);
    ByteReader parsing(bytes.data(), bytes.size());
    const WordEntry entry = ParseWordEntry(parsing, OrdinalBytes(limit));
    const Rows* of_class[kWordClasses] = {&lists.rows[0], nullptr, &few, &lists.rows[1]};
    PostingReader reader(lists.pages.All(), limit);
    for (unsigned mask = 0; mask < 16; ++mask) {
        for (const RowOrdinal lo : {0u, 30000u}) {
            reference::NaiveBitmap expected(lo, limit / 2);
            for (int c = 0; c < kWordClasses; ++c) {
                if ((mask >> c & 1) != 0 && of_class[c] != nullptr) {
                    for (const RowOrdinal row : NaiveRange(*of_class[c], lo, lo + limit / 2)) {
                        expected.Set(row);
                    }
                }
            }
            RowBitmap bitmap;
            bitmap.Reset(lo, limit / 2);
            reader.OrWord(entry, static_cast<ClassMask>(mask), 0, limit, bitmap);
            Rows got;
            bitmap.AppendTo(got);
            ASSERT_EQ(got, Rows(expected.rows().begin(), expected.rows().end()));
        }
    }
}

TEST(PostingsTest, RowsMustAscend) {
    MemoryPages pages;
    SectionWriter section(pages);
    PostingWriter writer(section);
    writer.Begin();
    writer.Add(7);
    EXPECT_THROW(writer.Add(7), Error);
    writer.Begin();
    writer.Add(0xFFFFFFFEu);
    EXPECT_THROW(writer.Add(3), Error);
}

// Reads a list every way. Whatever the bytes, the rows ascend below row_count and stay in the
// window; true if no way threw.
bool ReadHostile(const SectionReader& section, std::uint32_t row_count, const ListRef& list,
                 std::mt19937_64& random) {
    bool clean = true;
    const RowOrdinal lo =
        random() % 3 == 0 ? 0 : static_cast<RowOrdinal>(random() % (row_count + 1u));
    const RowOrdinal hi =
        lo + static_cast<RowOrdinal>(random() % (std::min(row_count - lo, 1u << 18) + 1u));
    PostingReader reader(section, row_count);
    const auto guarded = [&](auto&& read) {
        try {
            read();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kCorrupt) << error.message();
            clean = false;
        }
    };
    const auto check = [&](const RowOrdinal* rows, std::size_t size, RowOrdinal from,
                           RowOrdinal to) {
        for (std::size_t i = 0; i < size; ++i) {
            ASSERT_TRUE(rows[i] >= from && rows[i] < to && (i == 0 || rows[i - 1] < rows[i]));
        }
    };
    std::pmr::vector<RowOrdinal> out;
    guarded([&] { reader.AppendRange(list, lo, hi, out); });
    check(out.data(), out.size(), lo, hi);
    RowBitmap bitmap;
    bitmap.Reset(lo, hi - lo);
    guarded([&] { reader.OrRange(list, 0, row_count, bitmap); });
    if (bitmap.size() % 64 != 0) {
        EXPECT_EQ(bitmap.words()[bitmap.word_count() - 1] >> (bitmap.size() % 64), 0u);
    }
    guarded([&] { reader.Contains(list, lo); });
    Rows walked;
    guarded([&] {
        PostingCursor cursor(section, row_count, list);
        for (OrdinalSpan rows = cursor.Next(); rows.size > 0; rows = cursor.Next()) {
            walked.insert(walked.end(), rows.data, rows.data + rows.size);
        }
        EXPECT_EQ(walked.size(), list.count);
    });
    check(walked.data(), walked.size(), 0, row_count);
    return clean;
}

void Damage(std::mt19937_64& random, Lists& lists, bool reach_into_heads) {
    const std::uint32_t page = static_cast<std::uint32_t>(random() % lists.pages.page_count());
    std::uint8_t* bytes = lists.pages.mutable_payload(page);
    std::size_t at = random() % kPagePayload;
    if (reach_into_heads && random() % 2 == 0) {
        const ListRef& list = lists.refs[random() % lists.refs.size()];
        bytes = lists.pages.mutable_payload(list.loc.page);
        at = std::min<std::size_t>(list.loc.offset + random() % 8, kPagePayload - 1);
    }
    switch (random() % 3) {
        case 0:
            bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 1u << (random() % 8));
            break;
        case 1:
            bytes[at] = static_cast<std::uint8_t>(random());
            break;
        default:
            for (std::size_t i = at; i < std::min<std::size_t>(at + 16, kPagePayload); ++i) {
                bytes[i] = static_cast<std::uint8_t>(random() % 2 == 0 ? 0xFF : random());
            }
            break;
    }
}

TEST(PostingsTest, DamagedBytesNeverLeadAstray) {
    std::mt19937_64 random(11);
    int clean = 0;
    int corrupt = 0;
    for (int round = 0; round < 100; ++round) {
        const std::uint32_t limit = std::uint32_t{3000} << (random() % 11);
        Lists lists;
        std::vector<Rows> all;
        for (int i = 0; i < 12; ++i) {
            const std::size_t count = 1 + random() % (random() % 3 == 0 ? 3000 : 150);
            all.push_back(RandomRows(random, count, limit, static_cast<int>(random() % 5)));
        }
        lists.Write(limit, std::move(all));
        for (int step = 0; step < 12; ++step) {
            Damage(random, lists, true);
            for (ListRef list : lists.refs) {
                ++(ReadHostile(lists.pages.All(), limit, list, random) ? clean : corrupt);
            }
        }
    }
    EXPECT_GT(clean, 1000);
    EXPECT_GT(corrupt, 1000);
}

// Pages of noise, read as lists of any count from anywhere.
TEST(PostingsTest, NoiseNeverLeadsAstray) {
    std::mt19937_64 random(12);
    for (int round = 0; round < 200; ++round) {
        MemoryPages pages;
        for (int p = 0; p < 4; ++p) {
            std::vector<std::uint8_t> noise(kPagePayload);
            for (std::uint8_t& byte : noise) {
                byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 32 : random());
            }
            if (random() % 2 == 0) {
                StoreLe<std::uint32_t>(noise.data(), 0);
                StoreLe<std::uint32_t>(noise.data() + 4, 12);
                StoreLe<std::uint32_t>(noise.data() + 8, static_cast<std::uint32_t>(128 * p));
            }
            pages.Write(noise.data(), static_cast<std::uint32_t>(random() % (kPagePayload + 1)));
        }
        const std::uint32_t row_count = 1 + static_cast<std::uint32_t>(random() % 20000000);
        for (int i = 0; i < 40; ++i) {
            const ListRef list{
                static_cast<std::uint32_t>(random() % 2 == 0 ? random() % 300 : random() % 100000),
                {static_cast<std::uint32_t>(random() % 5),
                 static_cast<std::uint32_t>(random() % (kPagePayload + 20))}};
            ReadHostile(pages.All(), row_count, list, random);
        }
        const ListRef first{static_cast<std::uint32_t>(128 + random() % 5000), {0, 12}};
        ReadHostile(pages.All(), row_count, first, random);
    }
}

// A gap that would wrap a 32-bit sum around must not bring back a small row.
TEST(PostingsTest, SumsThatWrapAroundAreCorrupt) {
    for (const bool tail : {false, true}) {
        std::vector<std::uint8_t> page(12);
        StoreLe<std::uint32_t>(page.data() + 4, 12);
        page.push_back(static_cast<std::uint8_t>((tail ? 31 : 26) | 3 << 6));
        for (const std::uint8_t byte : {0xF0, 0xFF, 0xFF, 0xFF}) {
            page.push_back(byte);
        }
        page.resize(page.size() + 16 * 32, 0xFF);
        if (!tail) {
            page[12 + 5] = page[12 + 5 + 1] = page[12 + 5 + 2] = 0;  // gap 0 of lane 0
            page[12 + 5 + 3] = 0xFC;
        }
        MemoryPages pages;
        pages.Write(page.data(), static_cast<std::uint32_t>(page.size()));
        PostingReader reader(pages.All(), 0xFFFFFFFFu);
        std::pmr::vector<RowOrdinal> out;
        EXPECT_THROW(reader.Append({tail ? 100u : 128u, {0, 12}}, out), Error);
        EXPECT_TRUE(out.empty());
    }
}

TEST(PostingsTest, AListLongerThanTheSegmentIsCorrupt) {
    Lists lists;
    lists.Write(1000, {Rows{1, 2, 3}});
    PostingReader reader(lists.pages.All(), 2);
    std::pmr::vector<RowOrdinal> out;
    EXPECT_THROW(reader.Append(lists.refs[0], out), Error);
    PostingReader shorter(lists.pages.All(), 3);
    EXPECT_THROW(shorter.Append(lists.refs[0], out), Error);
}

}  // namespace
}  // namespace namedex::core
