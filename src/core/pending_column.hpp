// One key column of the pending rows, in memory: its words, the rows of each word, and what each
// row is made of.
//
// *Words.* A distinct (folded, original) pair has an id; ids are given in the order of coming. The
// folded forms of all words, and the original ones, lie in blocks of text, each word with a NUL
// before and behind it, in the order of their ids. So a literal anywhere in a word, at its begin,
// at its end, or in all of it is one substring search over the blocks (literal, NUL literal,
// literal NUL, NUL literal NUL), and the word that a hit lies in is found by the words' places,
// which ascend. As long as every word is its own fold (numbers, dates) there is one text for both
// forms. A hash table finds a word by its original form.
//
// *Postings.* A word's postings are row << 2 | class, rows ascending. The first two are kept in the
// word, which is all that most words have; more lie in a chain of chunks of 4, 8, .. 256 numbers,
// the first number of each being where the next chunk is. Chunks of n numbers begin at multiples of
// n, so a chunk is full when the place behind its last number is such a multiple.
//
// *Rows.* A row has one number, its head: 0 for NULL, kOneWord | word id for a value that is one
// word and nothing else, or 1 + where in the codes the rest stands: 0 and the number of an opaque
// value, or 1 + shape id and the ids of the words.
//
// Everything is appended, and nothing moves that was ever reported: a reader that passes over rows
// from n on sees the column as it was when it had n rows. An exception out of an Add leaves the
// column fit for destruction only. All memory is from the resource; a two-word row takes some 25
// bytes, a word 40 and its text, twice if its forms differ.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/append_array.hpp"
#include "core/id_table.hpp"
#include "core/ids.hpp"
#include "core/poll.hpp"
#include "core/split.hpp"
#include "core/word_query.hpp"

namespace namedex::core {

enum class TextForm : std::uint8_t { kFolded = 0, kOriginal = 1 };

// Texts without NUL, of at most kMaxText bytes, each with a NUL before and behind it, in blocks
// without gaps.
class TextBlocks {
  public:
    static constexpr std::size_t kBlock = 4096;
    static constexpr std::size_t kMaxText = kBlock - 2;
    static constexpr std::size_t kMaxBlocks = std::size_t{1} << 20;  // a place has 32 bits

    struct Block {
        char* text;
        std::uint32_t used;
        std::uint32_t first;  // the number of texts before it
    };

    explicit TextBlocks(std::pmr::memory_resource* memory) : blocks_(memory) {}
    ~TextBlocks();
    TextBlocks(const TextBlocks&) = delete;
    TextBlocks& operator=(const TextBlocks&) = delete;

    // Returns the place of the text: its block * kBlock + its offset there.
    std::uint32_t Append(std::string_view text);
    const char* At(std::uint32_t place) const {
        return blocks_[place / kBlock].text + place % kBlock;
    }

    std::uint32_t size() const { return size_; }
    std::size_t block_count() const { return blocks_.size(); }
    const Block& block(std::size_t i) const { return blocks_[i]; }
    std::size_t bytes() const {
        return blocks_.size() * kBlock + blocks_.capacity() * sizeof(Block);
    }

  private:
    std::pmr::vector<Block> blocks_;
    std::uint32_t size_ = 0;
};

class PendingColumn {
  public:
    // `poll` may be null.
    PendingColumn(std::pmr::memory_resource* memory, void (*poll)());
    ~PendingColumn();
    PendingColumn(const PendingColumn&) = delete;
    PendingColumn& operator=(const PendingColumn&) = delete;

    // The value of the next row. kTooLarge if there are more than ids can number.
    void AddNull();
    // An irregular value, kept whole.
    void AddOpaque(std::string_view original, std::string_view folded);
    void AddRegular(const std::vector<SplitWord>& words, std::string_view shape);

    std::size_t memory_bytes() const;

    // ---- words

