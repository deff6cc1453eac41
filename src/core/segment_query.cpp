#include "core/segment_query.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/query_cost.hpp"
#include "core/set_search.hpp"

namespace namedex::core {

namespace {

// So many candidates are gathered with what found them before they are verified: 512 kB.
constexpr std::size_t kMaxFinds = std::size_t{1} << 15;
// Trying so many patterns on a value takes less than sorting out which of them found it.
constexpr std::size_t kFewPatterns = 16;

bool Matches(const LikePattern& pattern, ValueReader& values) {
    return pattern.Matches(pattern.op() == Operator::kILike ? values.Folded() : values.Original());
}

}  // namespace

SegmentQuery::~SegmentQuery() = default;

SegmentQuery::SegmentQuery(SegmentReader& segment, const std::vector<Condition>& conditions,
                           const std::vector<const Folder*>& folders,
                           std::pmr::memory_resource* memory, void (*poll)())
    : segment_(&segment), memory_(memory), poll_(poll), row_count_(segment.row_count()) {
    estimate_ = row_count_;
    struct Next {
        const Condition* condition;
        double search_cost;
    };
    std::vector<Next> order;
    for (const Condition& condition : conditions) {
        order.push_back({&condition, conditions.size() == 1
                                         ? 0
                                         : SearchCost(segment, condition,
                                                      *folders.at(condition.column))});
    }
    std::stable_sort(order.begin(), order.end(), [](const Next& a, const Next& b) {
        return a.search_cost < b.search_cost;
    });
    for (const Next& next : order) {
        const ColumnReader& column = segment.column(next.condition->column);
        const std::uint64_t blocks_before = column.blocks_searched();
        const std::uint64_t words_before = column.words_searched();
        // The first one's rows are those that others may be verified on.
        const double cost = conditions_.empty() ? 0 : next.search_cost;
        conditions_.emplace_back();
        Prepare(*next.condition, *folders.at(next.condition->column), cost, conditions_.back());
        blocks_read_ += column.blocks_searched() - blocks_before;
        words_read_ += column.words_searched() - words_before;
        estimate_ = std::min(estimate_, conditions_.back().total);
    }
    std::stable_sort(conditions_.begin(), conditions_.end(),
                     [](const Prepared& a, const Prepared& b) {
                         return a.searched != b.searched ? a.searched : a.total < b.total;
                     });
}

double SegmentQuery::SearchCost(SegmentReader& segment, const Condition& condition,
                                const Folder& folder) {
    if (condition.kind != Condition::Kind::kMatch || !condition.set.empty()) {
        return 0;
    }
    LexiconReader& lexicon = segment.column(condition.column).lexicon();
    double cost = 0;
    for (const LikePattern& pattern : condition.patterns) {
        for (const LikePattern::Alternative& alternative : pattern.alternatives()) {
            for (const LikePattern::Term& term : alternative.terms) {
                cost += TermRows::SearchCost(lexicon, folder, pattern.op(), term);
            }
        }
    }
    return cost;
}

void SegmentQuery::Prepare(const Condition& condition, const Folder& folder, double search_cost,
                           Prepared& prepared) {
    prepared.condition = &condition;
    prepared.column = &segment_->column(condition.column);
    ColumnReader& column = *prepared.column;
    column.lexicon().set_poll(poll_);
    const ColumnHeader& header = column.header();
    if (condition.kind == Condition::Kind::kIsNull) {
        prepared.total = header.nulls.count;
        prepared.posting_cost = static_cast<double>(header.nulls.count) * kPostingCost;
        return;
    }
    const std::uint64_t not_null = row_count_ - header.nulls.count;
    const auto take_all = [&] {
        prepared.everything = true;
        prepared.alternatives.clear();
        prepared.total = not_null;
        prepared.posting_cost = static_cast<double>(header.nulls.count) * kPostingCost;
    };
    if (condition.kind == Condition::Kind::kIsNotNull) {
        take_all();
        return;
    }
    if (condition.kind == Condition::Kind::kValueTest) {
        Alternative alternative;
        alternative.exact = true;
        const auto rows = std::make_shared<TermRows>(row_count_, memory_);
        rows->Find(column.lexicon(), *condition.test);
        alternative.total = rows->total();
        alternative.terms.push_back(rows);
        prepared.total = alternative.total;
        prepared.posting_cost = static_cast<double>(alternative.total) * kPostingCost;
        prepared.alternatives.push_back(std::move(alternative));
        return;
    }
    for (const LikePattern& pattern : condition.patterns) {
        if (pattern.matches_everything() || pattern.trailing_escape()) {
            take_all();
            return;
        }
    }
    if (static_cast<double>(estimate_) * kFarVerifyCost < search_cost) {
        prepared.searched = false;
        prepared.total = not_null;
        prepared.posting_cost = std::numeric_limits<double>::infinity();
    } else {
        PrepareWords(condition, folder, not_null, prepared);
    }
    if (header.opaque_count > 0) {
        std::uint32_t n = 0;
        column.opaque().ForEach([&](std::uint32_t, RowOrdinal row, std::string_view original,
                                    std::string_view folded) {
            Poll(n++);
            if (row >= row_count_) {
                ThrowCorrupt("an opaque value belongs to no row");
            }
            if (condition.Accepts(false, original, folded)) {
                prepared.opaque.push_back(row);
            }
        });
        prepared.total += prepared.opaque.size();
    }
    prepared.total = std::min(prepared.total, not_null);
}

// Finds the words that the condition's set and patterns ask for.
void SegmentQuery::PrepareWords(const Condition& condition, const Folder& folder,
                                std::uint64_t not_null, Prepared& prepared) {
    ColumnReader& column = *prepared.column;
    // Terms that decide alone. Their rows are one union of postings, however many there are.
    struct Single {
        Operator op;
        const LikePattern::Term* term;
    };
    std::vector<Single> singles;
    const double most_search_cost = column.header().block_count * kSearchedBlockCost +
                                    column.header().word_count * kByteFoundCost;
    std::uint32_t n = 0;
    for (const LikePattern& pattern : condition.patterns) {
        for (const LikePattern::Alternative& wanted : pattern.alternatives()) {
            if (wanted.exact && wanted.terms.size() == 1) {
                singles.push_back({pattern.op(), &wanted.terms[0]});
                continue;
            }
            Poll(n++);
            Alternative alternative;
            alternative.pattern = &pattern;
            alternative.exact = wanted.exact;
            alternative.total = not_null;
            double cost = 0;
            for (const LikePattern::Term& term : wanted.terms) {
                const double verifying = static_cast<double>(alternative.total) * kFarVerifyCost;
                if (!alternative.terms.empty() && verifying < most_search_cost &&
                    verifying <
                        TermRows::SearchCost(column.lexicon(), folder, pattern.op(), term)) {
                    alternative.exact = false;
                    continue;
                }
                std::shared_ptr<const TermRows> rows =
                    column.found_terms().Find(folder, pattern.op(), term);
                words_found_ += rows->words_found();
                lists_found_ += rows->lists_found();
                alternative.total = std::min(alternative.total, rows->total());
                cost += static_cast<double>(rows->total()) * kPostingCost;
                alternative.terms.push_back(std::move(rows));
                if (alternative.total == 0) {
                    break;
                }
            }
            if (alternative.total == 0) {
                continue;
            }
            std::stable_sort(alternative.terms.begin(), alternative.terms.end(),
                             [](const auto& a, const auto& b) { return a->total() < b->total(); });
            prepared.total += alternative.total;
            prepared.posting_cost +=
                cost +
                (alternative.exact ? 0 : static_cast<double>(alternative.total) * kVerifyCost);
            prepared.alternatives.push_back(std::move(alternative));
        }
    }
    std::shared_ptr<const TermRows> united;
    if (singles.size() == 1 && condition.set.empty()) {
        united = column.found_terms().Find(folder, singles[0].op, *singles[0].term);
    } else {
        const auto rows = std::make_shared<TermRows>(row_count_, memory_);
        if (!condition.set.empty()) {
            PrepareSet(condition, folder, not_null, *rows, prepared);
        }
        for (const Single& single : singles) {
            Poll(n++);
            rows->Find(column.lexicon(), folder, single.op, *single.term);
        }
        united = rows;
    }
    if (united->total() > 0) {
        Alternative alternative;
        alternative.exact = true;
        alternative.total = united->total();
        words_found_ += united->words_found();
        lists_found_ += united->lists_found();
        prepared.total += alternative.total;
        prepared.posting_cost += static_cast<double>(alternative.total) * kPostingCost;
        alternative.terms.push_back(std::move(united));
        prepared.alternatives.push_back(std::move(alternative));
    }
}

// Finds what the condition's set asks for: the rows of `exact` match, those of the alternatives are
// candidates.
void SegmentQuery::PrepareSet(const Condition& condition, const Folder& folder,
                              std::uint64_t not_null, TermRows& exact, Prepared& prepared) {
    SetSearch::Result found(row_count_, memory_);
    SetSearch(condition.set, *prepared.column, folder, row_count_, memory_, poll_)
        .Find(exact, found);
    const auto add = [&](std::vector<std::shared_ptr<const TermRows>>&& terms,
                         std::uint64_t total, double cost) {
        Alternative alternative;
        alternative.terms = std::move(terms);
        alternative.total = std::min(total, not_null);
        prepared.total += alternative.total;
        prepared.posting_cost += cost + static_cast<double>(alternative.total) * kVerifyCost;
        prepared.alternatives.push_back(std::move(alternative));
    };
    if (found.every_row) {
        add({}, not_null, 0);
        return;
    }
    const auto add_terms = [&](std::vector<TermRows>&& found_terms, double cost) {
        std::vector<std::shared_ptr<const TermRows>> terms;
        for (TermRows& rows : found_terms) {
            words_found_ += rows.words_found();
            lists_found_ += rows.lists_found();
            cost += static_cast<double>(rows.total()) * kPostingCost;
            terms.push_back(std::make_shared<const TermRows>(std::move(rows)));
        }
        const std::uint64_t total = terms[0]->total();
        add(std::move(terms), total, cost);
    };
    if (found.candidates.total() > 0) {
        std::vector<TermRows> candidates;
        candidates.push_back(std::move(found.candidates));
        add_terms(std::move(candidates), 0);
    }
    for (std::vector<TermRows>& terms : found.intersections) {
        add_terms(std::move(terms), kIntersectionCost);
    }
}

double SegmentQuery::cost() const {
    double cost = 0;
    double rows = row_count_;
    for (const Prepared& prepared : conditions_) {
        cost += std::min(prepared.posting_cost, rows * kVerifyCost);
        rows = std::min(rows, static_cast<double>(prepared.total));
    }
    return cost;
}

void SegmentQuery::AddNotNull(ColumnReader& column, RowOrdinal lo, RowOrdinal hi, RowSet& rows) {
    rows.Start(lo, hi, true);
    column.postings().OrRange(column.header().nulls, lo, hi, rows.bits());
    rows.bits().Complement();
}

// Returns whether the rows still have to be verified.
bool SegmentQuery::EvaluateAlternative(Prepared& prepared, const Alternative& alternative,
                                       RowOrdinal lo, RowOrdinal hi, RowSet& rows) {
    ColumnReader& column = *prepared.column;
    if (alternative.terms.empty()) {
        AddNotNull(column, lo, hi, rows);
        return true;
    }
    alternative.terms[0]->Evaluate(column.postings(), lo, hi, rows, poll_);
    const double share = static_cast<double>(hi - lo) / row_count_;
    for (std::size_t i = 1; i < alternative.terms.size(); ++i) {
        const double read =
            static_cast<double>(alternative.terms[i]->total()) * share * kPostingCost;
        if (static_cast<double>(rows.Count()) * kVerifyCost < read) {
            return true;
        }
        RowSet more(memory_);
        alternative.terms[i]->Evaluate(column.postings(), lo, hi, more, poll_);
        rows.And(more);
    }
    return !alternative.exact;
}

void SegmentQuery::EvaluateCondition(Prepared& prepared, RowOrdinal lo, RowOrdinal hi,
                                     RowSet& rows) {
    if (!prepared.searched) {
        ThrowInternal("a condition was evaluated whose words were not searched for");
    }
    ColumnReader& column = *prepared.column;
    if (prepared.condition->kind == Condition::Kind::kIsNull) {
        const std::uint64_t expected =
            std::uint64_t{column.header().nulls.count} * (hi - lo) / row_count_;
        rows.Start(lo, hi, RowSet::DenseIsCheaper(expected, hi - lo));
        if (rows.dense()) {
            column.postings().OrRange(column.header().nulls, lo, hi, rows.bits());
        } else {
            column.postings().AppendRange(column.header().nulls, lo, hi, rows.list());
        }
        return;
    }
    if (prepared.everything) {
        AddNotNull(column, lo, hi, rows);
        return;
    }
    // What is still to be verified: candidates of the set; of patterns together, each of which may
    // match each row; of patterns each for itself.
    rows.Start(lo, hi, false);
    RowSet of_set(memory_);
    of_set.Start(lo, hi, false);
    RowSet shared(memory_);
    shared.Start(lo, hi, false);
    std::vector<const LikePattern*> sharing;
    std::pmr::vector<Find> finds(memory_);
    const bool few = prepared.condition->patterns.size() <= kFewPatterns;
    std::uint32_t n = 0;
    for (const Alternative& alternative : prepared.alternatives) {
        Poll(n++);
        RowSet part(memory_);
        if (!EvaluateAlternative(prepared, alternative, lo, hi, part)) {
            rows.Gather(std::move(part));
        } else if (alternative.pattern == nullptr) {
            of_set.Gather(std::move(part));
        } else if (few || part.dense()) {
            shared.Gather(std::move(part));
            if (sharing.empty() || sharing.back() != alternative.pattern) {
                sharing.push_back(alternative.pattern);
            }
        } else {
            part.ForEach([&](RowOrdinal row) { finds.push_back({row, alternative.pattern}); });
            if (finds.size() >= kMaxFinds) {
                VerifyFinds(prepared, finds, rows);
            }
        }
    }
    VerifyFinds(prepared, finds, rows);
    VerifyRegular(prepared, shared, [&](ValueReader& values) {
        return std::any_of(
            sharing.begin(), sharing.end(),
            [&](const LikePattern* pattern) { return Matches(*pattern, values); });
    });
    rows.Gather(std::move(shared));
    const PatternSet& set = prepared.condition->set;
    VerifyRegular(prepared, of_set, [&](ValueReader& values) {
        return set.Accepts(set.op() == Operator::kILike ? values.Folded() : values.Original());
    });
    rows.Gather(std::move(of_set));
    rows.Normalize();
    if (!prepared.opaque.empty()) {
        RowSet opaque(memory_);
        opaque.Start(lo, hi, false);
        const auto from = std::lower_bound(prepared.opaque.begin(), prepared.opaque.end(), lo);
        const auto to = std::lower_bound(from, prepared.opaque.end(), hi);
        opaque.list().assign(from, to);
        rows.Or(opaque);
    }
}

bool SegmentQuery::Accepts(Prepared& prepared, RowOrdinal row) {
    const Condition& condition = *prepared.condition;
    ValueReader& values = prepared.Values();
    const ForwardReader::Kind kind = values.Load(row);
    if (kind == ForwardReader::kNull || condition.kind == Condition::Kind::kIsNull) {
        return kind == ForwardReader::kNull && condition.kind == Condition::Kind::kIsNull;
    }
    if (prepared.everything) {
        return true;
    }
    if (condition.kind == Condition::Kind::kValueTest) {
        return condition.test->Accepts(values.Original());
    }
    if (kind == ForwardReader::kOpaque) {
        return std::binary_search(prepared.opaque.begin(), prepared.opaque.end(), row);
    }
    const PatternSet& set = condition.set;
    if (!set.empty() &&
        set.Accepts(set.op() == Operator::kILike ? values.Folded() : values.Original())) {
        return true;
    }
    return std::any_of(
        condition.patterns.begin(), condition.patterns.end(),
        [&](const LikePattern& pattern) { return Matches(pattern, values); });
}

// Keeps the rows with a regular value that `accepts` says yes to. (Opaque values were decided on
// when the query was made.)
template <typename Decide>
void SegmentQuery::VerifyRegular(Prepared& prepared, RowSet& rows, Decide accepts) {
    rows.Normalize();
    std::uint32_t n = 0;
    rows.Retain([&](RowOrdinal row) {
        Poll(n++);
        ValueReader& values = prepared.Values();
        return values.Load(row) == ForwardReader::kRegular && accepts(values);
    });
}

// Adds the finds that match to `rows`, and empties the list. A row is rebuilt once, whatever found
// it.
void SegmentQuery::VerifyFinds(Prepared& prepared, std::pmr::vector<Find>& finds, RowSet& rows) {
    std::sort(finds.begin(), finds.end(),
              [](const Find& a, const Find& b) { return a.row < b.row; });
    std::uint32_t n = 0;
    for (auto find = finds.begin(); find != finds.end();) {
        Poll(n++);
        const RowOrdinal row = find->row;
        ValueReader& values = prepared.Values();
        const bool regular = values.Load(row) == ForwardReader::kRegular;
        bool matches = false;
        for (; find != finds.end() && find->row == row; ++find) {
            matches = matches || (regular && Matches(*find->pattern, values));
        }
        if (matches) {
            rows.Add(row);
        }
    }
    finds.clear();
}

void SegmentQuery::Verify(Prepared& prepared, RowSet& rows) {
    std::uint32_t n = 0;
    rows.Retain([&](RowOrdinal row) {
        Poll(n++);
        return Accepts(prepared, row);
    });
}

void SegmentQuery::Evaluate(RowOrdinal lo, RowOrdinal hi, RowSet& rows) {
    hi = std::min(hi, row_count_);
    lo = std::min(lo, hi);
    if (lo == hi) {
        rows.Start(lo, hi, false);
        return;
    }
    if (conditions_.empty()) {
        rows.Start(lo, hi, true);
        rows.bits().SetAll();
        return;
    }
    EvaluateCondition(conditions_[0], lo, hi, rows);
    const double share = static_cast<double>(hi - lo) / row_count_;
    for (std::size_t i = 1; i < conditions_.size(); ++i) {
        const std::uint64_t found = rows.Count();
        if (found == 0) {
            return;
        }
        if (static_cast<double>(found) * kVerifyCost < conditions_[i].posting_cost * share) {
            Verify(conditions_[i], rows);
        } else {
            RowSet more(memory_);
            EvaluateCondition(conditions_[i], lo, hi, more);
            rows.And(more);
        }
    }
}

}  // namespace namedex::core
