#include "core/select_list.hpp"

#include <initializer_list>
#include <utility>

namespace namedex::core {

namespace {

constexpr const char* kQuoteHint =
    "A name that has other characters than letters, digits, \"_\" and \"$\" is written in double "
    "quotes.";

bool IsSpace(char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

bool IsNameByte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '$' ||
           static_cast<unsigned char>(byte) >= 0x80;
}

// Recursive descent over the bytes. Between two tokens at_ stands on the second: whatever takes a
// token takes the white space after it, too.
class SelectListParser {
  public:
    explicit SelectListParser(std::string_view text) : text_(text) { SkipSpace(); }

    SelectList WholeList() {
        SelectList list = List(0);
        if (!AtEnd()) {
            RefuseHere("\",\" or end of list expected");
        }
        return list;
    }

    SelectItem WholeRelationshipName() {
        SelectItem item;
        item.kind = SelectItem::Kind::kRelationship;
        item.position = at_;
        item.name = TakeName("relationship name expected").text;
        item.constraint = TakeConstraint();
        if (!AtEnd()) {
            RefuseHere("end of relationship name expected");
        }
        return item;
    }

  private:
    struct Name {
        std::string text;
        bool quoted;
    };

    // ---- the grammar; `depth` counts the relationships around ----

    // Up to what cannot belong to the list.
    SelectList List(std::size_t depth) {
        if (AtEnd() || At(")")) {
            Refuse(at_, depth == 0 ? "select list is empty" : "list of a relationship is empty");
        }
        SelectList list;
        do {
            list.push_back(Item(depth));
        } while (Take(","));
        return list;
    }

    SelectItem Item(std::size_t depth) {
        if (++item_count_ > kMostSelectItems) {
            Refuse(at_, "select list has too many items",
                   "At most " + std::to_string(kMostSelectItems) + " are allowed.");
        }
        SelectItem item;
        item.position = at_;
        if (Take("*")) {
            item.kind = SelectItem::Kind::kAllColumns;
            return item;
        }
        if (At("...")) {
            RefuseUnsupported(at_, "spread relationships are not supported");
        }
        Name name = TakeName("column or relationship name expected");
        if (!At("::") && Take(":")) {
            if (At("*")) {
                Refuse(at_, "\"*\" cannot have an alias");
            }
            item.alias = std::move(name.text);
            item.position = at_;
            name = TakeName("column or relationship name expected");
        }
        RefuseExpression();
        item.constraint = TakeConstraint();
        if (!item.constraint.empty() && !At("(")) {
            RefuseHere("\"(\" expected");
        }
        const bool may_be_count = item.constraint.empty() && !name.quoted && name.text == "count";
        item.name = std::move(name.text);
        if (Take("(")) {
            if (may_be_count && At(")")) {
                RefuseUnsupported(item.position, "aggregate functions are not supported");
            }
            item.kind = SelectItem::Kind::kRelationship;
            item.items = ListOfRelationship(item.position, depth + 1);
        }
        return item;
    }

    // Behind its '('.
    SelectList ListOfRelationship(std::size_t position, std::size_t depth) {
        if (depth > kDeepestRelationship) {
            Refuse(position, "relationships are nested too deeply",
                   "At most " + std::to_string(kDeepestRelationship) +
                       " may stand within one another.");
        }
        SelectList list = List(depth);
        if (!Take(")")) {
            RefuseHere("\",\" or \")\" expected");
        }
        return list;
    }

    // Empty if there is none.
    std::string TakeConstraint() {
        RefuseJoinKind();
        if (!Take("!")) {
            return {};
        }
        Name name = TakeName("constraint name expected");
        RefuseJoinKind();
        return std::move(name.text);
    }

    // ---- what PostgREST has and namedex has not ----

    void RefuseJoinKind() {
        if (At("!") && WordAfter(at_ + 1, {"inner", "left"}) != kNone) {
            RefuseUnsupported(at_, "\"!inner\" and \"!left\" are not supported");
        }
    }

