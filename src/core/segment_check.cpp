#include "core/segment_check.hpp"

#include <string>

#include "core/poll.hpp"
#include "core/split.hpp"
#include "core/value_reader.hpp"

namespace namedex::core {

namespace {

std::uint64_t Mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

std::uint64_t PostingHash(std::uint32_t word, int word_class, RowOrdinal row) {
    return Mix(Mix(std::uint64_t{word} << 2 | static_cast<unsigned>(word_class)) + row);
}

class ColumnCheck {
  public:
    ColumnCheck(SegmentReader& segment, std::uint32_t number, const Folder& folder,
                void (*poll)())
        : column_(segment.column(number)),
          rows_(segment.row_count()),
          number_(number),
          folder_(folder),
          poll_(poll) {}

    void Run() {
        CheckWords();
        CheckRows();
        if (postings_sum_ != rows_sum_) {
            Fail("postings and rows disagree");
        }
        if (postings_ != column_.header().posting_count) {
            Fail("the number of postings is wrong");
        }
    }

  private:
    [[noreturn]] void Fail(const char* problem) {
        ThrowCorrupt(problem, "The damage is in key column " + std::to_string(number_ + 1) +
                                  " of a segment.");
    }

    void Poll(std::uint64_t n) {
        if (poll_ != nullptr && n % 1024 == 0) {
            poll_();
        }
    }

    // Adds a list to the sum; `hash` maps an ordinal.
    template <typename Hash>
    std::uint64_t SumList(const ListRef& list, Hash&& hash) {
        PostingCursor cursor(column_.Section(ColumnSection::kPostings), rows_, list);
        std::uint64_t sum = 0;
        std::uint64_t count = 0;
        for (OrdinalSpan span = cursor.Next(); span.size > 0; span = cursor.Next()) {
            Poll(polls_++);
            for (std::size_t i = 0; i < span.size; ++i) {
                sum += hash(span.data[i]);
            }
            count += span.size;
        }
        if (count != list.count) {
            Fail("a posting list holds another number of rows than it counts");
        }
        return sum;
    }

    void CheckWords() {
        LexiconReader& lexicon = column_.lexicon();
        std::string last_folded;
        std::string last_original;
        std::string original;
        std::string refolded;
        std::uint32_t next = 0;
        lexicon.Find({}, [&](const WordHit& hit) {
            Poll(next);
            if (Raw(hit.id) != next) {
                Fail("words are not numbered in order");
            }
            original.clear();
            AppendOriginal(hit.folded, hit.entry, original);
            folder_.Fold(original, refolded);
            if (refolded != hit.folded) {
                Fail("the stored fold of a word is not what it folds to");
            }
            if (next > 0 && (last_folded > hit.folded ||
                             (last_folded == hit.folded && last_original >= original))) {
                Fail("words are out of order");
            }
            last_folded.assign(hit.folded);
            last_original = original;
            for (int c = 0; c < kWordClasses; ++c) {
                const auto hash = [&](RowOrdinal row) { return PostingHash(next, c, row); };
                if (hit.entry.count[c] == 0) {
                    continue;
                }
                postings_ += hit.entry.count[c];
                if (hit.entry.Inlined(static_cast<WordClass>(c))) {
                    hit.entry.ForEachInline(static_cast<WordClass>(c), rows_,
                                            [&](RowOrdinal row) { postings_sum_ += hash(row); });
                } else {
                    postings_sum_ += SumList(hit.entry.lists[c], hash);
                }
            }
            ++next;
        });
        if (next != lexicon.word_count()) {
            Fail("the lexicon holds another number of words than it counts");
        }
        const ListRef& nulls = column_.header().nulls;
        if (nulls.count > 0) {
            nulls_sum_ = SumList(nulls, [](RowOrdinal row) { return Mix(row); });
        }
    }

