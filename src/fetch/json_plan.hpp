/*
 * From the text of a select list to a kept plan: where the parser, which throws, and the catalogs,
 * which ereport, meet.
 */
#pragma once

#include "fetch/plan_cache.hpp"

namespace namedex::fetch {

/** The plan of namedex_fetch_json. May ereport, beside MakeJsonPlan's errors, 42601 and 0A000 for the
 *  list, with the position. */
FetchPlan* GetJsonPlan(Oid relation, const char* select_list, const char* key_column);

/** The plan of namedex_related: a list of one relationship. May ereport likewise. */
FetchPlan* GetRelatedPlan(Oid relation, const char* relationship, const char* select_list,
                          const char* key_column);

}  // namespace namedex::fetch
