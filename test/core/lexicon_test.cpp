// LexiconWriter, LexiconReader and WordTextCache against NaiveLexicon.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <memory_resource>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/lexicon_reader.hpp"
#include "core/lexicon_walk.hpp"
#include "core/lexicon_writer.hpp"
#include "core/memory_pages.hpp"
#include "core/word_text_cache.hpp"
#include "reference/naive_lexicon.hpp"

namespace namedex::core {
namespace {

using reference::NaiveLexicon;
using reference::NaiveWord;

constexpr WordQueryKind kKinds[] = {WordQueryKind::kAll, WordQueryKind::kContains,
                                    WordQueryKind::kPrefix, WordQueryKind::kSuffix,
                                    WordQueryKind::kExact};
constexpr unsigned kOrdinalBytes = 3;
constexpr std::size_t kAmpleGrams = 64 << 20;

// Pages that hold not one byte more than was written, so that AddressSanitizer sees a read past it.
class ExactPages final : public PageSink, public PageSource {
  public:
    void Write(const std::uint8_t* payload, std::uint32_t used) override {
        pages.emplace_back(payload, payload + used);
        pages.back().shrink_to_fit();
    }
    Pin Acquire(std::uint32_t page) override {
        ++pinned;
        most_pinned = std::max(most_pinned, pinned);
        const std::vector<std::uint8_t>& bytes = pages.at(page);
        return {bytes.data(), static_cast<std::uint32_t>(bytes.size()), page};
    }
    void Release(const Pin&) noexcept override { --pinned; }
    SectionReader All() { return {*this, 0, static_cast<std::uint32_t>(pages.size())}; }

    std::vector<std::vector<std::uint8_t>> pages;
    int pinned = 0;
    int most_pinned = 0;
};

// Entry of word `id`, from which a test can tell whose it is: the ordinals id, id+1, ... in one
// class or two.
void EncodeEntry(std::uint32_t id, const NaiveWord& word, std::pmr::vector<std::uint8_t>& out) {
    const RowOrdinal rows[] = {id, id + 1, id + 2, id + 3};
    OrdinalSpan spans[kWordClasses];
    spans[id % 4] = {rows, 1 + id % 3};
    if (id % 5 == 0) {
        spans[(id + 1) % 4] = {rows, 4};
    }
    EncodeInlineEntry(word.folded, word.original, spans, kOrdinalBytes, out);
}

struct StoredLexicon {
    explicit StoredLexicon(const NaiveLexicon& naive, std::size_t gram_memory = kAmpleGrams) {
        std::pmr::memory_resource* memory = std::pmr::get_default_resource();
        SectionWriter block_writer(blocks);
        SectionWriter directory_writer(directory);
        LexiconWriter writer(block_writer, directory_writer, memory, gram_memory);
        std::pmr::vector<std::uint8_t> entry;
        std::uint64_t text_bytes = 0;
        for (std::uint32_t id = 0; id < naive.words().size(); ++id) {
            entry.clear();
            EncodeEntry(id, naive.words()[id], entry);
            const WordId given = writer.Add(naive.words()[id].folded, {entry.data(), entry.size()});
            EXPECT_EQ(Raw(given), id);
            text_bytes += naive.words()[id].folded.size();
        }
        SectionWriter gram_writer(grams);
        SectionWriter gram_directory_writer(gram_directory);
        writer.Finish(gram_writer, gram_directory_writer);
        block_writer.Finish();
        directory_writer.Finish();
        gram_writer.Finish();
        gram_directory_writer.Finish();
        word_count = writer.word_count();
        block_count = writer.block_count();
        EXPECT_EQ(word_count, naive.words().size());
        EXPECT_EQ(writer.text_bytes(), text_bytes);
    }

    LexiconSource Source() {
        return {blocks.All(), directory.All(), grams.All(),  gram_directory.All(),
                word_count,   block_count,     kOrdinalBytes};
    }

    std::vector<ExactPages*> Sections() { return {&blocks, &directory, &grams, &gram_directory}; }

