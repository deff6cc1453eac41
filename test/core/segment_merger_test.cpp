// MergeSegments: whatever the split of a table into segments, the merged one is the segment of the
// live rows.

#include "core/segment_merger.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/segment_check.hpp"
#include "core/segment_query.hpp"
#include "reference/random_table.hpp"

namespace namedex::core {
namespace {

using namespace reference;
using Rules = RuleFolder::Rules;

std::pmr::memory_resource* Memory() {
    return std::pmr::get_default_resource();
}

// A source segment: some rows of the table, of which some are dead.
struct Source {
    std::vector<std::uint32_t> rows;
    RowBitmap dead;
    bool any_dead = false;
    MemoryPages pages;
    std::unique_ptr<SegmentReader> segment;

    void Build(const NaiveTable& table, const Folder& folder, bool grams) {
        SegmentOptions options;
        options.grams = grams;
        BuildSegment(Select(table, rows), folder, options, pages);
        segment = std::make_unique<SegmentReader>(pages, pages.page_count(), Memory());
        dead.Reset(0, static_cast<std::uint32_t>(rows.size()));
    }
    void Kill(std::uint32_t ordinal) {
        dead.Set(ordinal);
        any_dead = true;
    }
};

std::vector<MergeSource> All(std::vector<std::unique_ptr<Source>>& sources) {
    std::vector<MergeSource> all;
    for (const auto& source : sources) {
        all.push_back({source->segment.get(), source->any_dead ? &source->dead : nullptr});
    }
    return all;
}

void ExpectIsSegmentOf(const NaiveTable& table, const Folder& folder, MemoryPages& pages,
                       Random& random, int queries) {
    SegmentReader segment(pages, pages.page_count(), Memory());
    ASSERT_EQ(FaultInContents(segment, table, folder), "");
    const std::vector<const Folder*> folders(table.columns.size(), &folder);
    ASSERT_NO_THROW(CheckSegment(segment, folders, nullptr));
    for (int i = 0; i < queries; ++i) {
        const auto conjunction = RandomConjunction(random, table, folder);
        const auto conditions = CompileAll(conjunction, folder.encoding);
        SegmentQuery query(segment, conditions, folders, Memory(), nullptr);
        RowSet rows(Memory());
        query.Evaluate(0, table.row_count(), rows);
        std::vector<RowOrdinal> found;
        rows.ForEach([&](RowOrdinal row) { found.push_back(row); });
        ASSERT_EQ(found, NaiveSearch(table, conjunction, folder.encoding));
    }
    // As many words, values and NULLs as in the segment built from scratch.
    MemoryPages scratch;
    const SegmentStats wanted = BuildSegment(table, folder, {}, scratch);
    for (std::uint32_t c = 0; c < segment.column_count(); ++c) {
        const ColumnHeader& merged = segment.header().columns[c];
        const ColumnHeader& built = wanted.header.columns[c];
        EXPECT_EQ(merged.word_count, built.word_count);
        EXPECT_EQ(merged.block_count, built.block_count);
        EXPECT_EQ(merged.opaque_count, built.opaque_count);
        EXPECT_EQ(merged.nulls.count, built.nulls.count);
        EXPECT_EQ(merged.posting_count, built.posting_count);
        EXPECT_EQ(merged.text_bytes, built.text_bytes);
    }
}

// Deals the rows out, kills some, and leaves in some sources dead rows with TIDs that are alive
// elsewhere.
void CheckSplit(Random& random, const NaiveTable& table, const Folder& folder, int queries) {
    std::vector<std::unique_ptr<Source>> sources;
    for (std::uint32_t n = 1 + random.Below(6); n > 0; --n) {
        sources.push_back(std::make_unique<Source>());
    }
    const auto count = static_cast<std::uint32_t>(sources.size());
    const bool contiguous = random.Percent(50);
    const std::uint32_t dead_percent = random.Percent(30) ? 0 : random.Below(60);
    const std::uint32_t ghost_percent = random.Percent(50) ? 0 : 5;
    const std::uint32_t all_dead = random.Percent(20) ? random.Below(count) : count;
    std::vector<std::vector<bool>> alive(count);
    std::vector<std::uint32_t> live_rows;
    for (std::uint32_t row = 0; row < table.row_count(); ++row) {
        const auto owner =
            contiguous ? static_cast<std::uint32_t>(std::uint64_t{row} * count / table.row_count())
                       : random.Below(count);
        const bool live = owner != all_dead && !random.Percent(dead_percent);
        for (std::uint32_t s = 0; s < count; ++s) {
            if (s == owner || random.Percent(ghost_percent)) {
                sources[s]->rows.push_back(row);
                alive[s].push_back(s == owner && live);
            }
        }
        if (live) {
            live_rows.push_back(row);
        }
    }
    for (std::uint32_t s = 0; s < count; ++s) {
        sources[s]->Build(table, folder, random.Percent(50));
        for (std::uint32_t i = 0; i < alive[s].size(); ++i) {
            if (!alive[s][i]) {
                sources[s]->Kill(i);
            }
        }
    }
    MemoryPages merged;
    MemoryPagesFactory temporary;
    const SegmentStats stats = MergeSegments(All(sources), merged, temporary, {}, Memory());
    ASSERT_EQ(stats.pages, merged.page_count());
    ASSERT_NO_FATAL_FAILURE(
        ExpectIsSegmentOf(Select(table, live_rows), folder, merged, random, queries));
    for (const auto& source : sources) {
        source->segment->Release();
        ASSERT_EQ(source->pages.pinned(), 0);
    }
}

TEST(SegmentMerger, RandomSplits) {
    Random random(1);
    for (int round = 0; round < 40; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const RuleFolder folder(round % 2 == 0 ? Rules::kPlain : Rules::kContext);
        TableShape shape;
        shape.rows =
            random.Percent(10) ? random.Below(4) : random.Below(random.Percent(80) ? 400 : 3000);
        shape.columns = 1 + random.Below(3);
        shape.vocabulary = 1 + random.Below(random.Percent(70) ? 60 : 2000);
        shape.distinct_values = 1 + random.Below(2000);
        shape.includes = static_cast<std::uint32_t>(round) % 4;
        const NaiveTable table = RandomTable(random, shape, folder);
        ASSERT_NO_FATAL_FAILURE(CheckSplit(random, table, folder, 5));
    }
}

// So many rows that a frequent word's postings pass through a bitmap.
TEST(SegmentMerger, LargeTable) {
    const RuleFolder folder(Rules::kPlain);
    constexpr std::uint32_t kRows = 360000;
    NaiveTable table;
    NaiveColumn column;
    for (const char* text : {"a b", "a", "A b c", "", "b-a", "a b a b"}) {
        NaiveValue value{false, text, ""};
        folder.Fold(value.original, value.folded);
        column.values.push_back(value);
    }
    column.values.push_back({true, "", ""});
    Random random(2);
    for (std::uint32_t row = 0; row < kRows; ++row) {
        column.rows.push_back(random.Percent(85) ? 0 : random.Below(column.values.size()));
        table.tids.push_back({row / 100, static_cast<std::uint16_t>(row % 100 + 1)});
    }
    table.columns.push_back(std::move(column));

    std::vector<std::unique_ptr<Source>> sources;
    for (int s = 0; s < 2; ++s) {
        sources.push_back(std::make_unique<Source>());
    }
    for (std::uint32_t row = 0; row < kRows; ++row) {
        sources[row / 1000 % 2]->rows.push_back(row);
    }
    std::vector<std::uint32_t> live_rows;
    for (const auto& source : sources) {
        source->Build(table, folder, true);
        for (std::uint32_t i = 0; i < source->rows.size(); ++i) {
            if (i % 1000 == 17) {
                source->Kill(i);
            } else {
                live_rows.push_back(source->rows[i]);
            }
        }
    }
    std::sort(live_rows.begin(), live_rows.end());
    MemoryPages merged;
    MemoryPagesFactory temporary;
    MergeSegments(All(sources), merged, temporary, {}, Memory());
    ASSERT_NO_FATAL_FAILURE(ExpectIsSegmentOf(Select(table, live_rows), folder, merged, random, 4));
}

// Merging what was merged: the way an index grows.
TEST(SegmentMerger, MergesOfMerges) {
    const RuleFolder folder(Rules::kContext);
    Random random(3);
    const NaiveTable table = RandomTable(random, {1500, 2, 300, 900, 3}, folder);
    std::vector<std::uint32_t> rows(table.row_count());
    std::iota(rows.begin(), rows.end(), 0);
    auto whole = std::make_unique<MemoryPages>();
    NaiveTable so_far = Select(table, {});
    BuildSegment(so_far, folder, {}, *whole);
    std::vector<std::uint32_t> taken;
    MemoryPagesFactory temporary;
    while (!rows.empty()) {
        std::vector<std::uint32_t> part;
        std::vector<std::uint32_t> rest;
        for (const std::uint32_t row : rows) {
            (random.Percent(40) || rows.size() < 5 ? part : rest).push_back(row);
        }
        rows.swap(rest);
        MemoryPages added;
        BuildSegment(Select(table, part), folder, {}, added);
        SegmentReader old_segment(*whole, whole->page_count(), Memory());
        SegmentReader new_segment(added, added.page_count(), Memory());
        auto merged = std::make_unique<MemoryPages>();
        MergeSegments({{&old_segment, nullptr}, {&new_segment, nullptr}}, *merged, temporary, {},
                      Memory());
        old_segment.Release();
        whole.swap(merged);
        taken.insert(taken.end(), part.begin(), part.end());
        std::sort(taken.begin(), taken.end());
        ASSERT_NO_FATAL_FAILURE(ExpectIsSegmentOf(Select(table, taken), folder, *whole, random, 3));
    }
}

ErrorCode CodeOfMerging(const std::vector<MergeSource>& sources) {
    MemoryPages merged;
    MemoryPagesFactory temporary;
    try {
        MergeSegments(sources, merged, temporary, {}, Memory());
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::kInternal;  // none
}

TEST(SegmentMerger, ARowAliveTwiceIsCorrupt) {
    const RuleFolder folder(Rules::kPlain);
    Random random(4);
    const NaiveTable table = RandomTable(random, {300, 1, 50, 300}, folder);
    for (int round = 0; round < 20; ++round) {
        std::vector<std::unique_ptr<Source>> sources;
        for (int s = 0; s < 4; ++s) {
            sources.push_back(std::make_unique<Source>());
        }
        const std::uint32_t twice = random.Below(table.row_count());
        const std::uint32_t one = random.Below(4);
        const std::uint32_t other = (one + 1 + random.Below(3)) % 4;
        for (std::uint32_t row = 0; row < table.row_count(); ++row) {
            if (row == twice) {
                sources[one]->rows.push_back(row);
                sources[other]->rows.push_back(row);
            } else {
                sources[random.Below(4)]->rows.push_back(row);
            }
        }
        for (const auto& source : sources) {
            source->Build(table, folder, false);
        }
        EXPECT_EQ(CodeOfMerging(All(sources)), ErrorCode::kCorrupt);
        const auto& rows = sources[one]->rows;
        sources[one]->Kill(static_cast<std::uint32_t>(
            std::lower_bound(rows.begin(), rows.end(), twice) - rows.begin()));
        EXPECT_EQ(CodeOfMerging(All(sources)), ErrorCode::kInternal);
    }
}

TEST(SegmentMerger, DifferentColumnsAreCorrupt) {
    const RuleFolder folder(Rules::kPlain);
    Random random(5);
    MemoryPages pages[2];
    BuildSegment(RandomTable(random, {10, 1, 5, 5}, folder), folder, {}, pages[0]);
    BuildSegment(RandomTable(random, {10, 2, 5, 5}, folder), folder, {}, pages[1]);
    SegmentReader one(pages[0], pages[0].page_count(), Memory());
    SegmentReader two(pages[1], pages[1].page_count(), Memory());
    EXPECT_EQ(CodeOfMerging({{&one, nullptr}, {&two, nullptr}}), ErrorCode::kCorrupt);
}

TEST(SegmentMerger, DifferentIncludeColumnsAreCorrupt) {
    const RuleFolder folder(Rules::kPlain);
    Random random(7);
    const std::vector<IncludeTypes> all_types{{},
                                              {{IncludeKind::kText, 0}},
                                              {{IncludeKind::kBytes, 0}},
                                              {{IncludeKind::kNumber, 4}},
                                              {{IncludeKind::kNumber, 8}},
                                              {{IncludeKind::kText, 0}, {IncludeKind::kText, 0}}};
    std::vector<std::unique_ptr<Source>> sources;
    for (const IncludeTypes& types : all_types) {
        // A row each, with TIDs of its own.
        NaiveTable table = RandomTable(random, {1, 1, 5, 5}, folder);
        table.tids[0] = {static_cast<std::uint32_t>(sources.size()), 1};
        for (const IncludeType type : types) {
            table.includes.push_back(RandomInclude(random, type, 1));
        }
        sources.push_back(std::make_unique<Source>());
        sources.back()->rows = {0};
        sources.back()->Build(table, folder, false);
    }
    for (const auto& a : sources) {
        for (const auto& b : sources) {
            if (a != b) {
                EXPECT_EQ(CodeOfMerging({{a->segment.get(), nullptr}, {b->segment.get(), nullptr}}),
                          ErrorCode::kCorrupt);
            }
        }
    }
}

long polls = 0;
void CountAndStop() {
    if (++polls == 5) {
        Throw(ErrorCode::kCanceled, "canceled");
    }
}

TEST(SegmentMerger, CanBeCanceled) {
    const RuleFolder folder(Rules::kPlain);
    Random random(6);
    const NaiveTable table = RandomTable(random, {9000, 1, 50, 300}, folder);
    MemoryPages pages;
    BuildSegment(table, folder, {}, pages);
    {
        SegmentReader segment(pages, pages.page_count(), Memory());
        MemoryPages merged;
        MemoryPagesFactory temporary;
        try {
            SegmentOptions options;
            options.poll = CountAndStop;
            MergeSegments({{&segment, nullptr}}, merged, temporary, options, Memory());
            FAIL() << "not canceled";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kCanceled);
        }
        segment.Release();
        EXPECT_EQ(pages.pinned(), 0);
    }
}

std::uint32_t step_polls = 0;

// Where all rows but the last are dead, there is next to nothing to write and yet much to walk
// over.
TEST(SegmentMerger, PollsOverDeadRows) {
    const RuleFolder folder(Rules::kPlain);
    Random random(8);
    Source source;
    const NaiveTable table = RandomTable(random, {30000, 1, 50, 300}, folder);
    source.rows.resize(table.row_count());
    std::iota(source.rows.begin(), source.rows.end(), 0u);
    source.Build(table, folder, false);
    const auto polls_of_merge = [&source] {
        MemoryPages merged;
        MemoryPagesFactory temporary;
        SegmentOptions options;
        options.grams = false;
        options.poll = [] { ++step_polls; };
        step_polls = 0;
        MergeSegments({{source.segment.get(), &source.dead}}, merged, temporary, options, Memory());
        return step_polls;
    };
    for (std::uint32_t row = 0; row < table.row_count(); ++row) {
        source.Kill(row);
    }
    const std::uint32_t none_live = polls_of_merge();
    source.dead.Clear(table.row_count() - 1);
    const std::uint32_t last_live = polls_of_merge();
    // Once over the TIDs; then also over the translation, which is caught up with for the live row.
    EXPECT_GE(none_live, 29u) << none_live;
    EXPECT_GE(last_live, none_live + 29);
}

}  // namespace
}  // namespace namedex::core
