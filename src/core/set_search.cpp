#include "core/set_search.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/lexicon_walk.hpp"
#include "core/query_cost.hpp"
#include "core/split.hpp"

namespace namedex::core {

namespace {

// The rarest of so many words is rare enough.
constexpr std::uint32_t kMaxWords = 16;
// Intersections keep the rows of so many words apart, which takes about 10 MB beside the rows.
constexpr std::uint32_t kMaxIntersectedWords = std::uint32_t{1} << 16;

constexpr ClassMask kBeginsValue = MaskOf(WordClass::kOnly) | MaskOf(WordClass::kFirst);
constexpr ClassMask kEndsValue = MaskOf(WordClass::kOnly) | MaskOf(WordClass::kLast);

bool Fits(std::string_view text, bool open_end, std::string_view word) {
    return (open_end ? word.substr(0, text.size()) : word) == text;
}

}  // namespace

SetSearch::SetSearch(const PatternSet& set, ColumnReader& column, const Folder& folder,
                     std::uint32_t row_count, std::pmr::memory_resource* memory, void (*poll)())
    : set_(&set),
      column_(&column),
      folder_(&folder),
      row_count_(row_count),
      memory_(memory),
      poll_(poll) {}

// What stands beside a word in its member says in which classes it is, as in
// core/pattern_terms.cpp.
void SetSearch::Split() {
    const bool open_to_spaces = set_->op() == Operator::kEqualIgnoringTrailingSpaces;
    words_.reserve(2 * set_->size());
    for (std::size_t m = 0; m < set_->size() && !every_row_; ++m) {
        Poll(m);
        const PatternSet::Member member = set_->member(m);
        const std::string_view text = member.text;
        std::uint32_t found = 0;
        for (std::size_t begin = 0, end; begin < text.size() && found < kMaxWords; begin = end) {
            end = begin;
            if (!IsWordByte(text[begin])) {
                ++end;
                continue;
            }
            while (end < text.size() && IsWordByte(text[end])) {
                ++end;
            }
            Word word;
            word.text = text.substr(begin, end - begin);
            word.member = static_cast<std::uint32_t>(m);
            word.open_end = member.open_end && end == text.size();
            ClassMask classes = begin == 0 ? kBeginsValue : kAllClasses & ~kBeginsValue;
            if (end < text.size()) {
                classes &= kAllClasses & ~kEndsValue;
            } else if (!word.open_end && !open_to_spaces) {
                classes &= kEndsValue;
            }
            if (word.text.size() == text.size()) {
                word.exact = open_to_spaces ? MaskOf(WordClass::kOnly) : classes;
            }
            word.candidate = classes & ~word.exact;
            words_.push_back(word);
            ++found;
        }
        every_row_ = found == 0;
    }
}

// Finds each word's needle, if a word of the lexicon that fits is sure to fit it when both are
// folded, and puts the words in order.
void SetSearch::Narrow() {
    std::string folded;
    std::size_t n = 0;
    const auto has_needle = [&](Word& word) {
        Poll(n++);
        if (ignores_case()) {
            word.needle = word.text;
            return true;
        }
        if (!folder_->KeepsWithin(word.text)) {
            return false;
        }
        folder_->FoldFast(word.text, folded);
        if (folded == word.text) {
            word.needle = word.text;
        } else {
            auto* const kept = static_cast<char*>(folds_.allocate(folded.size(), 1));
            std::memcpy(kept, folded.data(), folded.size());
            word.needle = {kept, folded.size()};
        }
        return true;
    };
    const auto middle = std::stable_partition(words_.begin(), words_.end(), has_needle);
    narrowed_ = static_cast<std::size_t>(middle - words_.begin());
    const auto less = [](const Word& a, const Word& b) {
        return std::tie(a.needle, a.open_end, a.text, a.candidate, a.exact) <
               std::tie(b.needle, b.open_end, b.text, b.candidate, b.exact);
    };
    std::sort(words_.begin(), middle, less);
    std::sort(middle, words_.end(), less);
    const Word* before = nullptr;
    for (Word& word : words_) {
        word.repeated = before != nullptr && !less(*before, word) && !less(word, *before);
        before = &word;
    }
}

// Calls visit(word, hit) for every word of the lexicon that fits one of the words wanted.
template <typename Wanted, typename Visit>
void SetSearch::Look(Wanted wanted, Visit visit) {
    std::string original;
    {
        LexiconWalk walk(column_->lexicon());
        std::vector<Word*> asking;  // with one needle
        for (std::size_t i = 0, end; i < narrowed_; i = end) {
            const Word& first = words_[i];
            asking.clear();
            for (end = i; end < narrowed_ && words_[end].needle == first.needle &&
                          words_[end].open_end == first.open_end;
                 ++end) {
                Poll(end);
                if (wanted(words_[end])) {
                    asking.push_back(&words_[end]);
                }
            }
            if (asking.empty()) {
                continue;
            }
            const WordQueryKind kind =
                first.open_end ? WordQueryKind::kPrefix : WordQueryKind::kExact;
            walk.Find({kind, first.needle}, [&](const WordHit& hit) {
                if (!ignores_case()) {
                    original.clear();
                    AppendOriginal(hit.folded, hit.entry, original);
                }
                for (Word* word : asking) {
                    Poll(compared_++);
                    if (ignores_case() || Fits(word->text, word->open_end, original)) {
                        visit(*word, hit);
                    }
                }
            });
        }
    }
    LookAtEveryWord(wanted, visit);
}

// The same for the words that were not narrowed down.
template <typename Wanted, typename Visit>
void SetSearch::LookAtEveryWord(Wanted wanted, Visit visit) {
    std::unordered_multimap<std::string_view, Word*> by_text;
    std::vector<std::size_t> prefix_sizes;
    for (std::size_t i = narrowed_; i < words_.size(); ++i) {
        if (wanted(words_[i])) {
            by_text.emplace(words_[i].text, &words_[i]);
            if (words_[i].open_end) {
                prefix_sizes.push_back(words_[i].text.size());
            }
        }
    }
    if (by_text.empty()) {
        return;
    }
    std::sort(prefix_sizes.begin(), prefix_sizes.end());
    prefix_sizes.erase(std::unique(prefix_sizes.begin(), prefix_sizes.end()), prefix_sizes.end());
    std::string original;
    column_->lexicon().Find({}, [&](const WordHit& hit) {
        original.clear();
        AppendOriginal(hit.folded, hit.entry, original);
        const std::string_view text = original;
        const auto visit_all = [&](std::string_view part, bool open_end) {
            const auto range = by_text.equal_range(part);
            for (auto at = range.first; at != range.second; ++at) {
                Poll(compared_++);
                if (at->second->open_end == open_end) {
                    visit(*at->second, hit);
                }
            }
        };
        visit_all(text, false);
        for (const std::size_t size : prefix_sizes) {
            if (size > text.size()) {
                break;
            }
            visit_all(text.substr(0, size), true);
        }
    });
}

// Decides for each member which of its words' rows are to be found.
void SetSearch::Choose(Result& result) {
    struct Rarest {
        std::uint64_t total = std::numeric_limits<std::uint64_t>::max();
        std::uint64_t next_total = std::numeric_limits<std::uint64_t>::max();
        Word* word = nullptr;
        bool intersected = false;
    };
    std::vector<Rarest> rarest(set_->size());
    std::vector<std::uint32_t> words_of(set_->size());
    std::vector<std::uint64_t> fitting(set_->size());
    for (Word& word : words_) {
        ++words_of[word.member];
        fitting[word.member] += word.fitting;
        if (word.candidate == 0) {
            continue;
        }
        Rarest& best = rarest[word.member];
        if (word.total < best.total) {
            best.next_total = best.total;
            best.total = word.total;
            best.word = &word;
        } else {
            best.next_total = std::min(best.next_total, word.total);
        }
    }
    // However many candidates there are, no row is verified twice.
    const double verify_all = row_count_ * kVerifyCost;
    double intersect_all = 0;
    std::uint32_t intersected_words = 0;
    for (std::size_t m = 0; m < rarest.size(); ++m) {
        Rarest& best = rarest[m];
        if (best.word == nullptr || intersected_words + words_of[m] > kMaxIntersectedWords ||
            best.next_total == std::numeric_limits<std::uint64_t>::max()) {
            continue;
        }
        const auto total = static_cast<double>(best.total);
        const double both = total + static_cast<double>(best.next_total);
        const double cost = kIntersectionCost + both * kPostingCost +
                            static_cast<double>(fitting[m]) * kFoundWordCost;
        if (cost < total * kVerifyCost) {
            best.intersected = true;
            intersected_words += words_of[m];
            intersect_all += cost;
        }
    }
    std::uint32_t intersected = 0;
    for (Rarest& best : rarest) {
        best.intersected = best.intersected && intersect_all < verify_all;
        if (best.intersected) {
            ++intersected;
        } else if (best.word != nullptr && best.total > 0) {
            best.word->rows = &result.candidates;
        }
    }
    if (intersected > 0) {
        std::vector<std::uint32_t> number(set_->size());
        result.intersections.resize(intersected);
        std::uint32_t next = 0;
        for (std::size_t m = 0; m < rarest.size(); ++m) {
            if (rarest[m].intersected) {
                result.intersections[next].reserve(words_of[m]);
                number[m] = next++;
            }
        }
        for (Word& word : words_) {
            if (rarest[word.member].intersected) {
                std::vector<TermRows>& terms = result.intersections[number[word.member]];
                terms.emplace_back(row_count_, memory_);
                word.rows = &terms.back();
            }
        }
    }
    // Members share words.
    const Word* before = nullptr;
    for (Word& word : words_) {
        if (word.rows != &result.candidates) {
            continue;
        }
        if (before != nullptr && std::tie(before->text, before->open_end, before->candidate) ==
                                     std::tie(word.text, word.open_end, word.candidate)) {
            word.rows = nullptr;
        } else {
            before = &word;
        }
    }
}

void SetSearch::Find(TermRows& exact, Result& result) {
    Split();
    if (every_row_) {
        result.every_row = true;
        return;
    }
    Narrow();
    bool inexact = false;
    Look([](const Word& word) { return !word.repeated; },
         [&](Word& word, const WordHit& hit) {
             if ((hit.entry.mask & word.exact) != 0) {
                 exact.Take(hit, word.exact);
             }
             if ((hit.entry.mask & word.candidate) != 0) {
                 word.total += hit.entry.Total(word.candidate);
                 ++word.fitting;
                 inexact = true;
             }
         });
    if (!inexact) {
        return;
    }
    for (std::size_t i = 1; i < words_.size(); ++i) {
        if (words_[i].repeated) {
            words_[i].total = words_[i - 1].total;
            words_[i].fitting = words_[i - 1].fitting;
        }
    }
    Choose(result);
    Look([](const Word& word) { return word.rows != nullptr; },
         [](Word& word, const WordHit& hit) { word.rows->Take(hit, word.candidate); });
    for (std::vector<TermRows>& terms : result.intersections) {
        std::stable_sort(terms.begin(), terms.end(), [](const TermRows& a, const TermRows& b) {
            return a.total() < b.total();
        });
    }
}

}  // namespace namedex::core