    std::uint32_t word_count() const { return static_cast<std::uint32_t>(words_.size()); }
    std::string_view Text(std::uint32_t word, TextForm form) const {
        const Word& w = words_[word];
        return {TextsOf(form).At(w.place[Index(form)]), w.Size(form)};
    }
    // How many occurrences the word has.
    std::uint32_t posting_count(std::uint32_t word) const { return words_[word].postings; }

    // Appends the words that fit the query in the form, ascending.
    void FindWords(TextForm form, const WordQuery& query, Poller& poller,
                   std::pmr::vector<std::uint32_t>& words) const;
    // Appends the words that are `original`.
    void FindOriginal(std::string_view original, std::pmr::vector<std::uint32_t>& words) const;

    // Calls fn(row) for the occurrences of the word in one of the classes and in rows of [lo, hi),
    // ascending; a row may be repeated.
    template <typename Fn>
    void ForEachRow(std::uint32_t word, ClassMask classes, RowOrdinal lo, RowOrdinal hi,
                    Fn&& fn) const;

    // ---- rows

    bool IsNull(RowOrdinal row) const { return heads_[row] == kNullHead; }
    // The value of a row that is not NULL; it may be put together in `scratch`.
    std::string_view Value(RowOrdinal row, TextForm form, std::pmr::string& scratch) const;

    // The rows that are NULL, and those whose regular value does not begin with a word; ascending.
    const AppendArray<RowOrdinal>& nulls() const { return nulls_; }
    const AppendArray<RowOrdinal>& unled() const { return unled_; }
    // Whether every value so far is one word and nothing else.
    bool only_single_words() const { return only_single_words_; }

    std::size_t opaque_count() const { return opaque_.size(); }
    RowOrdinal opaque_row(std::size_t i) const { return opaque_[i].row; }
    // The first opaque value of a row >= `row`.
    std::size_t FirstOpaque(RowOrdinal row) const;
    std::string_view OpaqueText(std::size_t i, TextForm form) const {
        const Opaque& opaque = opaque_[i];
        return form == TextForm::kOriginal
                   ? std::string_view(opaque.text, opaque.original_size)
                   : std::string_view(opaque.text + opaque.original_size, opaque.folded_size);
    }

  private:
    static constexpr std::uint32_t kNullHead = 0;
    static constexpr std::uint32_t kOneWord = std::uint32_t{1} << 31;
    static constexpr std::uint32_t kOpaqueCode = 0;
    static constexpr std::uint32_t kFirstShape = 1;

    static constexpr unsigned kClassBits = 2;
    static_assert(kWordClasses <= 1 << kClassBits);
    static constexpr std::size_t kMaxRows = std::size_t{1} << (32 - kClassBits);
    static constexpr std::size_t kMaxNumbers = std::size_t{1} << 31;  // of words, and of codes

    static constexpr std::uint32_t kInlinePostings = 2;
    static constexpr std::uint32_t kFirstChunk = 4;
    static constexpr std::uint32_t kLastChunkClass = 6;  // longer ones would save nothing more

    struct Word {
        std::uint32_t place[2];  // by TextForm
        std::uint32_t folded_size : 10;
        std::uint32_t original_size : 10;
        std::uint32_t chunk_class : 3;  // of the last chunk
        std::uint32_t postings;
        // The postings themselves; or the first chunk, and the place behind the last posting.
        std::uint32_t where[kInlinePostings];

        std::uint32_t Size(TextForm form) const {
            return form == TextForm::kFolded ? folded_size : original_size;
        }
    };
    static_assert(sizeof(Word) == 24 && kMaxWordBytes < 1 << 10);
    static_assert(kMaxWordBytes <= TextBlocks::kMaxText && kMaxShapeBytes <= TextBlocks::kMaxText);

    struct Shape {
        std::uint32_t place;
        std::uint32_t size;
    };
    struct Opaque {
        char* text;  // original, then folded
        std::uint32_t original_size;
        std::uint32_t folded_size;
        RowOrdinal row;
    };

