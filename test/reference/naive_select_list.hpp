// Naive twin of core/select_list, written from the grammar: the text is cut into tokens first, and
// then a table says which token may follow which. There is no recursion: the lists that are open
// stand on a stack.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/select_list.hpp"

namespace namedex::reference {

// ---- the result -----------------------------------------------------------------------------

// What becomes of a text: a list, or an error.
struct SelectListOutcome {
    bool accepted = false;
    core::SelectList list;
    bool unsupported = false;
    std::size_t position = 0;
    std::size_t open_lists = 0;  // at the error, besides the outermost
};

// ---- tokens ---------------------------------------------------------------------------------

struct SelectToken {
    // kOther is a byte that begins no token.
    enum Kind {
        kName,
        kStar,
        kComma,
        kColon,
        kBang,
        kOpen,
        kClose,
        kDot,
        kCast,
        kArrow,
        kSpread,
        kEnd,
        kOther
    };
    static constexpr std::size_t kSound = static_cast<std::size_t>(-1);

    Kind kind = kOther;
    std::size_t position = 0;
    std::string name;
    bool quoted = false;
    std::size_t fault = kSound;  // where a quoted name is none

    bool Is(std::initializer_list<std::string_view> words) const {
        return kind == kName && !quoted && fault == kSound &&
               std::find(words.begin(), words.end(), name) != words.end();
    }
};

// Ends with kEnd, or with the first name that is none, which refuses the rest.
inline std::vector<SelectToken> SelectTokens(std::string_view text) {
    static const std::pair<std::string_view, SelectToken::Kind> kSigns[] = {
        {"...", SelectToken::kSpread}, {"::", SelectToken::kCast}, {"->", SelectToken::kArrow},
        {"*", SelectToken::kStar},     {",", SelectToken::kComma}, {":", SelectToken::kColon},
        {"!", SelectToken::kBang},     {"(", SelectToken::kOpen},  {")", SelectToken::kClose},
        {".", SelectToken::kDot}};
    static const std::string kNameBytes =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz$";
    std::vector<SelectToken> tokens;
    std::size_t i = 0;
    while (i < text.size()) {
        if (text[i] != '\0' && std::strchr(" \t\n\v\f\r", text[i]) != nullptr) {
            ++i;
            continue;
        }
        SelectToken token;
        token.position = i;
        if (text[i] == '"') {
            token.kind = SelectToken::kName;
            token.quoted = true;
            const std::string_view rest = text.substr(i + 1);
            std::size_t length = 0;
            while (length < rest.size() && rest[length] != '\0') {
                if (rest[length] == '"') {
                    if (rest.substr(length, 2) != "\"\"") {
                        break;
                    }
                    ++length;
                }
                token.name += rest[length++];
            }
            if (length == rest.size() || token.name.empty()) {
                token.fault = i;
            }
            if (length < rest.size() && rest[length] == '\0') {
                token.fault = i + 1 + length;
            }
            i += length + 2;
        } else {
            while (i < text.size() && (static_cast<unsigned char>(text[i]) >= 0x80 ||
                                       kNameBytes.find(text[i]) != std::string::npos)) {
                token.kind = SelectToken::kName;
                token.name += text[i++];
            }
        }
        for (const auto& [sign, kind] : kSigns) {
            if (token.kind == SelectToken::kOther && text.substr(i, sign.size()) == sign) {
                token.kind = kind;
                i += sign.size();
            }
        }
        i += token.kind == SelectToken::kOther ? 1 : 0;
        tokens.push_back(token);
        if (token.fault != SelectToken::kSound) {
            return tokens;
        }
    }
    tokens.emplace_back();
    tokens.back().kind = SelectToken::kEnd;
    tokens.back().position = text.size();
    return tokens;
}

// ---- lists ----------------------------------------------------------------------------------

class NaiveSelectList {
  public:
    explicit NaiveSelectList(std::string_view text) : tokens_(SelectTokens(text)), lists_(1) {}

    SelectListOutcome Outcome() {
        // A last item without a successor ends the run: there is always an error or kEnd.
        while (!done_) {
            Step();
            ++at_;
        }
        outcome_.open_lists = lists_.size() - 1;
        if (outcome_.accepted) {
            outcome_.list = std::move(lists_.front());
        }
        return std::move(outcome_);
    }

  private:
    // What stands before the next token: the start of an item, its first name (which may turn out
    // to be an alias), "alias :", "alias : name", "name !", "name ! constraint", or "*" or ")".
    enum State { kStart, kFirst, kAliased, kSecond, kBanged, kConstrained, kItem, kRefused };

