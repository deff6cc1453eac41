// RowBitmap against a std::set, over windows that begin and end anywhere in a word.
#include "core/row_bitmap.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/error.hpp"
#include "reference/naive_postings.hpp"

namespace namedex::core {
namespace {

using reference::NaiveBitmap;

void ExpectSame(const RowBitmap& bitmap, const NaiveBitmap& naive) {
    std::vector<RowOrdinal> rows;
    bitmap.AppendTo(rows);
    const std::vector<RowOrdinal> expected(naive.rows().begin(), naive.rows().end());
    ASSERT_EQ(rows, expected);
    ASSERT_EQ(bitmap.Count(), expected.size());
    ASSERT_EQ(bitmap.Any(), !expected.empty());
}

TEST(RowBitmapTest, RandomOperationsMatchASet) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 300; ++round) {
        const RowOrdinal base = static_cast<RowOrdinal>(random() % 200);
        const std::uint32_t size = static_cast<std::uint32_t>(1 + random() % 300);
        RowBitmap a;
        RowBitmap b;
        a.Reset(base, size);
        b.Reset(base, size);
        NaiveBitmap na(base, size);
        NaiveBitmap nb(base, size);
        for (int step = 0; step < 40; ++step) {
            const RowOrdinal row = base + static_cast<RowOrdinal>(random() % size);
            const RowOrdinal lo = static_cast<RowOrdinal>(random() % 600);
            const RowOrdinal hi = lo + static_cast<RowOrdinal>(random() % 80);
            switch (random() % 9) {
                case 0:
                    a.Set(row), na.Set(row);
                    break;
                case 1:
                    a.Clear(row), na.Clear(row);
                    break;
                case 2:
                    a.SetRange(lo, hi), na.SetRange(lo, hi);
                    break;
                case 3:
                    b.SetRange(lo, hi), nb.SetRange(lo, hi);
                    break;
                case 4:
                    a.Or(b), na.Or(nb);
                    break;
                case 5:
                    a.AndNot(b), na.AndNot(nb);
                    break;
                case 6:
                    b.Complement(), nb.Complement();
                    break;
                case 7: {
                    const std::uint64_t bits = random() & random();
                    RowBitmap::Word kept = 0;
                    for (unsigned i = 0; i < 64 && row + i < base + size; ++i) {
                        if ((bits >> i & 1) != 0) {
                            kept |= RowBitmap::Word{1} << i;
                            na.Set(row + i);
                        }
                    }
                    a.OrBits(row, kept);
                    break;
                }
                default:
                    b.Set(row), nb.Set(row);
                    if (random() % 2 == 0) {
                        std::pmr::vector<RowOrdinal> list{7};
                        const std::uint64_t most = random() % 100;
                        na.And(nb);
                        const bool few = na.rows().size() <= most;
                        ASSERT_EQ(a.And(b, most, list), few);
                        ASSERT_EQ(std::vector<RowOrdinal>(list.begin(), list.end()),
                                  few ? std::vector<RowOrdinal>(na.rows().begin(), na.rows().end())
                                      : std::vector<RowOrdinal>());
                    }
                    break;
            }
            ExpectSame(a, na);
            ExpectSame(b, nb);
            const RowOrdinal from = static_cast<RowOrdinal>(random() % 600);
            ASSERT_EQ(a.NextSet(from), na.NextSet(from));
            ASSERT_EQ(a.Test(from), na.rows().count(from) != 0);
        }
    }
}

TEST(RowBitmapTest, EmptyWindow) {
    RowBitmap bitmap;
    EXPECT_EQ(bitmap.Count(), 0u);
    EXPECT_EQ(bitmap.NextSet(0), 0u);
    EXPECT_FALSE(bitmap.Test(0));
    bitmap.Reset(7, 0);
    bitmap.SetAll();
    bitmap.Complement();
    EXPECT_FALSE(bitmap.Any());
    EXPECT_EQ(bitmap.NextSet(0), 7u);
}

TEST(RowBitmapTest, ResetClearsAndLastRowIsReachable) {
    RowBitmap bitmap;
    bitmap.Reset(0xFFFFFF00u, 0xFF);
    bitmap.SetAll();
    EXPECT_EQ(bitmap.Count(), 0xFFu);
    EXPECT_TRUE(bitmap.Test(0xFFFFFFFEu));
    EXPECT_FALSE(bitmap.Test(0xFFFFFFFFu));
    bitmap.Reset(0xFFFFFF00u, 0xFF);
    EXPECT_FALSE(bitmap.Any());
    EXPECT_THROW(bitmap.Reset(0xFFFFFF00u, 0x100), Error);
}

TEST(RowBitmapTest, DifferentWindowsDoNotCombine) {
    RowBitmap a;
    RowBitmap b;
    a.Reset(0, 64);
    b.Reset(1, 64);
    std::pmr::vector<RowOrdinal> list;
    EXPECT_THROW(a.And(b, 64, list), Error);
    EXPECT_THROW(a.Or(b), Error);
    EXPECT_THROW(a.AndNot(b), Error);
}

}  // namespace
}  // namespace namedex::core