    static constexpr std::size_t Index(TextForm form) { return static_cast<std::size_t>(form); }
    static constexpr std::uint32_t ChunkSize(std::uint32_t chunk_class) {
        return kFirstChunk << chunk_class;
    }
    static constexpr RowOrdinal RowOf(std::uint32_t posting) { return posting >> kClassBits; }

    const TextBlocks& TextsOf(TextForm form) const {
        return form == TextForm::kOriginal && originals_differ_ ? originals_ : folds_;
    }
    std::string_view ShapeText(std::uint32_t shape) const {
        return {shape_texts_.At(shapes_[shape].place), shapes_[shape].size};
    }
    RowOrdinal BeginRow() const;
    std::uint32_t WordIdOf(const SplitWord& word);
    std::uint32_t AddWord(const SplitWord& word, std::uint32_t hash);
    void KeepOriginals();
    std::uint32_t ShapeIdOf(std::string_view shape);
    void AddPosting(std::uint32_t word, RowOrdinal row, WordClass word_class);
    std::uint32_t NewChunk(std::uint32_t chunk_class);
    std::uint32_t WordAt(TextForm form, std::uint32_t word, std::uint32_t end,
                         std::uint32_t place) const;
    template <typename Fn>
    static void Visit(const std::uint32_t* postings, std::uint32_t count, ClassMask classes,
                      RowOrdinal lo, RowOrdinal hi, Fn& fn);

    std::pmr::memory_resource* memory_;
    void (*poll_)();
    AppendArray<Word> words_;
    IdTable word_ids_;
    TextBlocks folds_;
    TextBlocks originals_;  // none while every word is its own fold
    bool originals_differ_ = false;
    AppendArray<std::uint32_t> chunks_;
    std::array<std::uint32_t, kLastChunkClass + 1> free_chunk_{};  // 0 and a block's end: none
    AppendArray<std::uint32_t> heads_;
    AppendArray<std::uint32_t> codes_;
    AppendArray<Shape> shapes_;
    IdTable shape_ids_;
    TextBlocks shape_texts_;
    std::uint32_t last_shape_ = 0;
    AppendArray<Opaque> opaque_;
    std::size_t opaque_bytes_ = 0;
    AppendArray<RowOrdinal> nulls_;
    AppendArray<RowOrdinal> unled_;
    bool only_single_words_ = true;
};

template <typename Fn>
void PendingColumn::Visit(const std::uint32_t* postings, std::uint32_t count, ClassMask classes,
                          RowOrdinal lo, RowOrdinal hi, Fn& fn) {
    constexpr std::uint32_t kClassMask = (1u << kClassBits) - 1;
    for (std::uint32_t i = 0; i < count; ++i) {
        const RowOrdinal row = RowOf(postings[i]);
        if (row - lo < hi - lo && (classes >> (postings[i] & kClassMask) & 1) != 0) {
            fn(row);
        }
    }
}

template <typename Fn>
void PendingColumn::ForEachRow(std::uint32_t word, ClassMask classes, RowOrdinal lo, RowOrdinal hi,
                               Fn&& fn) const {
    const Word& w = words_[word];
    if (lo >= hi) {
        return;
    }
    if (w.postings <= kInlinePostings) {
        Visit(w.where, w.postings, classes, lo, hi, fn);
        return;
    }
    std::uint32_t chunk = w.where[0];
    std::uint32_t chunk_class = 0;
    for (std::uint32_t left = w.postings; left > 0;) {
        const std::uint32_t* numbers = &chunks_[chunk];
        const std::uint32_t here = std::min(left, ChunkSize(chunk_class) - 1);
        if (RowOf(numbers[1]) >= hi) {
            return;
        }
        left -= here;
        // What stands before the next chunk's first posting is before the window if that is.
        if (left == 0 || RowOf(chunks_[numbers[0] + 1]) >= lo) {
            Visit(numbers + 1, here, classes, lo, hi, fn);
        }
        chunk = numbers[0];
        chunk_class = std::min(chunk_class + 1, kLastChunkClass);
    }
}

}  // namespace namedex::core
