// Naive twins of core/lexicon, core/grams and core/substring: sorted vectors and std::string::find.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/word_query.hpp"

namespace namedex::reference {

struct NaiveWord {
    std::string folded;
    std::string original;

    friend bool operator<(const NaiveWord& a, const NaiveWord& b) {
        return a.folded != b.folded ? a.folded < b.folded : a.original < b.original;
    }
    friend bool operator==(const NaiveWord& a, const NaiveWord& b) {
        return a.folded == b.folded && a.original == b.original;
    }
};

inline bool NaiveMatches(const std::string& word, const core::WordQuery& query) {
    const std::string needle(query.needle);
    if (needle.find('\0') != std::string::npos) {
        return false;
    }
    const bool fits = needle.size() <= word.size();
    switch (query.kind) {
        case core::WordQueryKind::kAll:
            return true;
        case core::WordQueryKind::kContains:
            return word.find(needle) != std::string::npos;
        case core::WordQueryKind::kPrefix:
            return fits && word.substr(0, needle.size()) == needle;
        case core::WordQueryKind::kSuffix:
            return fits && word.substr(word.size() - needle.size()) == needle;
        case core::WordQueryKind::kExact:
            return word == needle;
    }
    return false;
}

// A word's index is its WordId.
class NaiveLexicon {
  public:
    explicit NaiveLexicon(std::vector<NaiveWord> words) : words_(std::move(words)) {
        std::sort(words_.begin(), words_.end());
        words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
    }

    const std::vector<NaiveWord>& words() const { return words_; }

    std::vector<std::uint32_t> Find(const core::WordQuery& query) const {
        std::vector<std::uint32_t> ids;
        for (std::uint32_t id = 0; id < words_.size(); ++id) {
            if (NaiveMatches(words_[id].folded, query)) {
                ids.push_back(id);
            }
        }
        return ids;
    }

  private:
    std::vector<NaiveWord> words_;
};

inline std::vector<std::size_t> NaivePositions(const std::string& text, const std::string& needle) {
    std::vector<std::size_t> positions;
    for (std::size_t at = text.find(needle); at != std::string::npos;
         at = text.find(needle, at + 1)) {
        positions.push_back(at);
    }
    return positions;
}

// All sequences of `length` bytes in `text`.
inline std::set<std::string> NaiveGrams(const std::string& text, std::size_t length) {
    std::set<std::string> grams;
    for (std::size_t at = 0; at + length <= text.size(); ++at) {
        grams.insert(text.substr(at, length));
    }
    return grams;
}

}  // namespace namedex::reference
