// The patterns of one condition that have no wildcards, or '%' at their end only, as a set: whether
// a text matches one of them takes a look-up or a few, however many there are.
//
//     PatternSet set(Operator::kLike);
//     set.Add("Smith", encoding);     // true
//     set.Add("Mc%", encoding);       // true: an open member
//     set.Add("%son", encoding);      // false: to be tried by itself
//     set.Finish();
//     set.Accepts("McDonald")         // true
//
// A pattern that LikePattern leaves to the server, or that matches everything, is never a member.
//
// After Finish no text is there twice, and no member's texts are all those of an open one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/encoding.hpp"
#include "core/like_pattern.hpp"

namespace namedex::core {

class PatternSet {
  public:
    struct Member {
        std::string_view text;  // without escapes; without trailing spaces where these do not count
        bool open_end = false;  // what begins with the text matches, else only what is the text
    };

    explicit PatternSet(Operator op = Operator::kLike) : op_(op) {}

    Operator op() const { return op_; }

    // Takes a pattern as LikePattern::Compile does, if it can be a member. Does not keep `pattern`.
    bool Add(std::string_view pattern, const Encoding& encoding);
    // Comes behind the last Add, and before everything below.
    void Finish();

    bool empty() const { return members_.empty(); }
    std::size_t size() const { return members_.size(); }
    // Members ascend by text.
    Member member(std::size_t i) const { return {TextOf(members_[i]), members_[i].open_end}; }

    // True if a member matches the text: folded for kILike, original for other operators.
    bool Accepts(std::string_view text) const;

  private:
    struct Place {
        std::size_t begin;  // in texts_
        std::size_t size;
        bool open_end;
    };
    struct Slot {
        std::uint32_t hash = 0;
        std::uint32_t member = 0;  // counted from 1; 0 = no member
    };

    bool AppendUnescaped(std::string_view pattern, bool& open_end);
    std::string_view TextOf(const Place& place) const {
        return std::string_view(texts_).substr(place.begin, place.size);
    }
    // The member with that text, or null.
    const Place* Find(std::string_view text) const;

    Operator op_;
    std::string texts_;  // one after the other
    std::vector<Place> members_;
    std::vector<Slot> slots_;                // a hash table; its size is a power of 2
    std::vector<std::size_t> prefix_sizes_;  // that open members have, ascending
};

}  // namespace namedex::core