    static State Next(State state, SelectToken::Kind kind) {
        struct Rule {
            State from;
            SelectToken::Kind kind;
            State to;
        };
        using Token = SelectToken;
        static const Rule kRules[] = {
            {kStart, Token::kName, kFirst},        {kStart, Token::kStar, kItem},
            {kFirst, Token::kColon, kAliased},     {kFirst, Token::kBang, kBanged},
            {kFirst, Token::kOpen, kStart},        {kFirst, Token::kComma, kStart},
            {kFirst, Token::kClose, kItem},        {kFirst, Token::kEnd, kItem},
            {kAliased, Token::kName, kSecond},     {kSecond, Token::kBang, kBanged},
            {kSecond, Token::kOpen, kStart},       {kSecond, Token::kComma, kStart},
            {kSecond, Token::kClose, kItem},       {kSecond, Token::kEnd, kItem},
            {kBanged, Token::kName, kConstrained}, {kConstrained, Token::kOpen, kStart},
            {kItem, Token::kComma, kStart},        {kItem, Token::kClose, kItem},
            {kItem, Token::kEnd, kItem},
        };
        for (const Rule& rule : kRules) {
            if (rule.from == state && rule.kind == kind) {
                return rule.to;
            }
        }
        return kRefused;
    }

    const SelectToken& Token(std::size_t ahead = 0) const {
        return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
    }

    void Step() {
        const SelectToken& token = Token();
        if (state_ == kStart && item_count_ == core::kMostSelectItems) {
            return Refuse(token.position);
        }
        if (IsUnsupported()) {
            return Refuse(token.position, true);
        }
        const State next = Next(state_, token.kind);
        const bool at_outermost = lists_.size() == 1;
        if (next == kRefused || (token.kind == SelectToken::kClose && at_outermost) ||
            (token.kind == SelectToken::kEnd && !at_outermost)) {
            return Refuse(token.position);
        }
        if (token.fault != SelectToken::kSound) {
            return Refuse(token.fault);
        }
        Build(token);
        state_ = next;
    }

    // Whether PostgREST's own syntax begins here.
    bool IsUnsupported() const {
        const bool after_name = state_ == kFirst || state_ == kSecond;
        switch (Token().kind) {
            case SelectToken::kSpread:
                return state_ == kStart;
            case SelectToken::kCast:
            case SelectToken::kArrow:
                return after_name;
            case SelectToken::kDot:
                return after_name && Token(1).Is({"sum", "avg", "min", "max", "count"}) &&
                       Token(2).kind == SelectToken::kOpen && Token(3).kind == SelectToken::kClose;
            case SelectToken::kBang:
                return (after_name || state_ == kConstrained) && Token(1).Is({"inner", "left"});
            default:
                return false;
        }
    }

    void Build(const SelectToken& token) {
        core::SelectList& list = lists_.back();
        switch (token.kind) {
            case SelectToken::kName:
                return TakeName(token);
            case SelectToken::kStar:
                list.emplace_back();
                list.back().kind = core::SelectItem::Kind::kAllColumns;
                list.back().position = token.position;
                ++item_count_;
                return;
            case SelectToken::kOpen:
                list.back().kind = core::SelectItem::Kind::kRelationship;
                if (state_ != kConstrained && tokens_[at_ - 1].Is({"count"}) &&
                    Token(1).kind == SelectToken::kClose) {
                    return Refuse(list.back().position, true);
                }
                if (lists_.size() > core::kDeepestRelationship) {
                    return Refuse(list.back().position);
                }
                lists_.emplace_back();
                return;
            case SelectToken::kClose: {
                core::SelectList closed = std::move(list);
                lists_.pop_back();
                lists_.back().back().items = std::move(closed);
                return;
            }
            case SelectToken::kEnd:
                outcome_.accepted = done_ = true;
                return;
            default:
                return;
        }
    }

    void TakeName(const SelectToken& token) {
        core::SelectList& list = lists_.back();
        if (state_ == kBanged) {
            list.back().constraint = token.name;
            return;
        }
        if (state_ == kStart) {
            list.emplace_back();
            ++item_count_;
        } else {
            list.back().alias = list.back().name;
        }
        list.back().name = token.name;
        list.back().position = token.position;
    }

    void Refuse(std::size_t position, bool unsupported = false) {
        outcome_.position = position;
        outcome_.unsupported = unsupported;
        done_ = true;
    }

