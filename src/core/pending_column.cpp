#include "core/pending_column.hpp"

#include <cstring>

#include "core/error.hpp"
#include "core/hash_bytes.hpp"
#include "core/substring.hpp"

namespace namedex::core {

// ---- texts -----------------------------------------------------------------------------------

TextBlocks::~TextBlocks() {
    for (const Block& block : blocks_) {
        if (block.text != nullptr) {
            blocks_.get_allocator().resource()->deallocate(block.text, kBlock, 1);
        }
    }
}

std::uint32_t TextBlocks::Append(std::string_view text) {
    if (blocks_.empty() || blocks_.back().used + text.size() + 1 > kBlock) {
        blocks_.push_back({nullptr, 1, size_});
        Block& block = blocks_.back();
        block.text = static_cast<char*>(blocks_.get_allocator().resource()->allocate(kBlock, 1));
        block.text[0] = '\0';
    }
    Block& block = blocks_.back();
    const std::uint32_t offset = block.used;
    if (!text.empty()) {
        std::memcpy(block.text + offset, text.data(), text.size());
    }
    block.text[offset + text.size()] = '\0';
    block.used += static_cast<std::uint32_t>(text.size()) + 1;
    ++size_;
    return static_cast<std::uint32_t>((blocks_.size() - 1) * kBlock) + offset;
}

// ---- adding -----------------------------------------------------------------------------------

PendingColumn::PendingColumn(std::pmr::memory_resource* memory, void (*poll)())
    : memory_(memory),
      poll_(poll),
      words_(memory),
      word_ids_(memory),
      folds_(memory),
      originals_(memory),
      chunks_(memory),
      heads_(memory),
      codes_(memory),
      shapes_(memory),
      shape_ids_(memory),
      shape_texts_(memory),
      opaque_(memory),
      nulls_(memory),
      unled_(memory) {}

PendingColumn::~PendingColumn() {
    for (std::size_t i = 0; i < opaque_.size(); ++i) {
        const Opaque& opaque = opaque_[i];
        if (opaque.text != nullptr) {
            memory_->deallocate(opaque.text, std::size_t{opaque.original_size} + opaque.folded_size,
                                1);
        }
    }
}

// The ordinal of the row to be added, after a look whether everything a value can bring with it can
// still be numbered.
RowOrdinal PendingColumn::BeginRow() const {
    constexpr std::size_t kMostCodes = kMaxWordsPerValue + 2;
    constexpr std::size_t kMostBlocks = kMaxWordsPerValue;
    const auto full = [](const TextBlocks& texts) {
        return texts.block_count() + kMostBlocks > TextBlocks::kMaxBlocks;
    };
    if (heads_.size() >= kMaxRows || codes_.size() + kMostCodes > kMaxNumbers ||
        words_.size() + kMaxWordsPerValue > kMaxNumbers || full(folds_) || full(originals_) ||
        full(shape_texts_) ||
        chunks_.size() + (kLastChunkClass + 2) * chunks_.kBlock > UINT32_MAX) {
        ThrowTooLarge("there are too many pending rows", {}, "VACUUM the table.");
    }
    return static_cast<RowOrdinal>(heads_.size());
}

void PendingColumn::AddNull() {
    nulls_.push_back(BeginRow());
    heads_.push_back(kNullHead);
}

void PendingColumn::AddOpaque(std::string_view original, std::string_view folded) {
    const RowOrdinal row = BeginRow();
    only_single_words_ = false;
    opaque_.push_back({nullptr, static_cast<std::uint32_t>(original.size()),
                       static_cast<std::uint32_t>(folded.size()), row});
    const std::size_t bytes = original.size() + folded.size();
    if (bytes > 0) {
        char* const text = static_cast<char*>(memory_->allocate(bytes, 1));
        opaque_[opaque_.size() - 1].text = text;
        opaque_bytes_ += bytes;
        std::copy(original.begin(), original.end(), text);
        std::copy(folded.begin(), folded.end(), text + original.size());
    }
    heads_.push_back(static_cast<std::uint32_t>(codes_.size()) + 1);
    codes_.push_back(kOpaqueCode);
    codes_.push_back(static_cast<std::uint32_t>(opaque_.size() - 1));
}

void PendingColumn::AddRegular(const std::vector<SplitWord>& words, std::string_view shape) {
    const RowOrdinal row = BeginRow();
    if (shape.size() == 1 && shape[0] == kShapeWord) {
        const std::uint32_t id = WordIdOf(words[0]);
        AddPosting(id, row, words[0].word_class);
        heads_.push_back(kOneWord | id);
        return;
    }
    only_single_words_ = false;
    if (shape.empty() || shape[0] != kShapeWord) {
        unled_.push_back(row);
    }
    heads_.push_back(static_cast<std::uint32_t>(codes_.size()) + 1);
    codes_.push_back(ShapeIdOf(shape) + kFirstShape);
    for (const SplitWord& word : words) {
        const std::uint32_t id = WordIdOf(word);
        AddPosting(id, row, word.word_class);
        codes_.push_back(id);
    }
}

std::uint32_t PendingColumn::WordIdOf(const SplitWord& word) {
    const std::uint32_t hash = HashBits(HashBytes(word.original, 0));
    std::uint32_t id = 0;
    const bool known = word_ids_.Find(hash, [&](std::uint32_t candidate) {
        id = candidate;
        return Text(candidate, TextForm::kOriginal) == word.original &&
               Text(candidate, TextForm::kFolded) == word.folded;
    });
    return known ? id : AddWord(word, hash);
}

std::uint32_t PendingColumn::AddWord(const SplitWord& word, std::uint32_t hash) {
    if (!originals_differ_ && word.original != word.folded) {
        KeepOriginals();
    }
    Word added{};
    added.folded_size = static_cast<std::uint32_t>(word.folded.size()) & 0x3FF;
    added.original_size = static_cast<std::uint32_t>(word.original.size()) & 0x3FF;
    added.place[Index(TextForm::kFolded)] = folds_.Append(word.folded);
    added.place[Index(TextForm::kOriginal)] = originals_differ_
                                                  ? originals_.Append(word.original)
                                                  : added.place[Index(TextForm::kFolded)];
    const std::uint32_t id = word_count();
    words_.push_back(added);
    word_ids_.Add(hash, id, poll_);
    return id;
}

// From the first word on that is not its own fold there are two texts.
void PendingColumn::KeepOriginals() {
    Poller poller(poll_);
    for (std::uint32_t word = 0; word < word_count(); ++word) {
        poller.Step();
        words_[word].place[Index(TextForm::kOriginal)] =
            originals_.Append(Text(word, TextForm::kFolded));
    }
    originals_differ_ = true;
}

std::uint32_t PendingColumn::ShapeIdOf(std::string_view shape) {
    if (last_shape_ < shapes_.size() && ShapeText(last_shape_) == shape) {
        return last_shape_;
    }
    const std::uint32_t hash = HashBits(HashBytes(shape, 0));
    const bool known = shape_ids_.Find(hash, [&](std::uint32_t candidate) {
        last_shape_ = candidate;
        return ShapeText(candidate) == shape;
    });
    if (!known) {
        last_shape_ = static_cast<std::uint32_t>(shapes_.size());
        shapes_.push_back({shape_texts_.Append(shape), static_cast<std::uint32_t>(shape.size())});
        shape_ids_.Add(hash, last_shape_, poll_);
    }
    return last_shape_;
}

// A place in chunks_ for ChunkSize(chunk_class) numbers. Each class takes its chunks out of blocks
// of its own.
std::uint32_t PendingColumn::NewChunk(std::uint32_t chunk_class) {
    static_assert(decltype(chunks_)::kBlock % ChunkSize(kLastChunkClass) == 0);
    std::uint32_t& free = free_chunk_[chunk_class];
    if (free % chunks_.kBlock == 0) {
        free = static_cast<std::uint32_t>(chunks_.AppendBlock());
    }
    const std::uint32_t chunk = free;
    free += ChunkSize(chunk_class);
    return chunk;
}

void PendingColumn::AddPosting(std::uint32_t word, RowOrdinal row, WordClass word_class) {
    const std::uint32_t posting = row << kClassBits | static_cast<std::uint32_t>(word_class);
    Word& w = words_[word];
    if (w.postings < kInlinePostings) {
        w.where[w.postings++] = posting;
        return;
    }
    auto& [first, end] = w.where;
    if (w.postings == kInlinePostings) {
        const std::uint32_t chunk = NewChunk(0);
        static_assert(kInlinePostings + 1 < kFirstChunk);
        chunks_[chunk + 1] = first;
        chunks_[chunk + 2] = end;
        first = chunk;
        end = chunk + 1 + kInlinePostings;
    } else if (end % ChunkSize(w.chunk_class) == 0) {
        const std::uint32_t next_class = std::min(w.chunk_class + 1u, kLastChunkClass);
        const std::uint32_t chunk = NewChunk(next_class);
        chunks_[end - ChunkSize(w.chunk_class)] = chunk;
        w.chunk_class = next_class & 7;
        end = chunk + 1;
    }
    chunks_[end++] = posting;
    ++w.postings;
}

std::size_t PendingColumn::memory_bytes() const {
    return sizeof *this + words_.bytes() + word_ids_.bytes() + folds_.bytes() + originals_.bytes() +
           chunks_.bytes() + heads_.bytes() + codes_.bytes() + shapes_.bytes() +
           shape_ids_.bytes() + shape_texts_.bytes() + opaque_.bytes() + opaque_bytes_ +
           nulls_.bytes() + unled_.bytes();
}

// ---- reading ----------------------------------------------------------------------------------

// The last word of [word, end) that does not begin behind `place`; `word` is one that does not. The
// one sought is mostly near, so the steps towards it grow before they are halved.
std::uint32_t PendingColumn::WordAt(TextForm form, std::uint32_t word, std::uint32_t end,
                                    std::uint32_t place) const {
    const auto reaches = [&](std::uint32_t step) {
        return step < end - word && words_[word + step].place[Index(form)] <= place;
    };
    std::uint32_t step = 1;
    for (; reaches(step); step *= 2) {
        word += step;
    }
    for (; step > 0; step /= 2) {
        if (reaches(step)) {
            word += step;
        }
    }
    return word;
}

void PendingColumn::FindOriginal(std::string_view original,
                                 std::pmr::vector<std::uint32_t>& words) const {
    word_ids_.Find(HashBits(HashBytes(original, 0)), [&](std::uint32_t word) {
        if (Text(word, TextForm::kOriginal) == original) {
            words.push_back(word);
        }
        return false;
    });
}

void PendingColumn::FindWords(TextForm form, const WordQuery& query, Poller& poller,
                              std::pmr::vector<std::uint32_t>& words) const {
    using Kind = WordQueryKind;
    const bool at_start = query.kind == Kind::kPrefix || query.kind == Kind::kExact;
    const bool at_end = query.kind == Kind::kSuffix || query.kind == Kind::kExact;
    if (query.needle.find('\0') != std::string_view::npos) {
        return;
    }
    if (query.kind == Kind::kAll || (query.needle.empty() && query.kind != Kind::kExact)) {
        for (std::uint32_t word = 0; word < word_count(); ++word) {
            poller.Step();
            words.push_back(word);
        }
        return;
    }
    if (query.needle.size() > kMaxWordBytes) {
        return;
    }
    if (query.kind == Kind::kExact && form == TextForm::kOriginal) {
        FindOriginal(query.needle, words);
        std::sort(words.begin(), words.end());
        return;
    }
    std::string needle(at_start ? 1 : 0, '\0');
    needle.append(query.needle).append(at_end ? 1 : 0, '\0');
    const SubstringSearch search(std::move(needle));
    const TextBlocks& texts = TextsOf(form);
    std::array<std::uint64_t, SubstringSearch::BitmapWords(TextBlocks::kBlock)> hits;
    for (std::size_t b = 0; b < texts.block_count(); ++b) {
        poller.Step();
        const TextBlocks::Block& block = texts.block(b);
        if (!search.Mark(block.text, block.used, hits.data())) {
            continue;
        }
        const std::uint32_t end =
            b + 1 < texts.block_count() ? texts.block(b + 1).first : texts.size();
        const auto base = static_cast<std::uint32_t>(b * TextBlocks::kBlock);
        std::uint32_t word = block.first;
        std::uint32_t after = 0;  // the end of the last word found
        for (std::size_t i = 0; i < SubstringSearch::BitmapWords(block.used); ++i) {
            for (std::uint64_t bits = hits[i]; bits != 0; bits &= bits - 1) {
                const auto at = static_cast<std::uint32_t>(i * 64) +
                                static_cast<unsigned>(__builtin_ctzll(bits));
                if (at >= after) {
                    word = WordAt(form, word, end, base + at + (at_start ? 1 : 0));
                    words.push_back(word);
                    after = words_[word].place[Index(form)] - base + words_[word].Size(form);
                }
            }
        }
    }
}

std::string_view PendingColumn::Value(RowOrdinal row, TextForm form,
                                      std::pmr::string& scratch) const {
    const std::uint32_t head = heads_[row];
    if ((head & kOneWord) != 0) {
        return Text(head & ~kOneWord, form);
    }
    std::size_t at = head - 1;
    const std::uint32_t code = codes_[at++];
    if (code == kOpaqueCode) {
        return OpaqueText(codes_[at], form);
    }
    scratch.clear();
    for (const char c : ShapeText(code - kFirstShape)) {
        if (c == kShapeWord) {
            scratch.append(Text(codes_[at++], form));
        } else {
            scratch.push_back(c);
        }
    }
    return scratch;
}

std::size_t PendingColumn::FirstOpaque(RowOrdinal row) const {
    std::size_t begin = 0;
    std::size_t end = opaque_.size();
    while (begin < end) {
        const std::size_t middle = begin + (end - begin) / 2;
        if (opaque_[middle].row < row) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

}  // namespace namedex::core
