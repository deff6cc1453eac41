// Word entries: what is encoded comes back, Skip ends where Parse ends, and damage is never more
// than kCorrupt.
#include "core/word_entry.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "reference/naive_postings.hpp"

namespace namedex::core {
namespace {

using Bytes = std::pmr::vector<std::uint8_t>;

// The bytes in a heap block of exactly their length, so that AddressSanitizer sees a read past
// them.
struct ExactBytes {
    explicit ExactBytes(const Bytes& from)
        : bytes(std::make_unique<std::uint8_t[]>(from.size())), size(from.size()) {
        std::copy(from.begin(), from.end(), bytes.get());
    }
    ByteReader Reader() const { return ByteReader(bytes.get(), size); }

    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t size;
};

struct Sample {
    std::string folded;
    std::string original;
    std::vector<RowOrdinal> rows[kWordClasses];
    ClassPostings classes[kWordClasses];
    std::uint32_t row_count = 0;
    unsigned ordinal_bytes = 0;
    Bytes bytes;
};

void MakeSample(std::mt19937_64& random, Sample& sample) {
    static const char* const kWords[][2] = {
        {"smith", "smith"},
        {"smith", "Smith"},
        {"smith", "SMITH"},
        {"smith", "sMith"},
        {"\xC3\xA9va", "\xC3\x89va"},
        {"\xC3\xA9va", "\xC3\xA9VA"},
        {"1a", "1a"},
        {"1a", "1A"},
        {"i", "\xC4\xB0"},
        {"x", "X"},
    };
    const auto& word = kWords[random() % 10];
    sample.folded = word[0];
    sample.original = word[1];
    static const std::uint32_t kRowCounts[] = {
        40, 256, 257, 65536, 65537, 1u << 24, (1u << 24) + 1, 0xFFFFFFFFu};
    sample.row_count = kRowCounts[random() % 8];
    sample.ordinal_bytes = OrdinalBytes(sample.row_count);
    const unsigned mask = 1 + static_cast<unsigned>(random() % 15);
    for (int c = 0; c < kWordClasses; ++c) {
        sample.rows[c].clear();
        sample.classes[c] = {};
        if ((mask >> c & 1) == 0) {
            continue;
        }
        if (random() % 3 == 0) {
            sample.classes[c] = {static_cast<std::uint32_t>(1 + random() % 0xFFFFFFFFu),
                                 nullptr,
                                 {static_cast<std::uint32_t>(random() >> random() % 40 >> 24),
                                  static_cast<std::uint32_t>(random() % kPagePayload)}};
        } else {
            sample.rows[c] = reference::RandomRows(random, 1 + random() % (kInlineLimit + 2),
                                                   sample.row_count, 0);
            sample.classes[c] = {
                static_cast<std::uint32_t>(sample.rows[c].size()), sample.rows[c].data(), {}};
        }
    }
    sample.bytes.clear();
    EncodeWordEntry(sample.folded, sample.original, sample.classes, sample.ordinal_bytes,
                    sample.bytes);
}

TEST(WordEntryTest, WhatIsEncodedComesBack) {
    std::mt19937_64 random(2);
    Sample sample;
    for (int round = 0; round < 20000; ++round) {
        MakeSample(random, sample);
        sample.bytes.push_back(0xEE);
        const ExactBytes exact(sample.bytes);
        ByteReader parsing = exact.Reader();
        const WordEntry entry = ParseWordEntry(parsing, sample.ordinal_bytes);
        ASSERT_EQ(parsing.remaining(), 1u);
        ByteReader skipping = exact.Reader();
        SkipWordEntry(skipping, sample.ordinal_bytes);
        ASSERT_EQ(skipping.remaining(), 1u);

        std::string original;
        AppendOriginal(sample.folded, entry, original);
        ASSERT_EQ(original, sample.original);
        std::uint64_t total = 0;
        for (int c = 0; c < kWordClasses; ++c) {
            const ClassPostings& expected = sample.classes[c];
            const auto word_class = static_cast<WordClass>(c);
            ASSERT_EQ((entry.mask >> c & 1) != 0, expected.count > 0);
            ASSERT_EQ(entry.count[c], expected.count);
            ASSERT_EQ(entry.Inlined(word_class), expected.rows != nullptr);
            total += expected.count;
            std::pmr::vector<RowOrdinal> rows;
            entry.AppendInline(word_class, sample.row_count, rows);
            ASSERT_EQ(std::vector<RowOrdinal>(rows.begin(), rows.end()), sample.rows[c]);
            if (expected.count > 0 && expected.rows == nullptr) {
                ASSERT_EQ(entry.lists[c].count, expected.count);
                ASSERT_EQ(entry.lists[c].loc, expected.loc);
            } else {
                ASSERT_EQ(entry.lists[c].count, 0u);
            }
            if (!sample.rows[c].empty()) {
                EXPECT_THROW(entry.AppendInline(word_class, sample.rows[c].back(), rows), Error);
            }
            ASSERT_EQ(entry.Total(MaskOf(word_class)), expected.count);
        }
        ASSERT_EQ(entry.Total(), total);
    }
}

TEST(WordEntryTest, EveryPrefixIsTooShort) {
    std::mt19937_64 random(3);
    Sample sample;
    for (int round = 0; round < 500; ++round) {
        MakeSample(random, sample);
        for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
            const ExactBytes exact(
                Bytes(sample.bytes.begin(), sample.bytes.begin() + static_cast<long>(size)));
            ByteReader parsing = exact.Reader();
            EXPECT_THROW(ParseWordEntry(parsing, sample.ordinal_bytes), Error);
            ByteReader skipping = exact.Reader();
            EXPECT_THROW(SkipWordEntry(skipping, sample.ordinal_bytes), Error);
        }
    }
}

TEST(WordEntryTest, DamageIsCorruptOrAscending) {
    std::mt19937_64 random(4);
    Sample sample;
    int corrupt = 0;
    for (int round = 0; round < 20000; ++round) {
        MakeSample(random, sample);
        for (std::uint64_t n = 1 + random() % 3; n > 0; --n) {
            sample.bytes[random() % sample.bytes.size()] = static_cast<std::uint8_t>(random());
        }
        const ExactBytes exact(sample.bytes);
        bool parsed = false;
        std::size_t left = 0;
        try {
            ByteReader parsing = exact.Reader();
            const WordEntry entry = ParseWordEntry(parsing, sample.ordinal_bytes);
            parsed = true;
            left = parsing.remaining();
            std::string original;
            AppendOriginal(sample.folded, entry, original);
            for (int c = 0; c < kWordClasses; ++c) {
                std::pmr::vector<RowOrdinal> rows;
                entry.AppendInline(static_cast<WordClass>(c), sample.row_count, rows);
                for (std::size_t i = 0; i < rows.size(); ++i) {
                    ASSERT_LT(rows[i], sample.row_count);
                    ASSERT_TRUE(i == 0 || rows[i - 1] < rows[i]);
                }
            }
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::kCorrupt);
            ++corrupt;
        }
        try {
            ByteReader skipping = exact.Reader();
            SkipWordEntry(skipping, sample.ordinal_bytes);
            if (parsed) {
                ASSERT_EQ(skipping.remaining(), left);
            }
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::kCorrupt);
            ASSERT_FALSE(parsed);
        }
    }
    EXPECT_GT(corrupt, 1000);
}

