// Select lists drawn at random, as trees and written as text, and texts that are nearly lists.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/select_list.hpp"

namespace namedex::reference {

// Writes a list, and into its items the positions at which they are written.
class SelectListWriter {
  public:
    // White space and quotes that need not be are drawn from `random`. If null there is no white
    // space, and every name is quoted.
    explicit SelectListWriter(std::mt19937* random) : random_(random) {}

    std::string Write(core::SelectList& list) {
        text_.clear();
        Space();
        WriteList(list);
        return text_;
    }

    std::string WriteRelationshipName(core::SelectItem& item) {
        text_.clear();
        Space();
        item.position = text_.size();
        Name(item.name, false);
        Constraint(item);
        return text_;
    }

  private:
    void WriteList(core::SelectList& list) {
        for (core::SelectItem& item : list) {
            if (&item != &list.front()) {
                Sign(',');
            }
            WriteItem(item);
        }
    }

    void WriteItem(core::SelectItem& item) {
        if (!item.alias.empty()) {
            Name(item.alias, false);
            Sign(':');
        }
        item.position = text_.size();
        if (item.kind == core::SelectItem::Kind::kAllColumns) {
            Sign('*');
            return;
        }
        Name(item.name, false);
        Constraint(item);
        if (item.kind == core::SelectItem::Kind::kRelationship) {
            Sign('(');
            WriteList(item.items);
            Sign(')');
        }
    }

    void Constraint(const core::SelectItem& item) {
        if (!item.constraint.empty()) {
            Sign('!');
            Name(item.constraint, item.constraint == "inner" || item.constraint == "left");
        }
    }

    void Sign(char sign) {
        text_ += sign;
        Space();
    }

    void Name(std::string_view name, bool must_be_quoted) {
        for (const char c : name) {
            const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                               (c >= 'a' && c <= 'z') || c == '_' || c == '$' ||
                               (static_cast<unsigned char>(c) & 0x80) != 0;
            must_be_quoted = must_be_quoted || !plain;
        }
        if (must_be_quoted || random_ == nullptr || (*random_)() % 3 == 0) {
            text_ += '"';
            for (const char c : name) {
                text_ += c == '"' ? "\"\"" : std::string(1, c);
            }
            text_ += '"';
        } else {
            text_ += name;
        }
        Space();
    }

    void Space() {
        while (random_ != nullptr && (*random_)() % 4 == 0) {
            text_ += " \t\n\v\f\r"[(*random_)() % 6];
        }
    }

    std::mt19937* random_;
    std::string text_;
};

inline std::string RandomName(std::mt19937& random) {
    static const std::vector<std::string> kWords = {
        "id", "a", "B",   "first_name", "$1", "9",  "count", "sum",    "inner", "left",
        "\"", " ", "x y", "\xC3\xA4",   "->", "::", "...",   "!inner", "*",     "(",
        ")",  ",", "a.b", "a-b",        "'",  "--", "\x01",  "\xFF",   "\n",    ".sum()"};
    std::string name;
    do {
        name += kWords[random() % kWords.size()];
    } while (random() % 4 == 0);
    return name;
}

inline core::SelectItem RandomRelationshipName(std::mt19937& random) {
    core::SelectItem item;
    item.kind = core::SelectItem::Kind::kRelationship;
    item.name = RandomName(random);
    item.constraint = random() % 2 == 0 ? RandomName(random) : "";
    return item;
}

// `deepest`: how many relationships may stand within one another.
inline core::SelectList RandomSelectList(std::mt19937& random,
                                         std::size_t deepest = core::kDeepestRelationship) {
    core::SelectList list(1 + random() % 3);
    for (core::SelectItem& item : list) {
        const auto draw = random() % 8;
        if (draw == 0) {
            item.kind = core::SelectItem::Kind::kAllColumns;
            continue;
        }
        if (draw < 5 && deepest > 0) {
            item = RandomRelationshipName(random);
            item.items = RandomSelectList(random, deepest - 1);
        } else {
            item.name = RandomName(random);
        }
        item.alias = random() % 3 == 0 ? RandomName(random) : "";
    }
    return list;
}

// What tokens, and their beginnings, look like.
inline const std::vector<std::string>& SelectListPieces() {
    static const std::vector<std::string> kPieces = {
        "a",     "inner", "count",     "sum",     "\"",
        "\"b\"", "(",     ")",         ",",       ":",
        "*",     "!",     ".",         " ",       "\xC3\xA4",
        "->",    "-",     "...",       "count()", ".sum()",
        "!left", "::",    "\"\"",      "B",       std::string(1, '\0'),
        "a(",    "/*",    "\"count\"", ".max",    "( )"};
    return kPieces;
}

// Changes a text a little: inserts, removes, doubles, cuts off.
inline void Mutate(std::mt19937& random, std::string& text) {
    const std::size_t at = random() % (text.size() + 1);
    const std::size_t length = random() % 4;
    switch (random() % 6) {
        case 0:
            text.resize(at);
            return;
        case 1:
            text.erase(at, length);
            return;
        case 2:
            text.insert(at, text.substr(random() % (text.size() + 1), 2 * length));
            return;
        case 3:
            text.insert(at, 1, static_cast<char>(random() % 256));
            return;
        default:
            text.insert(at, SelectListPieces()[random() % SelectListPieces().size()]);
    }
}

}  // namespace namedex::reference
