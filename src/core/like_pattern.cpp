#include "core/like_pattern.hpp"

#include "core/pattern_terms.hpp"

namespace namedex::core {

namespace {

ParsedPattern Parse(Operator op, std::string_view pattern) {
    switch (op) {
        case Operator::kLike:
        case Operator::kILike:
            break;
        case Operator::kEqual:
            return ParseLiteral(pattern, false);
        case Operator::kPrefix:
            return ParseLiteral(pattern, true);
        case Operator::kEqualIgnoringTrailingSpaces:
            return ParseLiteral(WithoutTrailingSpaces(pattern), false);
    }
    return ParseLike(pattern);
}

}  // namespace

std::string_view WithoutTrailingSpaces(std::string_view text) {
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

bool LikePattern::Term::MatchesWord(std::string_view word) const {
    if (needs_word_check) {
        return matcher_.Matches(word);
    }
    switch (kind) {
        case WordQueryKind::kAll:
            return true;
        case WordQueryKind::kContains:
            return word.find(literal) != std::string_view::npos;
        case WordQueryKind::kPrefix:
            return word.substr(0, literal.size()) == literal;
        case WordQueryKind::kSuffix:
            return word.size() >= literal.size() &&
                   word.substr(word.size() - literal.size()) == literal;
        case WordQueryKind::kExact:
            break;
    }
    return word == literal;
}

void LikePattern::Term::AppendKey(std::string& key) const {
    key.push_back(static_cast<char>(classes));
    key.push_back(static_cast<char>(kind));
    key.push_back(needs_word_check ? 1 : 0);
    // The literal is word bytes only, among which there is no NUL.
    key.append(literal).push_back('\0');
    if (needs_word_check) {
        matcher_.AppendKey(key);
    }
}

LikePattern LikePattern::Compile(Operator op, std::string_view pattern, const Encoding& encoding) {
    LikePattern compiled;
    compiled.op_ = op;
    const ParsedPattern parsed = Parse(op, pattern);
    const bool has_wildcards = op == Operator::kLike || op == Operator::kILike;
    if (has_wildcards && (parsed.trailing_escape || !IsWellFormed(parsed, encoding))) {
        compiled.trailing_escape_ = true;
        compiled.alternatives_.push_back({{}, false});
    } else if (parsed.parts.empty() && !parsed.anchored_start) {
        compiled.matches_everything_ = true;
        compiled.alternatives_.push_back({{}, true});
    } else {
        compiled.matcher_ = LikeMatcher(parsed, encoding);
        compiled.alternatives_ =
            PatternTerms(parsed, encoding, op == Operator::kEqualIgnoringTrailingSpaces).Resolve();
    }
    return compiled;
}

bool LikePattern::Matches(std::string_view text) const {
    if (op_ == Operator::kEqualIgnoringTrailingSpaces) {
        return matcher_.Matches(WithoutTrailingSpaces(text));
    }
    return matcher_.Matches(text);
}

}  // namespace namedex::core