    ExactPages blocks, directory, grams, gram_directory;
    std::uint32_t word_count = 0;
    std::uint32_t block_count = 0;
};

void ExpectEntryOf(std::uint32_t id, const WordEntry& entry) {
    std::pmr::vector<RowOrdinal> rows;
    entry.AppendInline(static_cast<WordClass>(id % 4), 1u << 24, rows);
    ASSERT_EQ(rows.size(), 1 + id % 3);
    EXPECT_EQ(rows[0], id);
    EXPECT_EQ(entry.Total(), 1 + id % 3 + (id % 5 == 0 ? 4 : 0));
}

// Collects ids; every hit must be what the naive lexicon holds under its id. Asked with a filter,
// the finder gives those that pass it, with their own entries.
template <typename Finder>
std::vector<std::uint32_t> CollectBy(Finder& finder, const NaiveLexicon& naive,
                                     const WordQuery& query) {
    std::vector<std::uint32_t> ids;
    std::vector<std::uint32_t> wanted;
    std::vector<std::uint32_t> filtered;
    std::string original;
    const auto wants = [](std::string_view folded) {
        return std::hash<std::string_view>{}(folded) % 3 == 0;
    };
    finder.Find(query, [&](const WordHit& hit) {
        const std::uint32_t id = Raw(hit.id);
        if (wants(hit.folded)) {
            wanted.push_back(id);
        }
        ids.push_back(id);
        ASSERT_LT(id, naive.words().size());
        EXPECT_EQ(hit.folded, naive.words()[id].folded);
        original.clear();
        AppendOriginal(hit.folded, hit.entry, original);
        EXPECT_EQ(original, naive.words()[id].original);
        ExpectEntryOf(id, hit.entry);
    });
    finder.Find(query, {wants, [&](const WordHit& hit) {
                            const std::uint32_t id = Raw(hit.id);
                            filtered.push_back(id);
                            EXPECT_EQ(hit.folded, naive.words().at(id).folded);
                            ExpectEntryOf(id, hit.entry);
                        }});
    EXPECT_EQ(filtered, wanted);
    return ids;
}

std::vector<std::uint32_t> Collect(const NaiveLexicon& naive, StoredLexicon& stored,
                                   LexiconReader& reader, const WordQuery& query) {
    const std::uint64_t read_before = reader.words_read();
    const std::vector<std::uint32_t> ids = CollectBy(reader, naive, query);
    EXPECT_EQ(reader.words_read() - read_before, 2 * ids.size());
    for (const ExactPages* pages : stored.Sections()) {
        EXPECT_EQ(pages->pinned, 0);
    }
    return ids;
}

class WordSource {
  public:
    WordSource(std::mt19937& random, unsigned letters, std::size_t longest)
        : random_(random), letters_(letters), longest_(longest) {}

    std::string Draw() { return Draw(1 + random_() % longest_); }

    std::string Draw(std::size_t least) {
        static const char* const kLetters[] = {"a", "b", "\xC3\xA4", "1",       "c", "\xE4\xBA\x8C",
                                               "n", "o", "s",        "\xC3\xA5"};
        std::string word;
        while (word.size() < least) {
            word += kLetters[random_() % letters_];
        }
        return word;
    }

    // A folded word, and it in some case.
    NaiveWord DrawVariant() {
        NaiveWord word{Draw(), {}};
        word.original = word.folded;
        switch (random_() % 4) {
            case 0:
                word.original[0] = static_cast<char>(std::toupper(word.original[0] & 0x7F) |
                                                     (word.original[0] & 0x80));
                break;
            case 1:
                for (char& c : word.original) {
                    c = c >= 'a' && c <= 'z' && random_() % 2 == 0 ? static_cast<char>(c - 32) : c;
                }
                break;
            default:
                break;
        }
        return word;
    }

    NaiveLexicon Lexicon(std::size_t draws) {
        std::vector<NaiveWord> words;
        while (words.size() < draws) {
            words.push_back(DrawVariant());
        }
        return NaiveLexicon(std::move(words));
    }

    // Now a piece of some word, now made up.
    std::string Needle(const NaiveLexicon& naive) {
        const std::size_t size = 1 + random_() % 12;
        if (random_() % 2 == 0) {
            return Draw(size);
        }
        const std::string& word = naive.words()[random_() % naive.words().size()].folded;
        const std::size_t at = random_() % word.size();
        return word.substr(at, size);
    }

