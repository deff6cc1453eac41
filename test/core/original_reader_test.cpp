// OriginalReader against the values that went in: words of every length, frequent and rare, in any
// order of rows. (Random tables are compared in segment_test and the merger's tests, damaged ones
// in the fuzz targets: both go through reference/random_table.hpp.)
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "core/original_reader.hpp"
#include "core/ranked_texts.hpp"
#include "reference/random_table.hpp"

namespace namedex::core {
namespace {

using namespace reference;

struct Stored {
    explicit Stored(const std::vector<std::optional<std::string>>& values) {
        const RuleFolder folder(RuleFolder::Rules::kPlain);
        RowAccumulator rows(1, {}, nullptr);
        Splitter splitter(folder);
        SplitValue split;
        std::uint32_t row = 0;
        for (const std::optional<std::string>& value : values) {
            rows.AddRow({row / 50, static_cast<std::uint16_t>(1 + row % 50)});
            ++row;
            if (!value) {
                rows.column(0).AddNull();
                continue;
            }
            splitter.Split(*value, split);
            if (split.opaque) {
                rows.column(0).AddOpaque(*value, split.folded_value);
            } else {
                rows.column(0).AddRegular(split.words, split.shape);
            }
        }
        MemoryPagesFactory temporary;
        rows.Emit(pages, temporary, SegmentOptions(), std::pmr::get_default_resource());
        segment.emplace(pages, pages.page_count(), std::pmr::get_default_resource());
    }

    MemoryPages pages;
    std::optional<SegmentReader> segment;
};

// Values of a few frequent words of every length about a slot's, rare words, opaque values, NULLs.
std::vector<std::optional<std::string>> Values(std::mt19937& random, std::size_t count) {
    std::vector<std::string> frequent;
    for (std::size_t length = 1; length <= 2 * RankedTexts::kMaxText + 3; ++length) {
        frequent.push_back(std::string(length, static_cast<char>('a' + length % 26)));
        frequent.back()[0] = static_cast<char>('A' + length % 26);
    }
    frequent.push_back(std::string(kMaxWordBytes, 'x'));
    std::vector<std::optional<std::string>> values;
    while (values.size() < count) {
        if (random() % 20 == 0) {
            values.emplace_back();
            continue;
        }
        std::string value;
        for (std::size_t words = random() % 7; words > 0; --words) {
            value += random() % 5 == 0 ? "Rare" + std::to_string(random() % 100000)
                                       : frequent[random() % frequent.size()];
            value += random() % 4 == 0 ? ", " : random() % 50 == 0 ? std::string("\0", 1) : " ";
        }
        values.emplace_back(value);
    }
    return values;
}

TEST(OriginalReader, GivesTheValuesInAnyOrder) {
    std::mt19937 random(23);
    const std::vector<std::optional<std::string>> values = Values(random, 20000);
    Stored stored(values);
    ColumnReader& column = stored.segment->column(0);
    ASSERT_GT(column.forward().word_ranks(), 20u);
    ASSERT_GT(column.header().word_count, column.forward().word_ranks());
    ASSERT_GT(column.header().opaque_count, 0u);
    std::vector<RowOrdinal> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    for (int round = 0; round < 4; ++round) {
        OriginalReader originals(column);
        for (const RowOrdinal row : order) {
            ASSERT_EQ(ReadOriginal(originals, row), values[row]) << "row " << row;
        }
        if (round == 1) {
            stored.segment->Release();
            stored.segment->Trim();
        }
        std::shuffle(order.begin(), order.end(), random);
    }
    stored.segment->Release();
    EXPECT_EQ(stored.pages.pinned(), 0);
}

// What one reader has learned of frequent words serves the next.
TEST(OriginalReader, SharesFrequentWords) {
    std::vector<std::optional<std::string>> values(3000, "Garcia Lopez");
    for (int i = 0; i < 1000; ++i) {
        values.push_back("Rare" + std::to_string(i));
    }
    Stored stored(values);
    ColumnReader& column = stored.segment->column(0);
    ASSERT_GE(column.forward().word_ranks(), 2u);
    OriginalReader first(column);
    ASSERT_EQ(ReadOriginal(first, 7), values[7]);
    const std::uint64_t read = column.lexicon().words_read();
    EXPECT_EQ(read, 2u);
    OriginalReader second(column);
    ASSERT_EQ(ReadOriginal(second, 8), values[8]);
    EXPECT_EQ(column.lexicon().words_read(), read);
    stored.segment->Release();
}

}  // namespace
}  // namespace namedex::core
