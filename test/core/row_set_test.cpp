// RowSet against std::set, in both forms and all mixtures of them.

#include "core/row_set.hpp"

#include <iterator>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "reference/random_table.hpp"

namespace namedex::core {
namespace {

using reference::Random;
using Model = std::set<RowOrdinal>;

void ExpectSame(const RowSet& rows, const Model& model) {
    std::vector<RowOrdinal> found;
    rows.ForEach([&](RowOrdinal row) { found.push_back(row); });
    ASSERT_EQ(found, std::vector<RowOrdinal>(model.begin(), model.end()));
    ASSERT_EQ(rows.Count(), model.size());
}

void Fill(Random& random, RowOrdinal lo, RowOrdinal hi, RowSet& rows, Model& model) {
    rows.Start(lo, hi, random.Percent(50));
    model.clear();
    if (lo == hi) {
        return;
    }
    const std::uint32_t size = hi - lo;
    for (std::uint32_t n = random.Below(random.Percent(50) ? size * 2 : 10); n > 0; --n) {
        const RowOrdinal row = random.Percent(5) ? hi - 1 : lo + random.Below(size);
        rows.Add(row);
        model.insert(row);
    }
    rows.Normalize();
}

TEST(RowSet, RandomOperationsAgreeWithTheModel) {
    Random random(1);
    for (int round = 0; round < 1000; ++round) {
        const RowOrdinal lo = random.Percent(30)   ? 0
                              : random.Percent(10) ? 0xFFFF0000u - 400
                                                   : random.Below(1000);
        const RowOrdinal hi = lo + random.Below(random.Percent(50) ? 400 : 66);
        RowSet rows(std::pmr::get_default_resource());
        RowSet other(std::pmr::get_default_resource());
        Model model;
        Model other_model;
        Fill(random, lo, hi, rows, model);
        for (int step = 0; step < 5; ++step) {
            SCOPED_TRACE(round);
            ASSERT_NO_FATAL_FAILURE(ExpectSame(rows, model));
            for (int i = 0; i < 5; ++i) {
                const RowOrdinal row = lo + random.Below(hi - lo + 1);
                ASSERT_EQ(rows.Contains(row), model.count(row) == 1);
            }
            Model result;
            switch (random.Below(5)) {
                case 0:
                    Fill(random, lo, hi, other, other_model);
                    rows.And(other);
                    std::set_intersection(model.begin(), model.end(), other_model.begin(),
                                          other_model.end(), std::inserter(result, result.end()));
                    break;
                case 1: {
                    const std::uint32_t divisor = 1 + random.Below(4);
                    RowOrdinal last = 0;
                    rows.Retain([&](RowOrdinal row) {
                        EXPECT_GE(row, last);  // asked in order
                        last = row;
                        return row % divisor == 0;
                    });
                    for (const RowOrdinal row : model) {
                        if (row % divisor == 0) {
                            result.insert(row);
                        }
                    }
                    break;
                }
                case 2:  // used again from the start
                    Fill(random, lo, hi, rows, result);
                    break;
                case 3:
                    result = model;
                    for (std::uint32_t sets = random.Below(5); sets > 0; --sets) {
                        Fill(random, lo, hi, other, other_model);
                        rows.Gather(std::move(other));
                        result.insert(other_model.begin(), other_model.end());
                    }
                    rows.Normalize();
                    break;
                default:
                    Fill(random, lo, hi, other, other_model);
                    rows.Or(other);
                    std::set_union(model.begin(), model.end(), other_model.begin(),
                                   other_model.end(), std::inserter(result, result.end()));
                    break;
            }
            model.swap(result);
            ASSERT_EQ(rows.lo(), lo);
            ASSERT_EQ(rows.hi(), hi);
        }
    }
}

TEST(RowSet, ListsComeInOrderWithoutRepeats) {
    RowSet rows(std::pmr::get_default_resource());
    rows.Start(10, 100, false);
    for (const RowOrdinal row : {50u, 10u, 99u, 50u, 11u, 10u}) {
        rows.Add(row);
    }
    rows.Normalize();
    ASSERT_FALSE(rows.dense());
    EXPECT_EQ(std::vector<RowOrdinal>(rows.list().begin(), rows.list().end()),
              (std::vector<RowOrdinal>{10, 11, 50, 99}));
}

// What many rows have in common is a list where that is cheaper, whatever both were.
TEST(RowSet, FewCommonRowsAreAList) {
    constexpr RowOrdinal kEnd = 1536 * 100;
    for (const RowOrdinal common : {100u, 101u}) {
        RowSet rows(std::pmr::get_default_resource());
        RowSet other(std::pmr::get_default_resource());
        rows.Start(0, kEnd, true);
        other.Start(0, kEnd, true);
        for (RowOrdinal row = 0; row < kEnd; ++row) {
            (row % 2 == 0 || row / 2 < common ? rows : other).Add(row);
            if (row % 2 != 0 && row / 2 < common) {
                other.Add(row);
            }
        }
        rows.And(other);
        EXPECT_EQ(rows.dense(), common == 101);
        EXPECT_EQ(rows.Count(), common);
        rows.ForEach([&](RowOrdinal row) { ASSERT_TRUE(row % 2 != 0 && row / 2 < common); });
    }
}

// A bitmap is taken over by a set that is empty so far, and united with another one.
TEST(RowSet, GathersBitmaps) {
    RowSet rows(std::pmr::get_default_resource());
    rows.Start(0, 1000, false);
    for (const RowOrdinal step : {7u, 11u}) {
        RowSet part(std::pmr::get_default_resource());
        part.Start(0, 1000, true);
        for (RowOrdinal row = 0; row < 1000; row += step) {
            part.Add(row);
        }
        rows.Gather(std::move(part));
    }
    for (RowOrdinal row = 0; row < 1000; ++row) {
        ASSERT_EQ(rows.Contains(row), row % 7 == 0 || row % 11 == 0) << row;
    }
}

TEST(RowSet, ManyRowsInASmallWindowAreABitmap) {
    EXPECT_FALSE(RowSet::DenseIsCheaper(64, 1000));
    EXPECT_TRUE(RowSet::DenseIsCheaper(65, 1000));
    EXPECT_FALSE(RowSet::DenseIsCheaper(200, 1536 * 200));
    EXPECT_TRUE(RowSet::DenseIsCheaper(201, 1536 * 200));
}

}  // namespace
}  // namespace namedex::core
