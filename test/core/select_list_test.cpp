// ParseSelectList: every rule and every error spelled out, and compared with its naive twin on all
// short texts, on random lists, and on texts that are nearly lists.

#include "core/select_list.hpp"

#include <cctype>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "reference/naive_select_list.hpp"
#include "reference/random_select_list.hpp"

namespace namedex::core {
namespace {

using reference::FaultIn;
using reference::Mutate;
using reference::ParsedRelationshipName;
using reference::ParsedSelectList;
using reference::RandomRelationshipName;
using reference::RandomSelectList;
using reference::SameItems;
using reference::SelectListPieces;
using reference::SelectListWriter;

// The items with their positions, for comparison by eye: names in <>, as alias=<name>!constraint.
std::string Describe(const SelectList& list) {
    std::string out;
    for (const SelectItem& item : list) {
        out += out.empty() ? "" : " ";
        out += item.alias.empty() ? "" : item.alias + "=";
        out += item.kind == SelectItem::Kind::kAllColumns ? "*" : "<" + item.name + ">";
        out += item.constraint.empty() ? "" : "!" + item.constraint;
        out += "@" + std::to_string(item.position);
        if (item.kind == SelectItem::Kind::kRelationship) {
            out += "[" + Describe(item.items) + "]";
        }
    }
    return out;
}

std::string Describe(const SelectListError& error) {
    return std::string(error.unsupported() ? "unsupported" : "syntax") + " at " +
           std::to_string(error.position()) + ": " + error.what();
}

std::string Parsed(std::string_view text) {
    try {
        return Describe(ParseSelectList(text));
    } catch (const SelectListError& error) {
        return Describe(error);
    }
}

std::string ParsedName(std::string_view text) {
    try {
        return Describe({ParseRelationshipName(text)});
    } catch (const SelectListError& error) {
        return Describe(error);
    }
}

std::string Hint(std::string_view text) {
    try {
        ParseSelectList(text);
    } catch (const SelectListError& error) {
        return error.hint();
    }
    return "parsed";
}

std::string Repeat(std::string_view piece, std::size_t count) {
    std::string out;
    out.reserve(piece.size() * count);
    for (std::size_t i = 0; i < count; ++i) {
        out += piece;
    }
    return out;
}

// rel(rel(… x …))
std::string Nested(std::size_t depth, const std::string& inside) {
    return Repeat("r(", depth) + inside + Repeat(")", depth);
}

// ---- the grammar ----------------------------------------------------------------------------

TEST(SelectList, Columns) {
    EXPECT_EQ(Parsed("id"), "<id>@0");
    EXPECT_EQ(Parsed("id,last_name"), "<id>@0 <last_name>@3");
    EXPECT_EQ(Parsed("*"), "*@0");
    EXPECT_EQ(Parsed("id,*,x"), "<id>@0 *@3 <x>@5");
    EXPECT_EQ(Parsed("*,*,a,a"), "*@0 *@2 <a>@4 <a>@6");  // doubles are the caller's to find
}

TEST(SelectList, Aliases) {
    EXPECT_EQ(Parsed("born:date_of_birth"), "born=<date_of_birth>@5");
    EXPECT_EQ(Parsed("home:hospital(id)"), "home=<hospital>@5[<id>@14]");
    EXPECT_EQ(Parsed("a:b!c(d:e)"), "a=<b>!c@2[d=<e>@8]");
    const SelectList list = ParseSelectList("a:b,c,d:e(*),f(*)");
    EXPECT_EQ(list[0].output_name(), "a");
    EXPECT_EQ(list[1].output_name(), "c");
    EXPECT_EQ(list[2].output_name(), "d");
    EXPECT_EQ(list[3].output_name(), "f");
}

TEST(SelectList, Relationships) {
    EXPECT_EQ(Parsed("hospital(id,name)"), "<hospital>@0[<id>@9 <name>@12]");
    EXPECT_EQ(Parsed("visits(*)"), "<visits>@0[*@7]");
    EXPECT_EQ(Parsed("visits!fkey(id)"), "<visits>!fkey@0[<id>@12]");
    EXPECT_EQ(Parsed("id,v(p(n),s),x"), "<id>@0 <v>@3[<p>@5[<n>@7] <s>@10] <x>@13");
    EXPECT_EQ(Parsed("a(b),c(d)"), "<a>@0[<b>@2] <c>@5[<d>@7]");
}

TEST(SelectList, IdentifiersWithoutQuotes) {
    EXPECT_EQ(Parsed("Last_Name,LAST"), "<Last_Name>@0 <LAST>@10");  // nothing is folded
    EXPECT_EQ(Parsed("$1,9,_,09az_AZ$"), "<$1>@0 <9>@3 <_>@5 <09az_AZ$>@7");
    EXPECT_EQ(Parsed("\xC3\xA4\x62,\x80\xFF"), "<\xC3\xA4\x62>@0 <\x80\xFF>@4");
    EXPECT_EQ(Parsed("select,from,null"), "<select>@0 <from>@7 <null>@12");
    for (int byte = 0; byte < 0x100; ++byte) {
        const std::string name(1, static_cast<char>(byte));
        const bool plain = byte >= 0x80 || byte == '_' || byte == '$' || std::isalnum(byte) != 0;
        EXPECT_EQ(Parsed("x" + name + "y") == "<x" + name + "y>@0", plain) << byte;
    }
}

TEST(SelectList, QuotedIdentifiers) {
    EXPECT_EQ(Parsed(R"("id")"), "<id>@0");
    EXPECT_EQ(Parsed(R"("first name")"), "<first name>@0");
    EXPECT_EQ(Parsed(R"("a""b","""","""""")"), R"(<a"b>@0 <">@7 <"">@12)");
    EXPECT_EQ(Parsed(R"("a":"b"!"c"("d"))"), "a=<b>!c@4[<d>@12]");
    EXPECT_EQ(Parsed(R"("x; drop table y","(),:!*.")"), "<x; drop table y>@0 <(),:!*.>@18");
    EXPECT_EQ(Parsed(R"(" a ")"), "< a >@0");  // white space in quotes belongs to the name
    EXPECT_EQ(Parsed(R"("*")"), "<*>@0");
    for (int byte = 1; byte < 0x100; ++byte) {
        const std::string name = std::string("x") + static_cast<char>(byte) + "y";
        EXPECT_EQ(Parsed('"' + name + '"') == "<" + name + ">@0", byte != '"') << byte;
    }
}

TEST(SelectList, WhiteSpaceAroundTokens) {
    EXPECT_EQ(Parsed(" \t\n\v\f\r id \t\n\v\f\r "), "<id>@7");
    EXPECT_EQ(Parsed(" a : b ! c ( d , * ) , e "), "a=<b>!c@5[<d>@13 *@17] <e>@23");
    EXPECT_EQ(Parsed("a :b"), "a=<b>@3");
    EXPECT_EQ(Parsed("a: b"), "a=<b>@3");
    EXPECT_EQ(Parsed(R"( "a" : "b" )"), "a=<b>@7");
    EXPECT_EQ(Parsed("a b"), R"(syntax at 2: "," or end of list expected)");
    EXPECT_EQ(Parsed("a,\xC2\xA0"), "<a>@0 <\xC2\xA0>@2");  // a no-break space is a letter
}

TEST(SelectList, WordsOfPostgrestAreNames) {
    EXPECT_EQ(Parsed("inner,left,count,sum"), "<inner>@0 <left>@6 <count>@11 <sum>@17");
    EXPECT_EQ(Parsed("inner(left),count(id)"), "<inner>@0[<left>@6] <count>@12[<id>@18]");
    EXPECT_EQ(Parsed("inner:left,count:count"), "inner=<left>@6 count=<count>@17");
    EXPECT_EQ(Parsed(R"(a!"inner"(id),a!"left"(id))"), "<a>!inner@0[<id>@10] <a>!left@14[<id>@23]");
    EXPECT_EQ(Parsed("a!INNER(id),a!inner_(id)"), "<a>!INNER@0[<id>@8] <a>!inner_@12[<id>@21]");
}

// ---- errors ---------------------------------------------------------------------------------

TEST(SelectListErrors, EmptyLists) {
    EXPECT_EQ(Parsed(""), "syntax at 0: select list is empty");
    EXPECT_EQ(Parsed({}), "syntax at 0: select list is empty");
    EXPECT_EQ(Parsed(" \n "), "syntax at 3: select list is empty");
    EXPECT_EQ(Parsed(" )"), "syntax at 1: select list is empty");
    EXPECT_EQ(Parsed("rel()"), "syntax at 4: list of a relationship is empty");
    EXPECT_EQ(Parsed("rel( )"), "syntax at 5: list of a relationship is empty");
    EXPECT_EQ(Parsed("rel("), "syntax at 4: list of a relationship is empty");
    EXPECT_EQ(Parsed("a,b(c,d!e( ))"), "syntax at 11: list of a relationship is empty");
}

TEST(SelectListErrors, NamesMissing) {
    const std::string no_item = "column or relationship name expected";
    EXPECT_EQ(Parsed(",a"), "syntax at 0: " + no_item);
    EXPECT_EQ(Parsed("a,"), "syntax at 2: " + no_item);
    EXPECT_EQ(Parsed("a,,b"), "syntax at 2: " + no_item);
    EXPECT_EQ(Parsed("a(b,)"), "syntax at 4: " + no_item);
    EXPECT_EQ(Parsed("a(,b)"), "syntax at 2: " + no_item);
    EXPECT_EQ(Parsed("(a)"), "syntax at 0: " + no_item);
    EXPECT_EQ(Parsed(":a"), "syntax at 0: " + no_item);
    EXPECT_EQ(Parsed("::a"), "syntax at 0: " + no_item);
    EXPECT_EQ(Parsed("!a"), "syntax at 0: " + no_item);
    EXPECT_EQ(Parsed("->a"), "syntax at 0: " + no_item);
    EXPECT_EQ(Parsed(".a"), "syntax at 0: " + no_item);
    EXPECT_EQ(Parsed("..a"), "syntax at 0: " + no_item);
    EXPECT_EQ(Parsed("a:"), "syntax at 2: " + no_item);
    EXPECT_EQ(Parsed("a: "), "syntax at 3: " + no_item);
    EXPECT_EQ(Parsed("a:,b"), "syntax at 2: " + no_item);
    EXPECT_EQ(Parsed("a:(b)"), "syntax at 2: " + no_item);
    EXPECT_EQ(Parsed("a: :b"), "syntax at 3: " + no_item);
    EXPECT_EQ(Parsed("a:...b(c)"), "syntax at 2: " + no_item);
    EXPECT_EQ(Parsed("'a'"), "syntax at 0: " + no_item);
    EXPECT_EQ(Parsed("a!"), "syntax at 2: constraint name expected");
    EXPECT_EQ(Parsed("a!(b)"), "syntax at 2: constraint name expected");
    EXPECT_EQ(Parsed("a!!b(c)"), "syntax at 2: constraint name expected");
    EXPECT_EQ(Parsed("a!*(b)"), "syntax at 2: constraint name expected");
}

TEST(SelectListErrors, SignsMissing) {
    const std::string no_end = R"("," or end of list expected)";
    const std::string no_close = "\",\" or \")\" expected";
    EXPECT_EQ(Parsed("a)"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a(b))"), "syntax at 4: " + no_end);
    EXPECT_EQ(Parsed("a\"b\""), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("\"a\"\t\"b\""), "syntax at 4: " + no_end);
    EXPECT_EQ(Parsed("a(b)c"), "syntax at 4: " + no_end);
    EXPECT_EQ(Parsed("a(b)(c)"), "syntax at 4: " + no_end);
    EXPECT_EQ(Parsed("a(b)!c"), "syntax at 4: " + no_end);
    EXPECT_EQ(Parsed("a(b)::text"), "syntax at 4: " + no_end);
    EXPECT_EQ(Parsed("a:b:c"), "syntax at 3: " + no_end);
    EXPECT_EQ(Parsed("a.b"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a*"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("**"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("*a"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("*:a"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("*(a)"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("*!a"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("*::text"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("*.sum()"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a;"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a--"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a(b"), "syntax at 3: " + no_close);
    EXPECT_EQ(Parsed("a(b "), "syntax at 4: " + no_close);
    EXPECT_EQ(Parsed("a(b c)"), "syntax at 4: " + no_close);
    EXPECT_EQ(Parsed("a(b(c)"), "syntax at 6: " + no_close);
    EXPECT_EQ(Parsed("a!b"), R"(syntax at 3: "(" expected)");
    EXPECT_EQ(Parsed("a!b,c"), R"(syntax at 3: "(" expected)");
    EXPECT_EQ(Parsed("a!b!c(d)"), R"(syntax at 3: "(" expected)");
    EXPECT_EQ(Parsed("a!b:c(d)"), R"(syntax at 3: "(" expected)");
    EXPECT_EQ(Parsed("a!b::c"), R"(syntax at 3: "(" expected)");
    EXPECT_EQ(Parsed("a!b.c"), R"(syntax at 3: "(" expected)");
}

TEST(SelectListErrors, AllColumnsHaveNoAlias) {
    EXPECT_EQ(Parsed("alias:*"), "syntax at 6: \"*\" cannot have an alias");
    EXPECT_EQ(Parsed("a( b : * )"), "syntax at 7: \"*\" cannot have an alias");
}

TEST(SelectListErrors, QuotedIdentifiers) {
    EXPECT_EQ(Parsed(R"("")"), "syntax at 0: zero-length quoted identifier");
    EXPECT_EQ(Parsed(R"(a,"":b)"), "syntax at 2: zero-length quoted identifier");
    EXPECT_EQ(Parsed(R"(a:"")"), "syntax at 2: zero-length quoted identifier");
    EXPECT_EQ(Parsed(R"(a!""(b))"), "syntax at 2: zero-length quoted identifier");
    EXPECT_EQ(Parsed(R"(")"), "syntax at 0: unterminated quoted identifier");
    EXPECT_EQ(Parsed(R"(""")"), "syntax at 0: unterminated quoted identifier");
    EXPECT_EQ(Parsed(R"(a,b,"c)"), "syntax at 4: unterminated quoted identifier");
    EXPECT_EQ(Parsed(R"(a,b,"c"",d)"), "syntax at 4: unterminated quoted identifier");
    EXPECT_EQ(Parsed(R"(a!"b(c))"), "syntax at 2: unterminated quoted identifier");
    EXPECT_EQ(Parsed(R"(a "b)"), R"(syntax at 2: "," or end of list expected)");
}

TEST(SelectListErrors, NullBytes) {
    using namespace std::string_view_literals;
    EXPECT_EQ(Parsed("\0"sv), "syntax at 0: column or relationship name expected");
    EXPECT_EQ(Parsed("a\0"sv), R"(syntax at 1: "," or end of list expected)");
    EXPECT_EQ(Parsed("a\0,b"sv), R"(syntax at 1: "," or end of list expected)");
    EXPECT_EQ(Parsed("a,\0b"sv), "syntax at 2: column or relationship name expected");
    EXPECT_EQ(Parsed("\"a\0b\""sv), "syntax at 2: null byte in quoted identifier");
    EXPECT_EQ(Parsed("\"\0\""sv), "syntax at 1: null byte in quoted identifier");
    EXPECT_EQ(Parsed("\"a\0"sv), "syntax at 2: null byte in quoted identifier");
    EXPECT_EQ(Parsed("a!inner\0(b)"sv),
              "unsupported at 1: \"!inner\" and \"!left\" are not "
              "supported");
}

TEST(SelectListErrors, Unsupported) {
    const std::string join = "\"!inner\" and \"!left\" are not supported";
    EXPECT_EQ(Parsed("a!inner(b)"), "unsupported at 1: " + join);
    EXPECT_EQ(Parsed("a!left(b)"), "unsupported at 1: " + join);
    EXPECT_EQ(Parsed("a ! inner (b)"), "unsupported at 2: " + join);
    EXPECT_EQ(Parsed("a!fk!inner(b)"), "unsupported at 4: " + join);
    EXPECT_EQ(Parsed("a!fk!left(b)"), "unsupported at 4: " + join);
    EXPECT_EQ(Parsed("a!inner!fk(b)"), "unsupported at 1: " + join);
    EXPECT_EQ(Parsed("x:a!inner(b)"), "unsupported at 3: " + join);
    EXPECT_EQ(Parsed("a::text"), "unsupported at 1: casts are not supported");
    EXPECT_EQ(Parsed("a ::text"), "unsupported at 2: casts are not supported");
    EXPECT_EQ(Parsed("x:a::text"), "unsupported at 3: casts are not supported");
    EXPECT_EQ(Parsed("a(b,c::int)"), "unsupported at 5: casts are not supported");
    EXPECT_EQ(Parsed("a->b"), "unsupported at 1: JSON paths are not supported");
    EXPECT_EQ(Parsed("a->>b"), "unsupported at 1: JSON paths are not supported");
    EXPECT_EQ(Parsed("x:a->0->>b"), "unsupported at 3: JSON paths are not supported");
    EXPECT_EQ(Parsed("...a(b)"), "unsupported at 0: spread relationships are not supported");
    EXPECT_EQ(Parsed("a,b(c, ...d(e))"),
              "unsupported at 7: spread relationships are not supported");
    const std::string aggregate = "aggregate functions are not supported";
    for (const std::string name : {"avg", "count", "max", "min", "sum"}) {
        EXPECT_EQ(Parsed("id,amount." + name + "()"), "unsupported at 9: " + aggregate);
        EXPECT_EQ(Parsed("x:amount . " + name + " ( )"), "unsupported at 9: " + aggregate);
    }
    EXPECT_EQ(Parsed("id,count()"), "unsupported at 3: " + aggregate);
    EXPECT_EQ(Parsed("n:count ( )::int"), "unsupported at 2: " + aggregate);
}

// What only resembles PostgREST's syntax is an error of syntax.
TEST(SelectListErrors, NotEvenUnsupported) {
    const std::string no_end = R"("," or end of list expected)";
    const std::string no_close = "\",\" or \")\" expected";
    EXPECT_EQ(Parsed("a.sum"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a.sum("), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a.sum(b)"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a.SUM()"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a.summe()"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed(R"(a."sum"())"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a(b).sum()"), "syntax at 4: " + no_end);
    EXPECT_EQ(Parsed("a-b"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a- >b"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("a...b"), "syntax at 1: " + no_end);
    EXPECT_EQ(Parsed("sum()"), "syntax at 4: list of a relationship is empty");
    EXPECT_EQ(Parsed("COUNT()"), "syntax at 6: list of a relationship is empty");
    EXPECT_EQ(Parsed(R"("count"())"), "syntax at 8: list of a relationship is empty");
    EXPECT_EQ(Parsed("count!fk()"), "syntax at 9: list of a relationship is empty");
    EXPECT_EQ(Parsed("count(a"), "syntax at 7: " + no_close);
}

TEST(SelectListErrors, AHintWhereQuotesWereForgotten) {
    const std::string hint =
        "A name that has other characters than letters, digits, \"_\" and \"$\" is written in "
        "double quotes.";
    for (const char* const text : {"first name", "first-name", "a(b c)", "'a'", "#", "a!b-c(d)"}) {
        EXPECT_EQ(Hint(text), hint) << text;
    }
    for (const char* const text : {"", "a,", "a)", "a(b", "a(b))", "a!b", "a.b", "\"a", "a()"}) {
        EXPECT_EQ(Hint(text), "") << text;
    }
}

// ---- limits ---------------------------------------------------------------------------------

TEST(SelectListLimits, Depth) {
    EXPECT_EQ(Parsed(Nested(8, "*")),
              "<r>@0[<r>@2[<r>@4[<r>@6[<r>@8[<r>@10[<r>@12[<r>@14[*@16]]]]]]]]");
    EXPECT_EQ(Parsed(Nested(9, "*")), "syntax at 16: relationships are nested too deeply");
    EXPECT_EQ(Hint(Nested(9, "*")), "At most 8 may stand within one another.");
    EXPECT_EQ(Parsed(Nested(8, "a,b:r!c(x)")), "syntax at 20: relationships are nested too deeply");
    EXPECT_EQ(Parsed(Nested(8, "r()")), "syntax at 16: relationships are nested too deeply");
    EXPECT_EQ(Parsed(Nested(8, "count()")),
              "unsupported at 16: aggregate functions are not supported");
    // Depth, not number.
    EXPECT_EQ(ParseSelectList(Repeat(Nested(8, "*") + ",", 20) + "a").size(), 21u);
}

TEST(SelectListLimits, Items) {
    EXPECT_EQ(kMostSelectItems, 65536u);
    EXPECT_EQ(ParseSelectList(Repeat("a,", 65535) + "a").size(), 65536u);
    EXPECT_EQ(Parsed(Repeat("a,", 65536) + "a"),
              "syntax at 131072: select list has too many items");
    EXPECT_EQ(Hint(Repeat("a,", 65536) + "a"), "At most 65536 are allowed.");
    // Of all lists together.
    EXPECT_EQ(ParseSelectList(Repeat("r(a,*),", 21845) + "a").size(), 21846u);
    EXPECT_EQ(Parsed(Repeat("r(a,*),", 21845) + "a,a"),
              "syntax at 152917: select list has too many items");
    EXPECT_EQ(FaultIn(Repeat("r(a,*),", 21845) + "a,a"), "");
    EXPECT_EQ(FaultIn(Repeat("r(a,*),", 21845) + "r(...)"), "");
}

// A megabyte of anything is answered at once, and without deep recursion.
TEST(SelectListLimits, Megabytes) {
    constexpr std::size_t kMegabyte = 1 << 20;
    const auto start = std::chrono::steady_clock::now();
    const char* const valid[] = {"a", "\x80", "\"", "\"\"", "\"a\""};
    const char* const invalid[] = {"(",    ")",   ",",      ":",  "!",  "*",      ".",
                                   " ",    "-",   "a(",     "a,", "a:", "a!",     "*,",
                                   "a(a,", "a()", "\"a\",", "!a", ":a", "count(", "a.sum("};
    std::vector<std::string> texts;
    for (const char* const piece : valid) {
        texts.push_back(Repeat(piece, kMegabyte / std::string_view(piece).size() / 2 * 2));
        EXPECT_TRUE(ParsedSelectList(texts.back()).accepted) << piece;
    }
    for (const char* const piece : invalid) {
        texts.push_back(Repeat(piece, kMegabyte / std::string_view(piece).size()));
        EXPECT_FALSE(ParsedSelectList(texts.back()).accepted) << piece;
    }
    for (const std::string& text : texts) {
        ParsedRelationshipName(text);
        // The same within a list, and where an item has begun.
        ParsedSelectList("a,b(" + text);
        ParsedSelectList("a" + text);
    }
    EXPECT_EQ(Parsed(Repeat("(", kMegabyte)), "syntax at 0: column or relationship name expected");
    EXPECT_EQ(Parsed(Repeat("a(", kMegabyte)), "syntax at 16: relationships are nested too deeply");
    EXPECT_EQ(ParseSelectList(Repeat("\"", kMegabyte))[0].name, Repeat("\"", kMegabyte / 2 - 1));
    EXPECT_EQ(Parsed(Repeat("\"", kMegabyte + 1)), "syntax at 0: unterminated quoted identifier");
    EXPECT_EQ(ParseSelectList(Repeat("\x80", kMegabyte))[0].name.size(), kMegabyte);
    EXPECT_EQ(Parsed("a.sum(" + Repeat(" ", kMegabyte) + ")"),
              "unsupported at 1: aggregate functions are not supported");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

// ---- the name of a relationship ---------------------------------------------------------------

TEST(RelationshipName, WithAndWithoutConstraint) {
    EXPECT_EQ(ParsedName("visits"), "<visits>@0[]");
    EXPECT_EQ(ParsedName("visits!fkey"), "<visits>!fkey@0[]");
    EXPECT_EQ(ParsedName(" \"a\"\"b\" ! \"c d\" "), "<a\"b>!c d@1[]");
    EXPECT_EQ(ParsedName("count"), "<count>@0[]");
    EXPECT_EQ(ParsedName("a!\"inner\""), "<a>!inner@0[]");
    const SelectItem item = ParseRelationshipName("visits!fkey");
    EXPECT_EQ(item.kind, SelectItem::Kind::kRelationship);
    EXPECT_EQ(item.output_name(), "visits");
    EXPECT_TRUE(item.items.empty());
}

TEST(RelationshipName, Errors) {
    EXPECT_EQ(ParsedName(""), "syntax at 0: relationship name expected");
    EXPECT_EQ(ParsedName(" "), "syntax at 1: relationship name expected");
    EXPECT_EQ(ParsedName("*"), "syntax at 0: relationship name expected");
    EXPECT_EQ(ParsedName("...a"), "syntax at 0: relationship name expected");
    EXPECT_EQ(ParsedName("\"\""), "syntax at 0: zero-length quoted identifier");
    EXPECT_EQ(ParsedName(" \"a"), "syntax at 1: unterminated quoted identifier");
    EXPECT_EQ(ParsedName("a!"), "syntax at 2: constraint name expected");
    for (const char* const rest : {"(b)", ",b", ":b", "::b", " b", ".sum()", "->b", "()", "-"}) {
        const std::string position = std::to_string(*rest == ' ' ? 2 : 1);
        EXPECT_EQ(ParsedName(std::string("a") + rest),
                  "syntax at " + position + ": end of relationship name expected");
    }
    EXPECT_EQ(ParsedName("a!b(c)"), "syntax at 3: end of relationship name expected");
    EXPECT_EQ(ParsedName("a!b!c"), "syntax at 3: end of relationship name expected");
    const std::string join = "\"!inner\" and \"!left\" are not supported";
    EXPECT_EQ(ParsedName("a!inner"), "unsupported at 1: " + join);
    EXPECT_EQ(ParsedName("a!b!left"), "unsupported at 3: " + join);
}

// ---- against the twin ---------------------------------------------------------------------------

// A copy of the text in a heap block of exactly its size, so that AddressSanitizer sees overreads.
std::string FaultInExactCopy(std::string_view text) {
    const std::unique_ptr<char[]> copy(new char[text.size()]);
    text.copy(copy.get(), text.size());
    return FaultIn({copy.get(), text.size()});
}

void TryAll(const std::string& start, std::size_t pieces, std::size_t& accepted) {
    ASSERT_EQ(FaultInExactCopy(start), "") << start;
    accepted += ParsedSelectList(start).accepted ? 1 : 0;
    for (const std::string& piece : SelectListPieces()) {
        if (pieces > 0 && !::testing::Test::HasFatalFailure()) {
            TryAll(start + piece, pieces - 1, accepted);
        }
    }
}

TEST(SelectListTwin, AllShortTexts) {
    std::size_t accepted = 0;
    TryAll("", 3, accepted);
    EXPECT_GT(accepted, 500u);
    for (const char* const start : {"a(", "x:a", "a!b", "a(b", "a.", "a,b(c)"}) {
        TryAll(start, 2, accepted);
    }
}

TEST(SelectListTwin, WrittenListsAreParsedBack) {
    std::mt19937 random(20240501);
    for (int round = 0; round < 5000; ++round) {
        SelectList list = RandomSelectList(random);
        const std::string text = SelectListWriter(&random).Write(list);
        ASSERT_NO_THROW(EXPECT_TRUE(SameItems(ParseSelectList(text), list))) << text;
        ASSERT_EQ(FaultInExactCopy(text), "") << text;

        SelectItem name = RandomRelationshipName(random);
        const std::string name_text = SelectListWriter(&random).WriteRelationshipName(name);
        ASSERT_NO_THROW(EXPECT_TRUE(SameItems({ParseRelationshipName(name_text)}, {name})))
            << name_text;
        ASSERT_EQ(FaultInExactCopy(name_text), "") << name_text;
    }
}

TEST(SelectListTwin, MutatedLists) {
    std::mt19937 random(20240502);
    int accepted = 0;
    int unsupported = 0;
    constexpr int kRounds = 20000;
    for (int round = 0; round < kRounds; ++round) {
        SelectList list = RandomSelectList(random, random() % 10);
        std::string text = SelectListWriter(&random).Write(list);
        do {
            Mutate(random, text);
        } while (random() % 2 == 0);
        ASSERT_EQ(FaultInExactCopy(text), "") << text;
        const auto outcome = ParsedSelectList(text);
        accepted += outcome.accepted ? 1 : 0;
        unsupported += outcome.unsupported ? 1 : 0;
    }
    EXPECT_GT(accepted, kRounds / 10);
    EXPECT_LT(accepted, kRounds / 2);
    EXPECT_GT(unsupported, kRounds / 100);
}

// The comparison must be able to fail.
TEST(SelectListTwin, DifferencesAreSeen) {
    const auto outcome = [](std::string_view text) {
        return reference::NaiveSelectList(text).Outcome();
    };
    EXPECT_EQ(reference::Difference(ParsedSelectList("a:b!c(d),*"), outcome("a:b!c(d),*")), "");
    for (const char* const other :
         {"x:b!c(d),*", "a:x!c(d),*", "a:b!x(d),*", "a:b!c(x),*", "a:b!c(d),x", "a:b!c(d)",
          "a:b!c(d), *", "a:b!c(d,d),*", "b!c(d),*", "a:b!c(*),d"}) {
        EXPECT_EQ(reference::Difference(ParsedSelectList("a:b!c(d),*"), outcome(other)),
                  "the items differ")
            << other;
    }
    EXPECT_EQ(reference::Difference(ParsedSelectList("a"), outcome("a,")),
              "accepted against the grammar");
    EXPECT_EQ(reference::Difference(ParsedSelectList("a,"), outcome("a")),
              "refused against the grammar");
    EXPECT_EQ(reference::Difference(ParsedSelectList("a,"), outcome("a,b,")),
              "the error's position differs");
    EXPECT_EQ(reference::Difference(ParsedSelectList("a.b"), outcome("a::b")),
              "the error's kind differs");
    EXPECT_TRUE(reference::BeginsSomeList("a(b!\"c", 1));
    EXPECT_FALSE(reference::BeginsSomeList("a(b))", 1));
    EXPECT_FALSE(reference::BeginsSomeList("a,,", 0));
}

}  // namespace
}  // namespace namedex::core