    // Behind a name.
    void RefuseExpression() {
        if (At("::")) {
            RefuseUnsupported(at_, "casts are not supported");
        }
        if (At("->")) {
            RefuseUnsupported(at_, "JSON paths are not supported");
        }
        if (At(".")) {
            const std::size_t word_end = WordAfter(at_ + 1, {"avg", "count", "max", "min", "sum"});
            if (word_end != kNone && EmptyParenthesesAt(word_end)) {
                RefuseUnsupported(at_, "aggregate functions are not supported");
            }
        }
    }

    // ---- tokens ----

    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    bool AtEnd() const { return at_ == text_.size(); }
    bool At(std::string_view token) const { return text_.substr(at_, token.size()) == token; }

    bool Take(std::string_view token) {
        if (!At(token)) {
            return false;
        }
        at_ += token.size();
        SkipSpace();
        return true;
    }

    Name TakeName(const char* if_there_is_none) {
        Name name{{}, At("\"")};
        if (name.quoted) {
            name.text = QuotedName();
        } else {
            const std::size_t end = NameEnd(at_);
            if (end == at_) {
                RefuseHere(if_there_is_none);
            }
            name.text = text_.substr(at_, end - at_);
            at_ = end;
        }
        SkipSpace();
        return name;
    }

    std::string QuotedName() {
        const std::size_t start = at_++;
        std::string name;
        for (;; ++at_) {
            if (AtEnd()) {
                Refuse(start, "unterminated quoted identifier");
            }
            if (text_[at_] == '\0') {
                Refuse(at_, "null byte in quoted identifier");
            }
            if (text_[at_] == '"' && text_.substr(++at_, 1) != "\"") {
                break;
            }
            name += text_[at_];
        }
        if (name.empty()) {
            Refuse(start, "zero-length quoted identifier");
        }
        return name;
    }

    void SkipSpace() { at_ = SpaceEnd(at_); }

    std::size_t SpaceEnd(std::size_t from) const {
        while (from < text_.size() && IsSpace(text_[from])) {
            ++from;
        }
        return from;
    }

    std::size_t NameEnd(std::size_t from) const {
        while (from < text_.size() && IsNameByte(text_[from])) {
            ++from;
        }
        return from;
    }

    // Where the next token from there on ends, if it is one of these words unquoted; else kNone.
    std::size_t WordAfter(std::size_t from, std::initializer_list<std::string_view> words) const {
        from = SpaceEnd(from);
        const std::size_t end = NameEnd(from);
        for (const std::string_view word : words) {
            if (text_.substr(from, end - from) == word) {
                return end;
            }
        }
        return kNone;
    }

    bool EmptyParenthesesAt(std::size_t from) const {
        from = SpaceEnd(from);
        if (text_.substr(from, 1) != "(") {
            return false;
        }
        return text_.substr(SpaceEnd(from + 1), 1) == ")";
    }

    // ---- errors ----

    [[noreturn]] static void Refuse(std::size_t position, std::string message,
                                    std::string hint = {}) {
        throw SelectListError(ErrorCode::kSyntax, position, std::move(message),
                              std::move(hint));
    }

    [[noreturn]] static void RefuseUnsupported(std::size_t position, std::string message) {
        throw SelectListError(ErrorCode::kUnsupported, position, std::move(message));
    }

    // If a byte stands here that has no meaning in a list, or a name, quotes were likely forgotten.
    [[noreturn]] void RefuseHere(std::string message) const {
        const bool by_punctuation =
            AtEnd() || std::string_view("(),:!*.\"").find(text_[at_]) != std::string_view::npos;
        Refuse(at_, std::move(message), by_punctuation ? "" : kQuoteHint);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t item_count_ = 0;
};

}  // namespace

SelectList ParseSelectList(std::string_view text) {
    return SelectListParser(text).WholeList();
}

SelectItem ParseRelationshipName(std::string_view text) {
    return SelectListParser(text).WholeRelationshipName();
}

}  // namespace namedex::core
