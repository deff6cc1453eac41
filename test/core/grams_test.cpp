// GramWriter and GramReader against sets of grams, one per group of blocks.

#include "core/grams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <memory_resource>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/memory_pages.hpp"
#include "reference/naive_lexicon.hpp"

namespace namedex::core {
namespace {

using Blocks = std::vector<std::vector<std::string>>;

// Counts what is allocated.
class CountingMemory final : public std::pmr::memory_resource {
  public:
    std::size_t peak = 0;
    std::size_t now = 0;

  private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        now += bytes;
        peak = std::max(peak, now);
        return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
        now -= bytes;
        std::pmr::new_delete_resource()->deallocate(at, bytes, alignment);
    }
    bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
};

struct StoredGrams {
    explicit StoredGrams(const Blocks& blocks, std::size_t memory_limit = 64 << 20)
        : block_count(static_cast<std::uint32_t>(blocks.size())) {
        GramWriter writer(&memory, memory_limit);
        for (const auto& words : blocks) {
            std::string last;
            for (const std::string& word : words) {
                const auto differ = std::mismatch(
                    word.begin(),
                    word.begin() + static_cast<long>(std::min(word.size(), last.size())),
                    last.begin());
                writer.Add(word, static_cast<std::size_t>(differ.first - word.begin()));
                last = word;
            }
            writer.EndBlock();
        }
        shift = writer.shift();
        keeps_long = writer.keeps_long_grams();
        keeps_short = writer.keeps_short_grams();
        build_peak = memory.peak;
        SectionWriter grams(gram_pages);
        SectionWriter directory(directory_pages);
        writer.Finish(grams, directory);
        grams.Finish();
        directory.Finish();
    }

    // The blocks to search for `needle`; nothing if grams do not help.
    std::optional<std::set<std::uint32_t>> Candidates(const std::string& needle) {
        GramReader reader(gram_pages.All(), directory_pages.All(), block_count,
                          std::pmr::get_default_resource());
        if (!reader.Helps(needle)) {
            return std::nullopt;
        }
        std::set<std::uint32_t> blocks;
        std::uint32_t last = 0;
        reader.ForEachRun(needle, [&](std::uint32_t begin, std::uint32_t end) {
            EXPECT_LT(begin, end);
            EXPECT_GE(begin, last);
            EXPECT_LE(end, block_count);
            for (last = begin; last < end; ++last) {
                blocks.insert(last);
            }
        });
        EXPECT_EQ(gram_pages.pinned(), 0);
        EXPECT_EQ(directory_pages.pinned(), 0);
        return blocks;
    }

    CountingMemory memory;
    MemoryPages gram_pages;
    MemoryPages directory_pages;
    std::uint32_t block_count;
    unsigned shift = 0;
    bool keeps_long = false;
    bool keeps_short = false;
    std::size_t build_peak = 0;
};

bool AnyContains(const std::vector<std::string>& words, const std::string& needle) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return word.find(needle) != std::string::npos;
    });
}

using GramSet = std::set<std::string>;

// Per group of 2^shift blocks, the grams of its words.
std::vector<GramSet> NaiveGroups(const Blocks& blocks, unsigned shift, std::size_t length) {
    std::vector<GramSet> groups(((blocks.size() - 1) >> shift) + 1);
    for (std::size_t block = 0; block < blocks.size(); ++block) {
        for (const std::string& word : blocks[block]) {
            groups[block >> shift].merge(reference::NaiveGrams(word, length));
        }
    }
    return groups;
}

// Blocks of the groups that hold every gram of the needle.
std::set<std::uint32_t> NaiveCandidates(const std::vector<GramSet>& groups, std::size_t blocks,
                                        unsigned shift, const GramSet& wanted) {
    std::set<std::uint32_t> candidates;
    for (std::uint32_t block = 0; block < blocks; ++block) {
        const GramSet& have = groups[block >> shift];
        if (std::includes(have.begin(), have.end(), wanted.begin(), wanted.end())) {
            candidates.insert(block);
        }
    }
    return candidates;
}

std::string DrawWord(std::mt19937& random, unsigned letters, std::size_t longest) {
    std::string word;
    const std::size_t size = 1 + random() % longest;
    while (word.size() < size) {
        word.push_back(static_cast<char>('a' + random() % letters));
    }
    return word;
}

Blocks DrawBlocks(std::mt19937& random, std::size_t blocks, std::size_t words_per_block,
                  unsigned letters) {
    std::vector<std::string> words;
    while (words.size() < blocks * words_per_block) {
        words.push_back(DrawWord(random, letters, 9));
    }
    std::sort(words.begin(), words.end());
    Blocks drawn(blocks);
    for (std::size_t i = 0; i < words.size(); ++i) {
        drawn[i / words_per_block].push_back(words[i]);
    }
    return drawn;
}

