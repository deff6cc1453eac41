#include "core/term_rows.hpp"

#include <algorithm>
#include <string>

#include "core/query_cost.hpp"

namespace namedex::core {

namespace {

// Past one inline ordinal in 64 rows a bitmap takes less memory than two lists and needs no sort.
constexpr std::uint64_t kRowsPerInlineOrdinal = 64;

// What to ask of the folded lexicon for a term. Operators other than ILIKE decide on original
// bytes; the lexicon may only narrow the choice, and only where the fold of a match is sure to match
// the folded needle, which is put into `folded`.
WordQuery QueryOf(const Folder& folder, Operator op, const LikePattern::Term& term,
                  std::string& folded) {
    WordQuery query = term.query();
    if (op != Operator::kILike && query.kind != WordQueryKind::kAll) {
        if (folder.KeepsWithin(query.needle)) {
            folder.Fold(query.needle, folded);
            query.needle = folded;
        } else {
            query = {};
        }
    }
    return query;
}

}  // namespace

double TermRows::SearchCost(LexiconReader& lexicon, const Folder& folder, Operator op,
                            const LikePattern::Term& term) {
    std::string folded;
    const WordQuery query = QueryOf(folder, op, term, folded);
    const auto blocks = static_cast<double>(lexicon.BlocksToSearch(query));
    const double words_a_block =
        static_cast<double>(lexicon.word_count()) / std::max(lexicon.block_count(), 1U);
    return blocks * (kSearchedBlockCost +
                     (query.needle.size() > 1 ? 0 : words_a_block * kByteFoundCost));
}

void TermRows::Take(const WordHit& hit, ClassMask classes) {
    const ClassMask present = hit.entry.mask & classes;
    ++words_found_;
    for (int c = 0; c < kWordClasses; ++c) {
        if ((present >> c & 1) == 0) {
            continue;
        }
        total_ += hit.entry.count[c];
        if (!hit.entry.Inlined(static_cast<WordClass>(c))) {
            lists_.push_back(hit.entry.lists[c]);
        } else if (use_many_) {
            hit.entry.ForEachInline(static_cast<WordClass>(c), row_count_,
                                    [this](RowOrdinal row) { many_.Set(row); });
        } else {
            hit.entry.AppendInline(static_cast<WordClass>(c), row_count_, few_);
        }
    }
    if (!use_many_ && few_.size() > 4096 && few_.size() > row_count_ / kRowsPerInlineOrdinal) {
        many_.Reset(0, row_count_);
        for (const RowOrdinal row : few_) {
            many_.Set(row);
        }
        few_.clear();
        few_.shrink_to_fit();
        use_many_ = true;
    }
}

void TermRows::Find(LexiconReader& lexicon, const Folder& folder, Operator op,
                    const LikePattern::Term& term) {
    std::string folded_needle;
    const WordQuery query = QueryOf(folder, op, term, folded_needle);
    if (op == Operator::kILike) {
        const auto take = [&](const WordHit& hit) { Take(hit, term.classes); };
        if (term.needs_word_check) {
            lexicon.Find(query,
                         {[&](std::string_view folded) { return term.MatchesWord(folded); }, take});
        } else {
            lexicon.Find(query, take);
        }
        return;
    }
    std::string original;
    lexicon.Find(query, [&](const WordHit& hit) {
        original.clear();
        AppendOriginal(hit.folded, hit.entry, original);
        if (term.MatchesWord(original)) {
            Take(hit, term.classes);
        }
    });
}

void TermRows::Find(LexiconReader& lexicon, const ValueTest& test) {
    std::string original;
    lexicon.Find({}, [&](const WordHit& hit) {
        original.clear();
        AppendOriginal(hit.folded, hit.entry, original);
        if (test.Accepts(original)) {
            Take(hit, MaskOf(WordClass::kOnly));
        }
    });
}

void TermRows::AddTo(PostingReader& postings, RowSet& set, void (*poll)()) const {
    const RowOrdinal lo = set.lo();
    const RowOrdinal hi = set.hi();
    std::uint32_t n = 0;
    for (const ListRef& list : lists_) {
        if (poll != nullptr && ++n % 64 == 0) {
            poll();
        }
        if (set.dense()) {
            postings.OrRange(list, lo, hi, set.bits());
        } else {
            postings.AppendRange(list, lo, hi, set.list());
        }
    }
    for (const RowOrdinal row : few_) {
        if (row - lo < hi - lo) {
            set.Add(row);
        }
    }
    if (use_many_) {
        for (RowOrdinal row = many_.NextSet(lo); row < hi; row = many_.NextSet(row + 1)) {
            set.Add(row);
        }
    }
}

void TermRows::Evaluate(PostingReader& postings, RowOrdinal lo, RowOrdinal hi, RowSet& set,
                        void (*poll)()) const {
    const std::uint64_t window = hi - lo;
    const std::uint64_t expected =
        row_count_ == 0 ? 0 : std::min(total_, total_ * window / row_count_ + lists_.size() / 4);
    set.Start(lo, hi, RowSet::DenseIsCheaper(expected, window));
    AddTo(postings, set, poll);
    set.Normalize();
}

std::size_t TermRows::memory_bytes() const {
    return sizeof *this + lists_.capacity() * sizeof(ListRef) +
           few_.capacity() * sizeof(RowOrdinal) + many_.word_count() * sizeof(RowBitmap::Word);
}

}  // namespace namedex::core
