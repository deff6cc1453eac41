// The TID map against a plain vector of TIDs: heaps without and with holes, pages cut by every
// limit, and damaged bytes.
#include "core/tid_map.hpp"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

#include "core/memory_pages.hpp"
#include "reference/naive_postings.hpp"

namespace namedex::core {
namespace {

using Blocks = std::vector<std::pair<std::uint32_t, std::vector<std::uint16_t>>>;

struct Map {
    MemoryPages pages;
    MemoryPages directory;
    std::vector<Tid> tids;

    void Write(std::vector<Tid> all) {
        tids = std::move(all);
        SectionWriter page_section(pages);
        SectionWriter directory_section(directory);
        TidMapWriter writer(page_section, directory_section);
        for (const Tid tid : tids) {
            writer.Add(tid);
        }
        writer.Finish();
        page_section.Finish();
        directory_section.Finish();
    }
    std::uint32_t row_count() const { return static_cast<std::uint32_t>(tids.size()); }
    TidMapReader Reader() { return {pages.All(), directory.All(), row_count()}; }
};

// `rows` rows, `per_block` in a full block, of which one in `hole` >= 2 is missing (0 = none).
std::vector<Tid> Heap(std::mt19937_64& random, std::size_t rows, unsigned per_block, unsigned hole,
                      std::uint32_t block = 0) {
    std::vector<Tid> tids;
    while (tids.size() < rows) {
        for (unsigned offset = 1; offset <= per_block && tids.size() < rows; ++offset) {
            if (hole == 0 || random() % hole != 0) {
                tids.push_back({block, static_cast<std::uint16_t>(offset)});
            }
        }
        block += hole != 0 && random() % 50 == 0 ? 1 + random() % 1000 : 1;
    }
    return tids;
}

void CheckSet(Map& map, TidMapReader& reader, const std::vector<RowOrdinal>& rows, RowOrdinal base,
              std::uint32_t size) {
    RowBitmap bitmap;
    bitmap.Reset(base, size);
    for (const RowOrdinal row : rows) {
        bitmap.Set(row);
    }
    Blocks blocks;
    reader.ForEachSet(bitmap,
                      [&](std::uint32_t block, const std::uint16_t* offsets, std::size_t n) {
                          blocks.push_back({block, {offsets, offsets + n}});
                      });
    ASSERT_EQ(blocks, reference::NaiveBlocks(map.tids, rows));
}

void Check(Map& map, std::mt19937_64& random) {
    {
        TidMapReader reader = map.Reader();
        const std::uint32_t n = map.row_count();
        RowOrdinal next = 0;
        reader.ForEach(0, n, [&](RowOrdinal row, Tid tid) {
            ASSERT_EQ(row, next++);
            ASSERT_EQ(tid, map.tids[row]);
        });
        ASSERT_EQ(next, n);
        for (int i = 0; i < 2000; ++i) {
            const RowOrdinal row = static_cast<RowOrdinal>(random() % n);
            ASSERT_EQ(reader.At(row), map.tids[row]);
        }
        for (RowOrdinal row = 0; row < n; row += 1 + static_cast<RowOrdinal>(random() % 300)) {
            ASSERT_EQ(reader.At(row), map.tids[row]);
        }
        for (int i = 0; i < 40; ++i) {
            const RowOrdinal base = static_cast<RowOrdinal>(random() % n);
            const std::uint32_t size = static_cast<std::uint32_t>(random() % (n - base + 1));
            const std::size_t count = random() % ((size >> (random() % 16)) + 1);
            std::vector<RowOrdinal> rows =
                reference::RandomRows(random, count, size, static_cast<int>(random() % 5));
            for (RowOrdinal& row : rows) {
                row += base;
            }
            CheckSet(map, reader, rows, base, size);
            next = base;
            reader.ForEach(base, base + size, [&](RowOrdinal row, Tid tid) {
                ASSERT_EQ(row, next++);
                ASSERT_EQ(tid, map.tids[row]);
            });
            ASSERT_EQ(next, base + size);
        }
        std::vector<RowOrdinal> all(n);
        for (RowOrdinal row = 0; row < n; ++row) {
            all[row] = row;
        }
        CheckSet(map, reader, all, 0, n);
        EXPECT_THROW(reader.At(n), Error);
    }
    EXPECT_EQ(map.pages.pinned(), 0);
    EXPECT_EQ(map.directory.pinned(), 0);
}

TEST(TidMapTest, HeapsOfEveryKind) {
    std::mt19937_64 random(20);
    for (const unsigned per_block : {1u, 2u, 60u, 100u, 291u}) {
        for (const unsigned hole : {0u, 2u, 10u, 200u}) {
            Map map;
            map.Write(Heap(random, 10000 + random() % 50000, per_block, hole,
                           static_cast<std::uint32_t>(random() % 1000)));
            Check(map, random);
        }
    }
}

TEST(TidMapTest, OneRow) {
    std::mt19937_64 random(21);
    Map map;
    map.Write({{0xFFFFFFFEu, 291}});
    Check(map, random);
}

TEST(TidMapTest, NoRows) {
    Map map;
    map.Write({});
    TidMapReader reader = map.Reader();
    EXPECT_THROW(reader.At(0), Error);
    RowBitmap none;
    reader.ForEachSet(none, [](std::uint32_t, const std::uint16_t*, std::size_t) { FAIL(); });
}

// Runs as long as offsets go, and blocks so far apart that the block field overflows: pages are cut
// early.
TEST(TidMapTest, PagesAreCutBeforeAFieldOverflows) {
    std::mt19937_64 random(22);
    std::vector<Tid> tids;
    for (std::uint32_t block = 0; block < 20; ++block) {
        for (std::uint32_t offset = 1; offset <= 0xFFFF; ++offset) {
            tids.push_back({block, static_cast<std::uint16_t>(offset)});
        }
    }
    for (std::uint32_t block = 100; block < 0xF0000000u; block += 0x10000000u) {
        tids.push_back({block, 1});
        tids.push_back({block, 0xFFFF});
    }
    Map map;
    map.Write(std::move(tids));
    EXPECT_GT(map.pages.page_count(), 5u);
    Check(map, random);
}

TEST(TidMapTest, EightBytesAHeapBlock) {
    std::mt19937_64 random(23);
    Map map;
    map.Write(Heap(random, 600000, 60, 0));
    EXPECT_LE(map.pages.page_count(), 10u);
    EXPECT_EQ(map.directory.page_count(), 1u);
}

TEST(TidMapTest, AddressesMustAscend) {
    MemoryPages pages;
    MemoryPages directory;
    SectionWriter page_section(pages);
    SectionWriter directory_section(directory);
    TidMapWriter writer(page_section, directory_section);
    EXPECT_THROW(writer.Add({1, 0}), Error);
    writer.Add({1, 2});
    EXPECT_THROW(writer.Add({1, 2}), Error);
    EXPECT_THROW(writer.Add({0, 3}), Error);
}

// One page, two rows in one run: each impossible field is noticed.
TEST(TidMapTest, ImpossibleFieldsAreCorrupt) {
    const auto read = [](std::uint64_t run, std::uint32_t first, std::uint32_t ordinals,
                         std::uint32_t first_block, std::uint32_t runs) {
        Map map;
        map.Write({{5, 1}, {5, 2}});
        std::uint8_t* page = map.pages.mutable_payload(0);
        StoreLe<std::uint32_t>(page, first);
        StoreLe<std::uint32_t>(page + 4, ordinals);
        StoreLe<std::uint32_t>(page + 8, first_block);
        StoreLe<std::uint32_t>(page + 12, runs);
        StoreLe<std::uint64_t>(page + 16, run);
        return map.Reader().At(1);
    };
    const std::uint64_t offset_one = std::uint64_t{1} << 19;
    EXPECT_EQ(read(offset_one, 0, 2, 5, 1), (Tid{5, 2}));
    EXPECT_THROW(read(0, 0, 2, 5, 1), Error);                            // offset 0
    EXPECT_THROW(read(std::uint64_t{0xFFFF} << 19, 0, 2, 5, 1), Error);  // offset 65536
    EXPECT_THROW(read(offset_one | 2, 0, 2, 5, 1), Error);               // begins at its end
    EXPECT_THROW(read(offset_one | std::uint64_t{1} << 35, 0, 2, 0xFFFFFFFFu, 1), Error);
    EXPECT_THROW(read(offset_one, 1, 2, 5, 1), Error);
    EXPECT_THROW(read(offset_one, 0, 1, 5, 1), Error);
    EXPECT_THROW(read(offset_one, 0, 3, 5, 1), Error);
    EXPECT_THROW(read(offset_one, 0, 2, 5, 0), Error);
    EXPECT_THROW(read(offset_one, 0, 2, 5, 2), Error);
}

TEST(TidMapTest, DamagedBytesNeverLeadAstray) {
    std::mt19937_64 random(24);
    int clean = 0;
    int corrupt = 0;
    for (int round = 0; round < 100; ++round) {
        Map map;
        const unsigned hole = random() % 4 == 0 ? 0 : static_cast<unsigned>(2 + random() % 10);
        map.Write(Heap(random, 1 + random() % 8000, 1 + random() % 100, hole));
        for (int step = 0; step < 20; ++step) {
            MemoryPages& pages = random() % 4 == 0 ? map.directory : map.pages;
            std::uint8_t* bytes =
                pages.mutable_payload(static_cast<std::uint32_t>(random() % pages.page_count()));
            const std::size_t reach = random() % 2 == 0 ? 24 : kPagePayload;
            bytes[random() % reach] = static_cast<std::uint8_t>(random());
            TidMapReader reader = map.Reader();
            bool threw = false;
            const auto guarded = [&](auto&& read) {
                try {
                    read();
                } catch (const Error& error) {
                    ASSERT_EQ(error.code(), ErrorCode::kCorrupt) << error.message();
                    threw = true;
                }
            };
            guarded([&] {
                Tid last;
                reader.ForEach(0, map.row_count(), [&](RowOrdinal row, Tid tid) {
                    ASSERT_GE(tid.offset, 1);
                    ASSERT_TRUE(row == 0 || last < tid);
                    last = tid;
                });
            });
            RowBitmap rows;
            rows.Reset(0, map.row_count());
            for (int i = 0; i < 200; ++i) {
                rows.Set(static_cast<RowOrdinal>(random() % map.row_count()));
            }
            guarded([&] {
                std::uint64_t given = 0;
                std::int64_t last_block = -1;
                reader.ForEachSet(
                    rows, [&](std::uint32_t block, const std::uint16_t* offsets, std::size_t n) {
                        ASSERT_GT(std::int64_t{block}, last_block);
                        last_block = block;
                        for (std::size_t i = 0; i < n; ++i) {
                            ASSERT_GE(offsets[i], 1);
                            ASSERT_TRUE(i == 0 || offsets[i - 1] < offsets[i]);
                        }
                        given += n;
                    });
                ASSERT_EQ(given, rows.Count());
            });
            for (int i = 0; i < 20; ++i) {
                guarded([&] { reader.At(static_cast<RowOrdinal>(random() % map.row_count())); });
            }
            ++(threw ? corrupt : clean);
        }
    }
    EXPECT_GT(clean, 100);
    EXPECT_GT(corrupt, 100);
}

}  // namespace
}  // namespace namedex::core