  private:
    std::mt19937& random_;
    unsigned letters_;
    std::size_t longest_;
};

void CompareQueries(std::mt19937& random, WordSource& words, const NaiveLexicon& naive,
                    std::size_t gram_memory, int queries) {
    StoredLexicon stored(naive, gram_memory);
    LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
    for (int i = 0; i < queries; ++i) {
        const std::string needle = words.Needle(naive);
        const WordQuery query{kKinds[random() % std::size(kKinds)], needle};
        ASSERT_EQ(Collect(naive, stored, reader, query), naive.Find(query))
            << "kind " << static_cast<int>(query.kind) << " needle " << needle;
    }
}

void CompareWalk(std::mt19937& random, WordSource& words, const NaiveLexicon& naive,
                 std::size_t queries) {
    StoredLexicon stored(naive);
    LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
    std::vector<std::string> needles;
    while (needles.size() < queries) {
        needles.push_back(random() % 3 == 0
                              ? naive.words()[random() % naive.words().size()].folded
                              : words.Needle(naive));
        if (random() % 50 == 0) {
            needles.push_back({});
        }
    }
    std::sort(needles.begin(), needles.end());
    {
        LexiconWalk walk(reader);
        for (const std::string& needle : needles) {
            const WordQuery query{
                random() % 2 == 0 ? WordQueryKind::kPrefix : WordQueryKind::kExact, needle};
            ASSERT_EQ(CollectBy(walk, naive, query), naive.Find(query))
                << "kind " << static_cast<int>(query.kind) << " needle " << needle;
        }
    }
    EXPECT_EQ(stored.blocks.pinned, 0);
    EXPECT_EQ(stored.directory.pinned, 0);
}

TEST(LexiconWalkTest, AgreesWithTheNaiveTwin) {
    std::mt19937 random(21);
    for (int round = 0; round < 120; ++round) {
        WordSource words(random, 1 + random() % 10, 1 + random() % 12);
        const NaiveLexicon naive = words.Lexicon(1 + random() % (round % 10 == 0 ? 12000 : 1500));
        CompareWalk(random, words, naive, 1 + random() % (round % 2 == 0 ? 6 : 120));
        if (HasFatalFailure()) {
            FAIL() << "round " << round;
        }
    }
}

// So many case variants of a word that it takes several blocks, and words so long that a block
// holds few.
TEST(LexiconWalkTest, AgreesOnWordsOfManyBlocks) {
    std::mt19937 random(22);
    for (int round = 0; round < 20; ++round) {
        std::vector<NaiveWord> drawn;
        for (int stem = 0; stem < 6; ++stem) {
            std::string word(1 + random() % 2, static_cast<char>('a' + random() % 3));
            word += std::string(12, 'n');
            const std::string folded = word;
            for (unsigned variant = 0; variant < 700; ++variant) {
                for (std::size_t i = 0; i < 12; ++i) {
                    word[word.size() - 1 - i] = (variant >> i & 1) != 0 ? 'N' : 'n';
                }
                drawn.push_back({folded, word});
            }
        }
        WordSource words(random, 3, round % 2 == 0 ? 990 : 13);
        for (int i = 0; i < 200; ++i) {
            drawn.push_back(words.DrawVariant());
        }
        ASSERT_NO_FATAL_FAILURE(CompareWalk(random, words, NaiveLexicon(std::move(drawn)), 60));
    }
}

TEST(LexiconWalkTest, AnswersFromAnEmptyLexicon) {
    StoredLexicon stored{NaiveLexicon({})};
    LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
    LexiconWalk walk(reader);
    walk.Find({WordQueryKind::kPrefix, ""}, [](const WordHit&) { FAIL(); });
    walk.Find({WordQueryKind::kExact, "a"}, [](const WordHit&) { FAIL(); });
}

// What many needles are walked for: no block is opened for each of them.
TEST(LexiconWalkTest, ManyNeedlesReadABlockAFewTimes) {
    std::mt19937 random(23);
    WordSource words(random, 8, 9);
    const NaiveLexicon naive = words.Lexicon(20000);
    StoredLexicon stored(naive);
    LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
    LexiconWalk walk(reader);
    for (const NaiveWord& word : naive.words()) {
        walk.Find({WordQueryKind::kExact, word.folded}, [](const WordHit&) {});
    }
    EXPECT_LE(reader.blocks_read(), 5 * stored.block_count);
}

TEST(LexiconTest, AgreesWithTheNaiveTwin) {
    std::mt19937 random(11);
    for (int round = 0; round < 120; ++round) {
        WordSource words(random, 1 + random() % 10, 1 + random() % 12);
        const NaiveLexicon naive = words.Lexicon(1 + random() % (round % 10 == 0 ? 12000 : 1500));
        CompareQueries(random, words, naive, random() % 3 == 0 ? random() % 200000 : kAmpleGrams,
                       40);
        if (HasFatalFailure()) {
            FAIL() << "round " << round;
        }
    }
}

TEST(LexiconTest, AgreesOnLongWords) {
    std::mt19937 random(12);
    for (int round = 0; round < 15; ++round) {
        WordSource words(random, 1 + random() % 3, 990);
        CompareQueries(random, words, words.Lexicon(1 + random() % 400), kAmpleGrams, 40);
    }
}

// Eight long words leave a page with a few bytes; the ninth, of every length, fits or just does
// not.
TEST(LexiconTest, FillsAPageToTheLastByte) {
    std::set<std::uint32_t> block_counts;
    for (std::size_t last = 1; last <= 200; ++last) {
        std::vector<NaiveWord> words;
        for (char first = 'a'; first < 'i'; ++first) {
            const std::string word = first + std::string(979, 'x');
            words.push_back({word, word});
        }
        words.push_back({std::string(last, 'z'), std::string(last, 'z')});
        const NaiveLexicon naive(std::move(words));
        StoredLexicon stored(naive);
        LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
        ASSERT_EQ(Collect(naive, stored, reader, {}), naive.Find({}));
        block_counts.insert(stored.block_count);
    }
    EXPECT_EQ(block_counts, (std::set<std::uint32_t>{1, 2}));
}

// Long prefixes with short suffixes: needles begin in the one and end in the other.
TEST(LexiconTest, AgreesAcrossThePrefixOfABlock) {
    std::mt19937 random(13);
    for (int round = 0; round < 40; ++round) {
        std::vector<NaiveWord> drawn;
        WordSource stems(random, 2, 8);
        WordSource tails(random, 2, 4);
        while (drawn.size() < 2000) {
            const std::string stem = stems.Draw(6 + random() % 8);
            for (int i = 0; i < 200; ++i) {
                const std::string word = i == 0 ? stem : stem + tails.Draw();
                drawn.push_back({word, word});
            }
        }
        const NaiveLexicon naive(std::move(drawn));
        CompareQueries(random, stems, naive, kAmpleGrams, 60);
    }
}

TEST(LexiconTest, FindsNeedlesThatBeginInThePrefix) {
    // One block with the prefix "abab": the suffixes are "", "a", "ab", "b", "bab", "c".
    std::vector<NaiveWord> words;
    for (const char* word : {"abab", "ababa", "ababab", "ababb", "ababbab", "ababc"}) {
        words.push_back({word, word});
    }
    const NaiveLexicon naive(words);
    StoredLexicon stored(naive);
    ASSERT_EQ(stored.block_count, 1u);
    LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
    const auto find = [&](WordQueryKind kind, std::string_view needle) {
        return Collect(naive, stored, reader, {kind, needle});
    };
    using Ids = std::vector<std::uint32_t>;
    EXPECT_EQ(find(WordQueryKind::kContains, "bab"), (Ids{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(find(WordQueryKind::kContains, "babc"), (Ids{5}));
    EXPECT_EQ(find(WordQueryKind::kContains, "bb"), (Ids{3, 4}));
    EXPECT_EQ(find(WordQueryKind::kContains, "baba"), (Ids{1, 2}));
    EXPECT_EQ(find(WordQueryKind::kSuffix, "abab"), (Ids{0, 2}));
    EXPECT_EQ(find(WordQueryKind::kSuffix, "bab"), (Ids{0, 2, 4}));
    EXPECT_EQ(find(WordQueryKind::kSuffix, "ababab"), (Ids{2}));
    EXPECT_EQ(find(WordQueryKind::kSuffix, "c"), (Ids{5}));
    EXPECT_EQ(find(WordQueryKind::kPrefix, "ababb"), (Ids{3, 4}));
    EXPECT_EQ(find(WordQueryKind::kExact, "abab"), (Ids{0}));
    EXPECT_EQ(find(WordQueryKind::kExact, ""), (Ids{}));
    EXPECT_EQ(find(WordQueryKind::kPrefix, ""), (Ids{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(find(WordQueryKind::kContains, std::string_view("b\0", 2)), (Ids{}));
    EXPECT_EQ(find(WordQueryKind::kSuffix, std::string_view("\0", 1)), (Ids{}));
}

TEST(LexiconTest, ReportsRanges) {
    std::mt19937 random(14);
    for (int round = 0; round < 20; ++round) {
        WordSource words(random, 2 + random() % 8, 8);
        const NaiveLexicon naive = words.Lexicon(1 + random() % 4000);
        StoredLexicon stored(naive);
        LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
        const auto count = static_cast<std::uint32_t>(naive.words().size());
        for (int i = 0; i < 50; ++i) {
            const std::uint32_t begin = random() % (count + 1);
            const std::uint32_t end = begin + random() % (count - begin + 1);
            std::uint32_t next = begin;
            reader.FindRange({begin, end}, [&](const WordHit& hit) {
                ASSERT_EQ(Raw(hit.id), next++);
                ASSERT_EQ(hit.folded, naive.words()[Raw(hit.id)].folded);
                ExpectEntryOf(Raw(hit.id), hit.entry);
            });
            ASSERT_EQ(next, end);

            const std::string needle = words.Needle(naive);
            for (const bool exact : {false, true}) {
                const auto expected =
                    naive.Find({exact ? WordQueryKind::kExact : WordQueryKind::kPrefix, needle});
                const WordRange range =
                    exact ? reader.ExactRange(needle) : reader.PrefixRange(needle);
                ASSERT_EQ(range.size(), expected.size()) << needle;
                ASSERT_TRUE(expected.empty() || range.begin == expected.front());
            }
        }
        EXPECT_THROW(reader.FindRange({0, count + 1}, [](const WordHit&) {}), Error);
    }
}

TEST(LexiconTest, KeepsOnePagePinned) {
    std::mt19937 random(15);
    WordSource words(random, 8, 9);
    const NaiveLexicon naive = words.Lexicon(20000);
    StoredLexicon stored(naive);
    LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
    for (const WordQueryKind kind : kKinds) {
        reader.Find({kind, "ab"}, [&](const WordHit&) {
            int pinned = 0;
            for (const ExactPages* pages : stored.Sections()) {
                pinned += pages->pinned;
            }
            ASSERT_EQ(pinned, 1);
        });
    }
    EXPECT_LE(stored.blocks.most_pinned, 1);
}

TEST(LexiconTest, AnswersFromAnEmptyLexicon) {
    const NaiveLexicon naive({});
    StoredLexicon stored(naive);
    LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
    for (const WordQueryKind kind : kKinds) {
        reader.Find({kind, "a"}, [](const WordHit&) { FAIL(); });
    }
    EXPECT_TRUE(reader.PrefixRange("a").empty());
    WordTextCache cache(reader, 1000, std::pmr::get_default_resource());
    EXPECT_THROW(cache.Folded(WordId{0}), Error);
}

TEST(LexiconTest, StoresCodesInSixBytesOfTextAndDirectory) {
    std::vector<NaiveWord> words;
    for (int i = 0; i < 100000; ++i) {
        std::string digits = std::to_string(123400000 + i);
        words.push_back({"mrn" + digits, "MRN" + digits});
    }
    const NaiveLexicon naive(std::move(words));
    StoredLexicon stored(naive);
    std::size_t entries = 0;
    std::pmr::vector<std::uint8_t> entry;
    for (std::uint32_t id = 0; id < naive.words().size(); ++id) {
        entry.clear();
        EncodeEntry(id, naive.words()[id], entry);
        entries += entry.size();
    }
    const std::size_t bytes =
        (stored.blocks.pages.size() + stored.directory.pages.size()) * kPagePayload - entries;
    EXPECT_LE(bytes, naive.words().size() * 6);
    const std::size_t gram_bytes =
        (stored.grams.pages.size() + stored.gram_directory.pages.size()) * kPagePayload;
    EXPECT_LE(gram_bytes, naive.words().size() * 3);
}

TEST(LexiconWriterTest, RefusesWhatWouldBreakTheOrder) {
    ExactPages pages;
    SectionWriter section(pages);
    LexiconWriter writer(section, section, std::pmr::get_default_resource(), kAmpleGrams);
    const std::uint8_t entry[] = {1, 2, 3};
    const auto add = [&](const std::string& word) { writer.Add(word, {entry, sizeof entry}); };
    add("b");
    add("b");
    EXPECT_THROW(add("a"), Error);
    EXPECT_THROW(add(""), Error);
    EXPECT_THROW(add(std::string("c\0d", 3)), Error);
    EXPECT_THROW(add(std::string(kMaxWordBytes + 1, 'c')), Error);
    add(std::string(kMaxWordBytes, 'c'));
    EXPECT_EQ(writer.word_count(), 3u);
}

int polls = 0;
int polls_allowed = 0;

TEST(LexiconTest, PollsAndStopsWhenThePollThrows) {
    std::mt19937 random(16);
    WordSource words(random, 8, 9);
    const NaiveLexicon naive = words.Lexicon(20000);
    StoredLexicon stored(naive);
    LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
    reader.set_poll([] {
        if (++polls > polls_allowed) {
            throw Error(ErrorCode::kCanceled, "canceled");
        }
    });
    polls = 0;
    polls_allowed = 1 << 30;
    reader.Find({WordQueryKind::kContains, "a"}, [](const WordHit&) {});
    const int whole = polls;
    EXPECT_GE(whole, static_cast<int>(stored.blocks.pages.size()));
    polls = 0;
    polls_allowed = whole / 2;
    EXPECT_THROW(reader.Find({WordQueryKind::kContains, "a"}, [](const WordHit&) {}), Error);
    EXPECT_EQ(stored.blocks.pinned, 0);
}

void CheckBothForms(std::size_t words, int longest) {
    std::mt19937 random(17);
    WordSource source(random, 8, longest);
    const NaiveLexicon naive = source.Lexicon(words);
    StoredLexicon stored(naive);
    LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
    for (const std::size_t limit : {std::size_t{0}, std::size_t{60000}, std::size_t{64} << 20}) {
        WordTextCache cache(reader, limit, std::pmr::get_default_resource());
        for (int row = 0; row < 3000; ++row) {
            cache.BeginRow();
            std::vector<std::uint32_t> ids;
            std::vector<std::string_view> folded;
            std::vector<std::string_view> original;
            for (int i = 0; i < 8; ++i) {
                const auto id =
                    static_cast<std::uint32_t>(random() % (1 + random() % naive.words().size()));
                ids.push_back(id);
                folded.push_back(cache.Folded(WordId{id}));
                original.push_back(cache.Original(WordId{id}));
            }
            for (std::size_t i = 0; i < ids.size(); ++i) {
                ASSERT_EQ(folded[i], naive.words()[ids[i]].folded);
                ASSERT_EQ(original[i], naive.words()[ids[i]].original);
            }
        }
        EXPECT_LE(cache.bytes_used(), std::max<std::size_t>(limit, 20000));
        EXPECT_THROW(cache.Folded(WordId{stored.word_count}), Error);
    }
}

TEST(WordTextCacheTest, GivesBothForms) {
    CheckBothForms(6000, 9);
}
TEST(WordTextCacheTest, GivesBothFormsOfLongWords) {
    CheckBothForms(500, 900);
}

// A cache that is full of a lexicon's first words.
class FullWordTextCache : public testing::Test {
  protected:
    static constexpr std::size_t kLimit = 100000;

    void SetUp() override {
        ASSERT_GT(count_, 8000u);
        for (std::uint32_t id = 0; id < 6000; ++id) {
            Ask({id});
        }
        ASSERT_GT(cache_.bytes_used(), kLimit / 2);
        EXPECT_EQ(BlocksFor(0, 500, 1), 0u);
    }

    // Asks for one row's words.
    void Ask(const std::vector<std::uint32_t>& row) {
        cache_.BeginRow();
        std::vector<std::string_view> folded;
        std::vector<std::string_view> original;
        for (const std::uint32_t id : row) {
            folded.push_back(cache_.Folded(WordId{id}));
            original.push_back(cache_.Original(WordId{id}));
        }
        for (std::size_t i = 0; i < row.size(); ++i) {
            EXPECT_EQ(folded[i], naive_.words()[row[i]].folded);
            EXPECT_EQ(original[i], naive_.words()[row[i]].original);
        }
        EXPECT_LE(cache_.bytes_used(), kLimit);
    }

    std::uint64_t BlocksFor(const std::vector<std::uint32_t>& row) {
        const std::uint64_t before = reader_.blocks_read();
        Ask(row);
        return reader_.blocks_read() - before;
    }

    // For rows of one word each.
    std::uint64_t BlocksFor(std::uint32_t begin, std::uint32_t rows, std::uint32_t step) {
        std::uint64_t blocks = 0;
        for (std::uint32_t i = 0; i < rows; ++i) {
            blocks += BlocksFor({begin + i * step});
        }
        return blocks;
    }

    std::mt19937 random_{21};
    WordSource words_{random_, 8, 9};
    const NaiveLexicon naive_ = words_.Lexicon(40000);
    StoredLexicon stored_{naive_};
    LexiconReader reader_{stored_.Source(), std::pmr::get_default_resource()};
    WordTextCache cache_{reader_, kLimit, std::pmr::get_default_resource()};
    const std::uint32_t count_ = static_cast<std::uint32_t>(naive_.words().size());
    // A word that is not kept, nor next to one that has been asked for; and a step that is longer
    // than a block.
    const std::uint32_t first_ = reader_.BlockOf(WordId{6000}).words.end;
    const std::uint32_t block_ = reader_.BlockOf(WordId{first_}).words.end - first_ + 128;
};

// Words that pass through a full cache leave it as it is, until they are many.
TEST_F(FullWordTextCache, KeepsFrequentWordsAmongRareOnes) {
    for (std::uint32_t round = 0; round < 5; ++round) {
        EXPECT_EQ(BlocksFor(first_ + round * 5, 20, block_), 20u);
        EXPECT_EQ(BlocksFor(0, 500, 1), 0u);
    }
    // Others that are asked for again and again take their place.
    std::uint64_t blocks = 0;
    for (int round = 0; round < 1000; ++round) {
        blocks += BlocksFor(first_, 20, block_);
    }
    EXPECT_LT(blocks, 10000u);
    EXPECT_EQ(BlocksFor(first_, 20, block_), 0u);
}

// What has passed is forgotten with its row.
TEST_F(FullWordTextCache, RareWordsPass) {
    const std::uint32_t a = first_;
    const std::uint32_t b = first_ + block_;
    EXPECT_EQ(BlocksFor({a, b, a, b}), 2u);
    EXPECT_EQ(BlocksFor({a, b}), 2u);
}

// Words that follow one another are decoded block by block; what a row has got of a block stays.
TEST_F(FullWordTextCache, NeighboursAreDecodedTogether) {
    EXPECT_LT(BlocksFor(first_, 500, 1), 200u);
    EXPECT_EQ(BlocksFor(0, 500, 1), 0u);
    for (std::uint32_t first = first_; first + block_ * 2 < count_; first += 1000) {
        std::vector<std::uint32_t> row;
        for (const std::uint32_t from : {first, first + block_, first}) {
            for (std::uint32_t i = 0; i < 40; ++i) {
                row.push_back(from + i);
            }
        }
        Ask(row);
    }
}

// A block of which some words only are wanted is not decoded for them.
TEST_F(FullWordTextCache, FewWordsOfEachBlockPass) {
    const std::uint64_t before = reader_.words_read();
    EXPECT_EQ(BlocksFor(first_, 300, 20), 300u);
    EXPECT_LT(reader_.words_read() - before, 600u);
}

// Any damage gives kCorrupt or some words; the sanitizers watch the rest.
TEST(LexiconTest, SurvivesDamage) {
    std::mt19937 random(18);
    int corrupt = 0;
    int harmless = 0;
    for (int round = 0; round < 60; ++round) {
        WordSource words(random, 3 + random() % 7, 9);
        const NaiveLexicon naive = words.Lexicon(500 + random() % 6000);
        StoredLexicon stored(naive);
        for (int damage = 0; damage < 30; ++damage) {
            auto& pages = stored.Sections()[random() % 4]->pages;
            if (pages.empty()) {
                continue;
            }
            auto& page = pages[random() % pages.size()];
            if (page.empty() || random() % 20 == 0) {
                page.resize(page.size() / 2);
                page.shrink_to_fit();
            } else {
                const std::size_t near =
                    random() % 2 == 0 ? std::min<std::size_t>(page.size(), 32) : page.size();
                page[random() % near] = static_cast<std::uint8_t>(random() % 2 == 0   ? random()
                                                                  : random() % 2 == 0 ? 0
                                                                                      : 255);
            }
            const auto attempt = [&](auto&& use) {
                try {
                    use();
                    ++harmless;
                } catch (const Error& error) {
                    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
                    ++corrupt;
                }
            };
            LexiconReader reader(stored.Source(), std::pmr::get_default_resource());
            for (const WordQueryKind kind : kKinds) {
                attempt([&] {
                    const std::string needle = words.Needle(naive);
                    std::uint64_t found = 0;
                    std::string original;
                    reader.Find({kind, needle}, [&](const WordHit& hit) {
                        EXPECT_LT(Raw(hit.id), stored.word_count);
                        EXPECT_LE(hit.folded.size(), kMaxWordBytes);
                        AppendOriginal(hit.folded, hit.entry, original);
                        found += original.size() + hit.entry.Total();
                        original.clear();
                    });
                    EXPECT_LT(found, std::uint64_t{1} << 60);
                });
            }
            attempt([&] {
                std::set<std::string> needles;
                while (needles.size() < 10) {
                    needles.insert(words.Needle(naive));
                }
                LexiconWalk walk(reader);
                for (const std::string& needle : needles) {
                    walk.Find({WordQueryKind::kPrefix, needle}, [&](const WordHit& hit) {
                        EXPECT_LT(Raw(hit.id), stored.word_count);
                        EXPECT_LE(hit.folded.size(), kMaxWordBytes);
                    });
                }
            });
            WordTextCache cache(reader, 10000, std::pmr::get_default_resource());
            for (std::uint32_t i = 0; i < 60; ++i) {
                attempt([&] {
                    cache.BeginRow();
                    const WordId id{
                        static_cast<std::uint32_t>(i < 20 ? random() : i) % stored.word_count};
                    EXPECT_LE(cache.Folded(id).size() + cache.Original(id).size(),
                              2 * kMaxWordBytes);
                });
            }
        }
        for (const ExactPages* pages : stored.Sections()) {
            EXPECT_EQ(pages->pinned, 0);
        }
    }
    EXPECT_GT(corrupt, 1000);
    EXPECT_GT(harmless, 1000);
}

// A segment header that lies about counts.
TEST(LexiconTest, RefusesImpossibleCounts) {
    std::mt19937 random(19);
    WordSource words(random, 8, 9);
    StoredLexicon stored(words.Lexicon(3000));
    const auto open = [&](std::uint32_t word_count, std::uint32_t block_count) {
        LexiconSource source = stored.Source();
        source.word_count = word_count;
        source.block_count = block_count;
        LexiconReader reader(source, std::pmr::get_default_resource());
        reader.Find({}, [](const WordHit&) {});
    };
    open(stored.word_count, stored.block_count);
    EXPECT_THROW(open(stored.word_count + 1, stored.block_count), Error);
    EXPECT_THROW(open(stored.word_count - 1, stored.block_count), Error);
    EXPECT_THROW(open(stored.word_count, stored.block_count + 1000), Error);
    EXPECT_THROW(open(stored.word_count, stored.block_count - 1), Error);
    EXPECT_THROW(open(0xFFFFFFFFu, 0xFFFFFFFFu), Error);
    EXPECT_THROW(open(0, 1), Error);
}

}  // namespace
}  // namespace namedex::core
