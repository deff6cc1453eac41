#include "core/pending_query.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/split.hpp"

namespace namedex::core {

namespace {

// In nanoseconds, as measured; only their ratios matter.
constexpr double kWordCost = 8.0;     // going to a word's postings
constexpr double kPostingCost = 1.0;  // reading one
constexpr double kValueCost = 50.0;   // putting a value together
constexpr double kMatchCost = 15.0;   // trying a pattern on it
constexpr double kVerifyCost = kValueCost + kMatchCost;

TextForm FormOf(Operator op) {
    return op == Operator::kILike ? TextForm::kFolded : TextForm::kOriginal;
}

}  // namespace

class PendingQuery::Value {
  public:
    Value(PendingQuery& query, const PendingColumn& column, RowOrdinal row)
        : query_(query), column_(column), row_(row) {}

    std::string_view Text(Operator op) {
        return FormOf(op) == TextForm::kFolded
                   ? Text(TextForm::kFolded, folded_, query_.folded_)
                   : Text(TextForm::kOriginal, original_, query_.original_);
    }
    std::string_view Original() { return Text(Operator::kEqual); }

  private:
    std::string_view Text(TextForm form, std::optional<std::string_view>& text,
                          std::pmr::string& scratch) {
        if (!text) {
            text = column_.Value(row_, form, scratch);
        }
        return *text;
    }

    PendingQuery& query_;
    const PendingColumn& column_;
    RowOrdinal row_;
    std::optional<std::string_view> folded_;
    std::optional<std::string_view> original_;
};

PendingQuery::PendingQuery(const PendingIndex& index, const std::vector<Condition>& conditions,
                           std::uint32_t row_count, std::pmr::memory_resource* memory,
                           void (*poll)())
    : index_(&index),
      memory_(memory),
      row_count_(std::min(row_count, index.row_count())),
      estimate_(row_count_),
      conditions_(memory),
      words_(memory),
      folded_(memory),
      original_(memory),
      poller_(poll) {
    conditions_.reserve(conditions.size());
    for (const Condition& condition : conditions) {
        conditions_.emplace_back(memory);
        Prepare(condition, conditions_.back());
        estimate_ = std::min(estimate_, conditions_.back().total);
    }
    std::stable_sort(conditions_.begin(), conditions_.end(),
                     [](const Prepared& a, const Prepared& b) { return a.total < b.total; });
}

// ---- finding words ----------------------------------------------------------------------------

void PendingQuery::Take(const PendingColumn& column, std::uint32_t word, ClassMask classes,
                        Words& words) {
    words.found.push_back({word, classes});
    words.total += column.posting_count(word);
}

void PendingQuery::FindTerm(const PendingColumn& column, Operator op, const LikePattern::Term& term,
                            Words& words) {
    const TextForm form = FormOf(op);
    words_.clear();
    column.FindWords(form, term.query(), poller_, words_);
    for (const std::uint32_t word : words_) {
        poller_.Step();
        if (!term.needs_word_check || term.MatchesWord(column.Text(word, form))) {
            Take(column, word, term.classes, words);
        }
    }
}

double PendingQuery::ReadCost(const Words& words) const {
    return static_cast<double>(words.found.size()) * kWordCost +
           static_cast<double>(words.total) * kPostingCost;
}

void PendingQuery::Prepare(const Condition& condition, Prepared& prepared) {
    prepared.condition = &condition;
    prepared.column = &index_->column(condition.column);
    const PendingColumn& column = *prepared.column;
    const std::uint64_t nulls = column.nulls().LowerBound(row_count_);
    const std::uint64_t not_null = row_count_ - nulls;
    prepared.verify_cost =
        kValueCost + kMatchCost * static_cast<double>(1 + condition.patterns.size());
    if (condition.kind == Condition::Kind::kIsNull) {
        prepared.total = nulls;
        prepared.cost = static_cast<double>(nulls) * kPostingCost;
        return;
    }
    bool everything = condition.kind == Condition::Kind::kIsNotNull;
    if (condition.kind == Condition::Kind::kMatch) {
        everything = std::any_of(
            condition.patterns.begin(), condition.patterns.end(), [](const LikePattern& pattern) {
                return pattern.matches_everything() || pattern.trailing_escape();
            });
    }
    if (everything) {
        prepared.everything = true;
        prepared.total = not_null;
        prepared.cost = static_cast<double>(nulls) * kPostingCost;
        return;
    }
    if (condition.kind == Condition::Kind::kValueTest) {
        PrepareTest(condition, prepared);
    } else {
        // What single words decide is one union of postings, however many patterns there are.
        Words united(memory_);
        if (!condition.set.empty()) {
            PrepareSet(condition.set, united, prepared);
        }
        for (const LikePattern& pattern : condition.patterns) {
            for (const LikePattern::Alternative& wanted : pattern.alternatives()) {
                if (wanted.exact && wanted.terms.size() == 1) {
                    FindTerm(column, pattern.op(), wanted.terms[0], united);
                } else {
                    PrepareAlternative(pattern, wanted, prepared);
                }
            }
        }
        prepared.total += united.total + column.opaque_count();
        prepared.cost += ReadCost(united);
        prepared.alternatives.emplace_back(memory_);
        prepared.alternatives.back().exact = true;
        prepared.alternatives.back().terms.push_back(std::move(united));
    }
    prepared.cost += static_cast<double>(column.opaque_count()) * prepared.verify_cost;
    prepared.total = std::min(prepared.total, not_null);
}

// The test is asked once a word where every value is a single one, as it should be.
void PendingQuery::PrepareTest(const Condition& condition, Prepared& prepared) {
    const PendingColumn& column = *prepared.column;
    if (!column.only_single_words()) {
        prepared.row_by_row = true;
        prepared.total = row_count_;
        prepared.cost = static_cast<double>(row_count_) * prepared.verify_cost;
        return;
    }
    Alternative alternative(memory_);
    alternative.exact = true;
    Words& words = alternative.terms.emplace_back(memory_);
    for (std::uint32_t word = 0; word < column.word_count(); ++word) {
        poller_.Step();
        if (condition.test->Accepts(column.Text(word, TextForm::kOriginal))) {
            Take(column, word, MaskOf(WordClass::kOnly), words);
        }
    }
    prepared.total = words.total;
    prepared.cost = ReadCost(words);
    prepared.alternatives.push_back(std::move(alternative));
}

void PendingQuery::PrepareAlternative(const LikePattern& pattern,
                                      const LikePattern::Alternative& wanted, Prepared& prepared) {
    Alternative alternative(memory_);
    alternative.pattern = &pattern;
    alternative.exact = wanted.exact;
    for (const LikePattern::Term& term : wanted.terms) {
        Words& words = alternative.terms.emplace_back(memory_);
        FindTerm(*prepared.column, pattern.op(), term, words);
        if (words.total == 0) {
            return;
        }
    }
    AddAlternative(std::move(alternative), prepared);
}

void PendingQuery::AddAlternative(Alternative&& alternative, Prepared& prepared) {
    std::uint64_t total = row_count_;
    for (const Words& words : alternative.terms) {
        total = std::min(total, words.total);
        prepared.cost += ReadCost(words);
    }
    std::stable_sort(alternative.terms.begin(), alternative.terms.end(),
                     [](const Words& a, const Words& b) { return a.total < b.total; });
    prepared.total += total;
    prepared.cost += alternative.exact ? 0 : static_cast<double>(total) * kVerifyCost;
    prepared.alternatives.push_back(std::move(alternative));
}

// The words of a set's members, as far as the column has them.
struct PendingQuery::SetWords {
    explicit SetWords(std::pmr::memory_resource* memory)
        : singles(memory), firsts(memory), lasts(memory) {}