    std::vector<SelectToken> tokens_;
    std::size_t at_ = 0;
    State state_ = kStart;
    std::vector<core::SelectList> lists_;
    std::size_t item_count_ = 0;
    bool done_ = false;
    SelectListOutcome outcome_;
};

// A name, or a name, '!' and a constraint.
inline SelectListOutcome NaiveRelationshipName(std::string_view text) {
    const std::vector<SelectToken> tokens = SelectTokens(text);
    const SelectToken::Kind kinds[] = {SelectToken::kName, SelectToken::kBang, SelectToken::kName};
    SelectListOutcome outcome;
    outcome.list.emplace_back();
    outcome.list[0].kind = core::SelectItem::Kind::kRelationship;
    outcome.list[0].position = tokens[0].position;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const SelectToken& token = tokens[i];
        outcome.position = token.position;
        if (token.kind == SelectToken::kEnd && (i == 1 || i == 3)) {
            outcome.accepted = true;
            return outcome;
        }
        if (token.kind == SelectToken::kBang && (i == 1 || i == 3) &&
            tokens[i + 1].Is({"inner", "left"})) {
            outcome.unsupported = true;
            return outcome;
        }
        if (i >= 3 || token.kind != kinds[i]) {
            return outcome;
        }
        if (token.fault != SelectToken::kSound) {
            outcome.position = token.fault;
            return outcome;
        }
        if (token.kind == SelectToken::kName) {
            (i == 0 ? outcome.list[0].name : outcome.list[0].constraint) = token.name;
        }
    }
    return outcome;
}

// ---- comparison -----------------------------------------------------------------------------

inline bool SameItems(const core::SelectList& a, const core::SelectList& b,
                      bool with_positions = true) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](const core::SelectItem& x, const core::SelectItem& y) {
                          return x.kind == y.kind && x.alias == y.alias && x.name == y.name &&
                                 x.constraint == y.constraint &&
                                 (!with_positions || x.position == y.position) &&
                                 SameItems(x.items, y.items, with_positions);
                      });
}

// The parser's own outcome, as the twin says it.
inline SelectListOutcome ParsedSelectList(std::string_view text) {
    SelectListOutcome outcome;
    try {
        outcome.list = core::ParseSelectList(text);
        outcome.accepted = true;
    } catch (const core::SelectListError& error) {
        outcome.unsupported = error.unsupported();
        outcome.position = error.position();
    }
    return outcome;
}

inline SelectListOutcome ParsedRelationshipName(std::string_view text) {
    SelectListOutcome outcome;
    try {
        outcome.list.push_back(core::ParseRelationshipName(text));
        outcome.accepted = true;
    } catch (const core::SelectListError& error) {
        outcome.unsupported = error.unsupported();
        outcome.position = error.position();
    }
    return outcome;
}

inline std::string Difference(const SelectListOutcome& parsed, const SelectListOutcome& naive) {
    if (parsed.accepted != naive.accepted) {
        return parsed.accepted ? "accepted against the grammar" : "refused against the grammar";
    }
    if (parsed.accepted) {
        return SameItems(parsed.list, naive.list) ? "" : "the items differ";
    }
    if (parsed.unsupported != naive.unsupported) {
        return "the error's kind differs";
    }
    return parsed.position == naive.position ? "" : "the error's position differs";
}

// What stands before an error's position must be the beginning of some list: the first place at
// which a text is wrong is not behind it. Needs no twin but the number of lists that are open. (In
// the deepest list "rel!fkey" cannot be continued, but only the "(" is refused.)
inline bool BeginsSomeList(std::string_view start, std::size_t open_lists) {
    for (const char* const ending : {"", "x", "(x)", "x(x)", "x\"", "x\"(x)"}) {
        if (ParsedSelectList(std::string(start) + ending + std::string(open_lists, ')')).accepted) {
            return true;
        }
    }
    return false;
}

// What is wrong with the parser's work on this text; empty: nothing.
inline std::string FaultIn(std::string_view text) {
    const SelectListOutcome parsed = ParsedSelectList(text);
    const SelectListOutcome naive = NaiveSelectList(text).Outcome();
    std::string fault = Difference(parsed, naive);
    if (fault.empty() && !parsed.accepted && text.size() < 4096 &&
        naive.open_lists < core::kDeepestRelationship &&
        !BeginsSomeList(text.substr(0, parsed.position), naive.open_lists)) {
        fault = "what stands before the error begins no list";
    }
    if (fault.empty()) {
        fault = Difference(ParsedRelationshipName(text), NaiveRelationshipName(text));
        fault += fault.empty() ? "" : " (as the name of a relationship)";
    }
    return fault;
}

}  // namespace namedex::reference