    void CheckRows() {
        ValueReader values(column_);
        std::uint64_t nulls_sum = 0;
        std::uint32_t nulls = 0;
        std::uint32_t opaque = 0;
        for (RowOrdinal row = 0; row < rows_; ++row) {
            Poll(row);
            switch (values.Load(row)) {
                case ForwardReader::kNull:
                    nulls_sum += Mix(row);
                    ++nulls;
                    break;
                case ForwardReader::kOpaque:
                    if (values.row().opaque_id != opaque ||
                        column_.opaque().Ordinal(opaque) != row) {
                        Fail("a row and its opaque value disagree");
                    }
                    folder_.Fold(values.Original(), folded_);
                    if (folded_ != values.Folded()) {
                        Fail("the stored fold of a value is not what it folds to");
                    }
                    ++opaque;
                    break;
                case ForwardReader::kRegular:
                    AddRow(values, row);
                    break;
            }
        }
        if (nulls != column_.header().nulls.count || nulls_sum != nulls_sum_) {
            Fail("the list of NULLs and the rows disagree");
        }
        if (opaque != column_.header().opaque_count) {
            Fail("the number of opaque values is wrong");
        }
    }

    // The row's (word, class) pairs, each once.
    void AddRow(ValueReader& values, RowOrdinal row) {
        const std::string_view shape = values.shape();
        const ForwardReader::Row& parts = values.row();
        std::size_t word = 0;
        std::uint64_t seen[kMaxWordsPerValue];
        std::size_t seen_count = 0;
        for (std::size_t at = 0; at < shape.size(); ++at) {
            if (shape[at] != kShapeWord) {
                continue;
            }
            const auto word_class =
                static_cast<int>(ClassOf(at, at + 1, shape.size()));
            const std::uint32_t id = Raw(parts.word[word++]);
            const std::uint64_t pair = std::uint64_t{id} << 2 | static_cast<unsigned>(word_class);
            bool repeated = false;
            for (std::size_t i = 0; i < seen_count && !repeated; ++i) {
                repeated = seen[i] == pair;
            }
            if (!repeated) {
                seen[seen_count++] = pair;
                rows_sum_ += PostingHash(id, word_class, row);
            }
        }
    }

    ColumnReader& column_;
    std::uint32_t rows_;
    std::uint32_t number_;
    const Folder& folder_;
    void (*poll_)();
    std::uint64_t polls_ = 0;
    std::uint64_t postings_ = 0;
    std::uint64_t postings_sum_ = 0;
    std::uint64_t rows_sum_ = 0;
    std::uint64_t nulls_sum_ = 0;
    std::string folded_;
};

void CheckTids(SegmentReader& segment) {
    Tid last;
    bool first = true;
    RowOrdinal next = 0;
    segment.tids().ForEach(0, segment.row_count(), [&](RowOrdinal row, Tid tid) {
        if (row != next++ || tid.offset == 0 || (!first && !(last < tid))) {
            ThrowCorrupt("the row addresses of a segment are out of order");
        }
        last = tid;
        first = false;
    });
    if (next != segment.row_count()) {
        ThrowCorrupt("a segment has another number of row addresses than rows");
    }
}

void CheckInclude(IncludeReader& include, void (*poll)()) {
    Poller poller(poll);
    std::string_view value;
    for (RowOrdinal row = 0; row < include.row_count(); ++row) {
        poller.Step();
        include.Read(row, value);
    }
}

}  // namespace

void CheckSegment(SegmentReader& segment, const std::vector<const Folder*>& folders,
                  void (*poll)()) {
    if (segment.column_count() != folders.size()) {
        ThrowCorrupt("a segment has another number of key columns than the index");
    }
    CheckTids(segment);
    for (std::uint32_t i = 0; i < segment.column_count(); ++i) {
        ColumnCheck(segment, i, *folders[i], poll).Run();
    }
    for (std::uint32_t i = 0; i < segment.include_count(); ++i) {
        CheckInclude(segment.include(i), poll);
    }
    segment.Release();
}

}  // namespace namedex::core
