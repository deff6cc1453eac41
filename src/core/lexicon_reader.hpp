// Answers word queries from a stored lexicon (format: core/lexicon.hpp).
//
//     LexiconReader lexicon(source, memory);
//     lexicon.Find({WordQueryKind::kContains, "son"}, [&](const WordHit& hit) { ... });
//
// Every word that matches is reported once, in id order. One page is pinned at a time, and none
// when a call has returned. Stored bytes are hostile: damage throws kCorrupt or gives wrong words,
// never anything worse. A reader serves one call at a time: the sink must not call it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/grams.hpp"
#include "core/ids.hpp"
#include "core/lexicon.hpp"
#include "core/pages.hpp"
#include "core/substring.hpp"
#include "core/word_entry.hpp"

namespace namedex::core {

// A lexicon's sections and what the segment header knows about them.
struct LexiconSource {
    SectionReader blocks;
    SectionReader directory;
    SectionReader grams;
    SectionReader gram_directory;
    std::uint32_t word_count = 0;
    std::uint32_t block_count = 0;
    unsigned ordinal_bytes = 4;
};

// A reference to any callable taking a const WordHit&, and optionally to one that says by a word's
// folded form whether it is wanted at all: the entry of an unwanted word is not read. It does not
// outlive the callables.
class WordSink {
  public:
    template <typename Callable,
              typename = std::enable_if_t<!std::is_same_v<std::decay_t<Callable>, WordSink>>>
    WordSink(Callable&& callable)  // NOLINT: implicit, so that a lambda can be passed
        : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
          call_([](void* object, const WordHit& hit) {
              (*static_cast<std::remove_reference_t<Callable>*>(object))(hit);
          }) {}

    template <typename Filter, typename Callable>
    WordSink(const Filter& filter, Callable&& callable)
        : WordSink(std::forward<Callable>(callable)) {
        filter_ = std::addressof(filter);
        wants_ = [](const void* object, std::string_view folded) -> bool {
            return (*static_cast<const Filter*>(object))(folded);
        };
    }

    bool Wants(std::string_view folded) const {
        return wants_ == nullptr || wants_(filter_, folded);
    }
    void operator()(const WordHit& hit) const { call_(object_, hit); }

  private:
    void* object_;
    void (*call_)(void*, const WordHit&);
    const void* filter_ = nullptr;
    bool (*wants_)(const void*, std::string_view) = nullptr;
};

class LexiconReader {
  public:
    LexiconReader(const LexiconSource& source, std::pmr::memory_resource* memory);

    std::uint32_t word_count() const { return source_.word_count; }
    std::uint32_t block_count() const { return source_.block_count; }
    // Blocks looked at since the reader was made, and words in them that a sink was asked about:
    // what searching has cost.
    std::uint64_t blocks_read() const { return blocks_read_; }
    std::uint64_t words_read() const { return words_read_; }

    // Called every few pages of work; it stops the work by throwing. May be null.
    void set_poll(void (*poll)()) { poll_ = poll; }

    // Reports the words whose folded form matches. A needle that contains NUL matches nothing; an
    // empty one matches every word, except under kExact.
    void Find(const WordQuery& query, WordSink sink);
    // How many blocks Find would search for a text that may be anywhere in them: 0 where it halves
    // the lexicon.
    std::uint64_t BlocksToSearch(const WordQuery& query);

    // The words whose folded form starts with `folded`, or equals it: a few block reads, no scan.
    WordRange PrefixRange(std::string_view folded);
    WordRange ExactRange(std::string_view folded);

    // Reports the words of a range, which must lie within the lexicon (kInvalidArgument).
    void FindRange(WordRange range, WordSink sink);

    // Reports one word.
    void Visit(WordId id, WordSink sink) { FindRange({Raw(id), Raw(id) + 1}, sink); }

    // Replaces `folded` and `original` by the word's two forms. WordTextCache is faster for many.
    void Word(WordId id, std::string& folded, std::string& original);

    // The block of a word < word_count(), and the words in it.
    struct BlockWords {
        std::uint32_t block;
        WordRange words;
    };
    BlockWords BlockOf(WordId id);
    // As FindRange, of a range whose first word is in the block.
    void FindRangeFrom(std::uint32_t block, WordRange range, WordSink sink);

  private:
    friend class LexiconWalk;

    struct BlockPlace {
        std::uint32_t first_word;
        std::uint32_t words;
        Loc loc;
    };
    // A block laid open on the pinned page; every length has been checked.
    struct Block {
        std::uint32_t first_word;
        std::uint32_t words;
        std::string_view prefix;
        std::string_view text;
        Span restarts;
        Span entries;
    };
    // Which words come before a key, in each case a first part of the lexicon.
    enum class Bound : std::uint8_t { kLess, kLessOrPrefixed, kLessOrEqual };
    class BlockReporter;

    void Poll() const {
        if (poll_ != nullptr) {
            poll_();
        }
    }
    BlockPlace PlaceOf(std::uint32_t block, PinnedPage& pin) const;
    std::uint32_t BlockOfWord(std::uint32_t word) { return BlockOf(WordId{word}).block; }
    void LoadDirectoryTop();
    Block OpenBlock(std::uint32_t first_word, ByteReader& bytes) const;
    template <typename Visitor>
    void WalkBlocks(std::uint32_t block, Visitor visit);

    static bool IsBefore(std::string_view word, std::string_view key, Bound bound);
    bool BeginsBefore(std::uint32_t block, std::string_view key, Bound bound);
    std::uint32_t CountBefore(std::string_view key, Bound bound, std::uint32_t begin,
                              std::uint32_t end);
    WordRange Range(std::string_view folded, Bound end);
    std::string_view Join(const Block& block, std::string_view suffix);

    static bool IsAll(const WordQuery& query) {
        return query.kind == WordQueryKind::kAll ||
               (query.needle.empty() && query.kind != WordQueryKind::kExact);
    }
    void FindText(const SubstringSearch& search, std::string_view needle, WordSink sink);
    void SearchBlocks(std::uint32_t begin, std::uint32_t end, const SubstringSearch& search,
                      WordSink sink);
    void SearchBlock(const Block& block, const SubstringSearch& search, WordSink sink);
    bool MarkAcrossPrefix(const Block& block, std::string_view needle);
    void MarkEnds(const Block& block);
    void ReportMarked(const Block& block, WordSink sink);
    void ReportWords(const Block& block, std::uint32_t begin, std::uint32_t end, WordSink sink);

    LexiconSource source_;
    GramReader grams_;
    void (*poll_)() = nullptr;
    std::uint64_t blocks_read_ = 0;
    std::uint64_t words_read_ = 0;
    std::pmr::vector<std::uint32_t>
        directory_top_;                     // first word of each directory page, when loaded
    std::pmr::vector<char> word_;           // a folded word, prefix and suffix joined
    SubstringSearch end_search_;            // finds NUL
    std::pmr::vector<std::uint64_t> ends_;  // bit i: byte i of the block's text is NUL
    std::pmr::vector<std::uint64_t> hits_;  // bit i: a match in the word that byte i is in
};

}  // namespace namedex::core