TEST(WordEntryTest, TheCheapestCaseFormThatRebuildsTheWord) {
    EXPECT_EQ(CaseFormOf("smith", "smith"), kCaseSame);
    EXPECT_EQ(CaseFormOf("smith", "Smith"), kCaseCapitalised);
    EXPECT_EQ(CaseFormOf("smith", "SMITH"), kCaseUpper);
    EXPECT_EQ(CaseFormOf("smith", "SmitH"), kCaseExplicit);
    EXPECT_EQ(CaseFormOf("x", "X"), kCaseCapitalised);
    EXPECT_EQ(CaseFormOf("\xC3\xA9va", "\xC3\x89va"), kCaseExplicit);
    EXPECT_EQ(CaseFormOf("\xC3\xA9va", "\xC3\xA9VA"), kCaseUpper);
    EXPECT_EQ(CaseFormOf("ss", "\xC3\x9F"), kCaseExplicit);
    EXPECT_EQ(CaseFormOf("i", "\xC4\xB0"), kCaseExplicit);
}

TEST(WordEntryTest, ASingleOccurrenceTakesOneByteMoreThanItsOrdinal) {
    const RowOrdinal row = 9999999;
    ClassPostings classes[kWordClasses];
    classes[2] = {1, &row, {}};
    Bytes bytes;
    EncodeWordEntry("x", "X", classes, OrdinalBytes(10000000), bytes);
    EXPECT_EQ(bytes.size(), 4u);
}

TEST(WordEntryTest, WrongPostingsAreRefused) {
    const RowOrdinal twice[] = {5, 5};
    const RowOrdinal wide[] = {256};
    ClassPostings classes[kWordClasses];
    Bytes bytes;
    EXPECT_THROW(EncodeWordEntry("a", "a", classes, 1, bytes), Error);
    classes[0] = {2, twice, {}};
    EXPECT_THROW(EncodeWordEntry("a", "a", classes, 1, bytes), Error);
    classes[0] = {1, wide, {}};
    EXPECT_THROW(EncodeWordEntry("a", "a", classes, 1, bytes), Error);
}

TEST(WordEntryTest, OrdinalBytesHoldTheLastRow) {
    EXPECT_EQ(OrdinalBytes(0), 1u);
    EXPECT_EQ(OrdinalBytes(256), 1u);
    EXPECT_EQ(OrdinalBytes(257), 2u);
    EXPECT_EQ(OrdinalBytes(65536), 2u);
    EXPECT_EQ(OrdinalBytes(65537), 3u);
    EXPECT_EQ(OrdinalBytes(1u << 24), 3u);
    EXPECT_EQ(OrdinalBytes((1u << 24) + 1), 4u);
}

}  // namespace
}  // namespace namedex::core
