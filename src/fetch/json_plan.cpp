#include "fetch/json_plan.hpp"

#include "pg/boundary.hpp"

namespace namedex::fetch {

namespace {

// Runs a parser over a text; its errors with the place as users count it.
template <typename Parse>
auto Parsed(const char* text, const char* what, Parse&& parse) {
    try {
        return parse(std::string_view(text));
    } catch (const core::SelectListError& error) {
        const int position = pg::Call([&] {
            return pg_mbstrlen_with_len(text, static_cast<int>(error.position())) + 1;
        });
        throw core::Error(error.code(), error.message(),
                          "It is at position " + std::to_string(position) + " of the " + what + ".",
                          error.hint());
    }
}

template <typename MakeList>
FetchPlan* MakeAndKeep(const PlanName& name, Oid relation, const char* text,
                       const char* relationship, const char* key_column, MakeList&& make_list) {
    return pg::Enter([&] {
        const core::SelectList list = make_list();
        return pg::Call([&] {
            const uint64 invalidations = InvalidationsSoFar();
            FetchPlan* plan = MakeJsonPlan(relation, list, text, relationship, key_column);
            KeepPlan(name, plan, invalidations);
            return plan;
        });
    });
}

}  // namespace

FetchPlan* GetJsonPlan(Oid relation, const char* select_list, const char* key_column) {
    PlanName name = NamePlan('j', relation);
    AddText(&name, key_column);
    AddText(&name, select_list);
    FetchPlan* plan = FindPlan(name);
    if (plan != nullptr) return plan;
    return MakeAndKeep(name, relation, select_list, nullptr, key_column, [&] {
        return Parsed(select_list, "select list",
                      [](std::string_view text) { return core::ParseSelectList(text); });
    });
}

FetchPlan* GetRelatedPlan(Oid relation, const char* relationship, const char* select_list,
                          const char* key_column) {
    PlanName name = NamePlan('r', relation);
    AddText(&name, key_column);
    AddText(&name, relationship);
    AddText(&name, select_list);
    FetchPlan* plan = FindPlan(name);
    if (plan != nullptr) return plan;
    return MakeAndKeep(name, relation, select_list, relationship, key_column, [&] {
        core::SelectList list;
        list.push_back(Parsed(relationship, "relationship", [](std::string_view text) {
            return core::ParseRelationshipName(text);
        }));
        list.front().items = Parsed(select_list, "select list", [](std::string_view text) {
            return core::ParseSelectList(text);
        });
        return list;
    });
}

}  // namespace namedex::fetch