TEST(GramsTest, NarrowsToTheGroupsThatHoldEveryGram) {
    std::mt19937 random(7);
    for (int round = 0; round < 60; ++round) {
        const unsigned letters = 2 + random() % 12;
        const Blocks blocks = DrawBlocks(random, 1 + random() % 150, 1 + random() % 6, letters);
        StoredGrams stored(blocks, round % 3 == 0 ? 40000 + random() % 60000 : 64 << 20);
        const std::vector<GramSet> groups[] = {NaiveGroups(blocks, stored.shift, 2),
                                               NaiveGroups(blocks, stored.shift, 3)};
        for (int i = 0; i < 100; ++i) {
            const std::string needle = DrawWord(random, letters, 5);
            const auto found = stored.Candidates(needle);
            const std::size_t length = needle.size() >= 3 && stored.keeps_long ? 3 : 2;
            if (needle.size() < 2 || !stored.keeps_short) {
                ASSERT_FALSE(found.has_value());
                continue;
            }
            ASSERT_TRUE(found.has_value());
            const auto exact = NaiveCandidates(groups[length - 2], blocks.size(), stored.shift,
                                               reference::NaiveGrams(needle, length));
            // With few groups left the remaining grams are not looked up: a superset, but a small
            // one.
            ASSERT_TRUE(std::includes(found->begin(), found->end(), exact.begin(), exact.end()));
            if (found->size() > 4) {
                ASSERT_EQ(*found, exact) << needle;
            }
            for (std::uint32_t block = 0; block < blocks.size(); ++block) {
                ASSERT_TRUE(found->count(block) > 0 || !AnyContains(blocks[block], needle));
            }
        }
    }
}

TEST(GramsTest, CrossesChunks) {
    // Three chunks; "xyz" only where named, "abc" everywhere, "q0q" in every other block.
    Blocks blocks(70001, {"abc"});
    const std::set<std::uint32_t> special = {0,     32767, 32768, 40000, 65535,
                                             65536, 70000, 7,     900,   33000};
    for (std::uint32_t block = 0; block < blocks.size(); ++block) {
        if (block % 2 == 0) {
            blocks[block].push_back("q0q");
        }
        if (special.count(block) > 0) {
            blocks[block].push_back("xyz");
        }
    }
    StoredGrams stored(blocks);
    ASSERT_EQ(stored.shift, 0u);
    EXPECT_EQ(*stored.Candidates("xyz"), special);
    EXPECT_EQ(*stored.Candidates("xy"), special);
    EXPECT_EQ(stored.Candidates("abc")->size(), blocks.size());
    EXPECT_EQ(stored.Candidates("q0q")->size(), 35001u);
    EXPECT_EQ(stored.Candidates("abq")->size(), 0u);
}

TEST(GramsTest, StaysWithinItsMemory) {
    std::mt19937 random(99);
    const Blocks blocks = DrawBlocks(random, 3000, 8, 10);
    bool widened = false;
    bool dropped_long = false;
    bool dropped_all = false;
    for (std::size_t limit = 1 << 20; limit > 0; limit = limit * 3 / 4) {
        StoredGrams stored(blocks, limit);
        EXPECT_LE(stored.build_peak, limit + 4096) << limit;  // a deque's first node and map
        widened |= stored.shift > 0 && stored.keeps_long;
        dropped_long |= stored.keeps_short && !stored.keeps_long;
        dropped_all |= !stored.keeps_short;
        for (int i = 0; i < 10; ++i) {
            const std::string needle = DrawWord(random, 10, 4);
            const auto found = stored.Candidates(needle);
            for (std::uint32_t block = 0; found && block < blocks.size(); ++block) {
                ASSERT_TRUE(found->count(block) > 0 || !AnyContains(blocks[block], needle));
            }
        }
    }
    EXPECT_TRUE(widened);
    EXPECT_TRUE(dropped_long);
    EXPECT_TRUE(dropped_all);
}

std::uint32_t polls;

// Growing, widening and dropping lists take long in a large lexicon, and no page is written
// meanwhile.
TEST(GramsTest, PollsWhileListsAreMoved) {
    std::mt19937 random(7);
    const Blocks blocks = DrawBlocks(random, 3000, 8, 10);
    std::uint32_t before = 0;
    for (const std::size_t limit : {std::size_t{64} << 20, std::size_t{1} << 18}) {
        polls = 0;
        GramWriter writer(std::pmr::get_default_resource(), limit, [] { ++polls; });
        for (const auto& words : blocks) {
            for (const std::string& word : words) {
                writer.Add(word, 0);
            }
            writer.EndBlock();
        }
        EXPECT_GT(polls, before);
        before = polls;
    }
}

TEST(GramsTest, TakesEveryByteValue) {
    Blocks blocks;
    for (int byte = 1; byte < 256; ++byte) {
        blocks.push_back({std::string(3, static_cast<char>(byte))});
    }
    StoredGrams stored(blocks);
    for (int byte = 1; byte < 256; ++byte) {
        const auto block = static_cast<std::uint32_t>(byte - 1);
        const std::string word(3, static_cast<char>(byte));
        EXPECT_EQ(*stored.Candidates(word), std::set<std::uint32_t>{block});
        EXPECT_EQ(*stored.Candidates(word.substr(1)), std::set<std::uint32_t>{block});
    }
}

TEST(GramsTest, SurvivesDamage) {
    std::mt19937 random(4242);
    const Blocks blocks = DrawBlocks(random, 300, 4, 5);
    int corrupt = 0;
    int harmless = 0;
    for (int round = 0; round < 3000; ++round) {
        // One storage per 100 rounds of ever more damage.
        static std::unique_ptr<StoredGrams> stored;
        if (round % 100 == 0) {
            stored = std::make_unique<StoredGrams>(blocks);
        }
        MemoryPages& pages = random() % 4 == 0 ? stored->directory_pages : stored->gram_pages;
        const std::uint32_t page = random() % pages.page_count();
        pages.mutable_payload(page)[random() % (random() % 2 == 0 ? 64 : 4000)] =
            static_cast<std::uint8_t>(random());
        try {
            for (int i = 0; i < 10; ++i) {
                stored->Candidates(DrawWord(random, 5, 6));
            }
            ++harmless;
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::kCorrupt);
            ++corrupt;
        }
    }
    EXPECT_GT(corrupt, 100);
    EXPECT_GT(harmless, 100);
}

}  // namespace
}  // namespace namedex::core