    std::pmr::vector<std::uint32_t> singles;  // a value that is this word matches
    std::pmr::vector<std::uint32_t> firsts;   // a value of several words may begin with this one
    std::pmr::vector<std::uint32_t> lasts;    // and, if bound_ends, must end with one of these
    bool bound_ends = true;
    bool unled = false;  // a value may match that does not begin with a word
};

// Words that are there as they are written are looked up one by one. If case does not matter, or
// they need only begin a word, they are made sets of their own, in which every word of the column
// is looked up.
void PendingQuery::FindSetWords(const PatternSet& set, const PendingColumn& column,
                                SetWords& words) {
    const TextForm form = FormOf(set.op());
    const bool padded = set.op() == Operator::kEqualIgnoringTrailingSpaces;
    const Encoding bytes{EncodingKind::kSingleByte};  // all there is to know of a literal
    PatternSet firsts(Operator::kLike);
    PatternSet lasts(Operator::kLike);
    bool singles = false;
    std::string open;
    const auto find = [&](std::string_view word, std::pmr::vector<std::uint32_t>& found,
                          PatternSet& wanted) {
        if (form == TextForm::kOriginal) {
            column.FindOriginal(word, found);
        } else {
            wanted.Add(word, bytes);
        }
    };
    for (std::size_t m = 0; m < set.size(); ++m) {
        poller_.Step();
        const PatternSet::Member member = set.member(m);
        const std::string_view text = member.text;
        const auto first_end =
            std::find_if_not(text.begin(), text.end(), [](char byte) { return IsWordByte(byte); });
        const std::string_view first =
            text.substr(0, static_cast<std::size_t>(first_end - text.begin()));
        if (!first.empty() && first.size() == text.size()) {
            if (member.open_end) {
                singles = true;
                open.assign(first).push_back('%');
                firsts.Add(open, bytes);
                words.bound_ends = false;
                continue;
            }
            if (form == TextForm::kOriginal) {
                column.FindOriginal(first, words.singles);
            } else {
                singles = true;
            }
            if (!padded) {
                continue;
            }
        }
        if (first.empty()) {
            words.unled = true;
        } else {
            find(first, words.firsts, firsts);
        }
        std::size_t last = text.size();
        while (last > 0 && IsWordByte(text[last - 1])) {
            --last;
        }
        if (member.open_end || padded || last == text.size()) {
            words.bound_ends = false;
        } else {
            find(text.substr(last), words.lasts, lasts);
        }
    }
    firsts.Finish();
    lasts.Finish();
    if (singles || !firsts.empty() || !lasts.empty()) {
        for (std::uint32_t word = 0; word < column.word_count(); ++word) {
            poller_.Step();
            const std::string_view text = column.Text(word, form);
            if (singles && set.Accepts(text)) {
                words.singles.push_back(word);
            }
            if (firsts.Accepts(text)) {
                words.firsts.push_back(word);
            }
            if (lasts.Accepts(text)) {
                words.lasts.push_back(word);
            }
        }
    }
    for (auto* found : {&words.singles, &words.firsts, &words.lasts}) {
        std::sort(found->begin(), found->end());
        found->erase(std::unique(found->begin(), found->end()), found->end());
    }
}

void PendingQuery::PrepareSet(const PatternSet& set, Words& exact, Prepared& prepared) {
    const PendingColumn& column = *prepared.column;
    SetWords words(memory_);
    FindSetWords(set, column, words);
    const auto take = [&](const std::pmr::vector<std::uint32_t>& found, WordClass word_class,
                          Words& to) {
        for (const std::uint32_t word : found) {
            poller_.Step();
            Take(column, word, MaskOf(word_class), to);
        }
    };
    take(words.singles, WordClass::kOnly, exact);
    if (column.only_single_words()) {
        return;
    }
    Alternative candidates(memory_);
    Words& begin = candidates.terms.emplace_back(memory_);
    take(words.firsts, WordClass::kFirst, begin);
    begin.unled = words.unled;
    begin.total += words.unled ? column.unled().size() : 0;
    if (begin.total == 0) {
        return;
    }
    if (words.bound_ends) {
        take(words.lasts, WordClass::kLast, candidates.terms.emplace_back(memory_));
    }
    AddAlternative(std::move(candidates), prepared);
}

// ---- evaluating -------------------------------------------------------------------------------

void PendingQuery::AddNotNull(const PendingColumn& column, RowOrdinal lo, RowOrdinal hi,
                              RowSet& rows) {
    rows.Start(lo, hi, true);
    rows.bits().SetAll();
    const AppendArray<RowOrdinal>& nulls = column.nulls();
    for (std::size_t i = nulls.LowerBound(lo); i < nulls.size() && nulls[i] < hi; ++i) {
        rows.bits().Clear(nulls[i]);
    }
}

void PendingQuery::EvaluateWords(const PendingColumn& column, const Words& words, RowOrdinal lo,
                                 RowOrdinal hi, RowSet& rows) {
    const std::uint64_t window = hi - lo;
    const std::uint64_t expected =
        std::min(words.total, words.total * window / row_count_ + words.found.size() / 4);
    rows.Start(lo, hi, RowSet::DenseIsCheaper(expected, window));
    const auto read = [&](auto&& add) {
        for (const Found& found : words.found) {
            poller_.Step();
            column.ForEachRow(found.word, found.classes, lo, hi, add);
        }
        const AppendArray<RowOrdinal>& unled = column.unled();
        for (std::size_t i = words.unled ? unled.LowerBound(lo) : unled.size();
             i < unled.size() && unled[i] < hi; ++i) {
            add(unled[i]);
        }
    };
    if (rows.dense()) {
        read([&](RowOrdinal row) { rows.bits().Set(row); });
    } else {
        read([&](RowOrdinal row) { rows.list().push_back(row); });
    }
    rows.Normalize();
}

// Returns whether the rows still have to be verified.
bool PendingQuery::EvaluateAlternative(const Prepared& prepared, const Alternative& alternative,
                                       RowOrdinal lo, RowOrdinal hi, RowSet& rows) {
    const PendingColumn& column = *prepared.column;
    if (alternative.terms.empty()) {
        AddNotNull(column, lo, hi, rows);
        return true;
    }
    EvaluateWords(column, alternative.terms[0], lo, hi, rows);
    const double share = static_cast<double>(hi - lo) / row_count_;
    for (std::size_t i = 1; i < alternative.terms.size(); ++i) {
        const double found = static_cast<double>(rows.Count());
        if (found * kVerifyCost < ReadCost(alternative.terms[i]) * share) {
            return true;
        }
        RowSet more(memory_);
        EvaluateWords(column, alternative.terms[i], lo, hi, more);
        rows.And(more);
    }
    return !alternative.exact;
}

void PendingQuery::EvaluateCondition(const Prepared& prepared, RowOrdinal lo, RowOrdinal hi,
                                     RowSet& rows) {
    const PendingColumn& column = *prepared.column;
    const Condition& condition = *prepared.condition;
    if (condition.kind == Condition::Kind::kIsNull) {
        const AppendArray<RowOrdinal>& nulls = column.nulls();
        rows.Start(lo, hi,
                   RowSet::DenseIsCheaper(prepared.total * (hi - lo) / row_count_, hi - lo));
        for (std::size_t i = nulls.LowerBound(lo); i < nulls.size() && nulls[i] < hi; ++i) {
            rows.Add(nulls[i]);
        }
        return;
    }
    if (prepared.everything || prepared.row_by_row) {
        AddNotNull(column, lo, hi, rows);
        if (prepared.row_by_row) {
            Verify(prepared, rows);
        }
        return;
    }
    rows.Start(lo, hi, false);
    for (const Alternative& alternative : prepared.alternatives) {
        poller_.Step();
        RowSet part(memory_);
        if (EvaluateAlternative(prepared, alternative, lo, hi, part)) {
            const LikePattern* pattern = alternative.pattern;
            const PatternSet& set = condition.set;
            part.Retain([&](RowOrdinal row) {
                poller_.Step();
                Value value(*this, column, row);
                return pattern != nullptr ? pattern->Matches(value.Text(pattern->op()))
                                          : set.Accepts(value.Text(set.op()));
            });
        }
        rows.Gather(std::move(part));
    }
    // Values without words.
    for (std::size_t i = column.FirstOpaque(lo);
         i < column.opaque_count() && column.opaque_row(i) < hi; ++i) {
        poller_.Step();
        if (condition.Accepts(false, column.OpaqueText(i, TextForm::kOriginal),
                              column.OpaqueText(i, TextForm::kFolded))) {
            rows.Add(column.opaque_row(i));
        }
    }
    rows.Normalize();
}

bool PendingQuery::Accepts(const Prepared& prepared, RowOrdinal row) {
    const Condition& condition = *prepared.condition;
    const bool is_null = prepared.column->IsNull(row);
    if (is_null || condition.kind == Condition::Kind::kIsNull) {
        return is_null && condition.kind == Condition::Kind::kIsNull;
    }
    if (prepared.everything) {
        return true;
    }
    Value value(*this, *prepared.column, row);
    if (condition.kind == Condition::Kind::kValueTest) {
        return condition.test->Accepts(value.Original());
    }
    const PatternSet& set = condition.set;
    return (!set.empty() && set.Accepts(value.Text(set.op()))) ||
           std::any_of(condition.patterns.begin(), condition.patterns.end(),
                       [&](const LikePattern& pattern) {
                           return pattern.Matches(value.Text(pattern.op()));
                       });
}

void PendingQuery::Verify(const Prepared& prepared, RowSet& rows) {
    rows.Retain([&](RowOrdinal row) {
        poller_.Step();
        return Accepts(prepared, row);
    });
}

void PendingQuery::Evaluate(RowOrdinal lo, RowOrdinal hi, std::pmr::vector<RowOrdinal>& rows) {
    hi = std::min(hi, row_count_);
    if (lo >= hi) {
        return;
    }
    RowSet found(memory_);
    if (conditions_.empty()) {
        found.Start(lo, hi, true);
        found.bits().SetAll();
    } else {
        EvaluateCondition(conditions_[0], lo, hi, found);
    }
    const double share = static_cast<double>(hi - lo) / row_count_;
    for (std::size_t i = 1; i < conditions_.size(); ++i) {
        const Prepared& prepared = conditions_[i];
        const std::uint64_t count = found.Count();
        if (count == 0) {
            return;
        }
        if (static_cast<double>(count) * prepared.verify_cost < prepared.cost * share) {
            Verify(prepared, found);
        } else {
            RowSet more(memory_);
            EvaluateCondition(prepared, lo, hi, more);
            found.And(more);
        }
    }
    rows.reserve(rows.size() + found.Count());
    found.ForEach([&](RowOrdinal row) { rows.push_back(row); });
}

}  // namespace namedex::core
