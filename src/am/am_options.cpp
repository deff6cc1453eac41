/*
 * Storage parameters: CREATE INDEX … WITH (pending_list_limit = kB).
 */
#include "am/am.hpp"
#include "am/options.hpp"

namespace namedex::am {

namespace {

relopt_kind option_kind;

}  // namespace

void RegisterOptions() {
    option_kind = add_reloption_kind();
    add_int_reloption(option_kind, "pending_list_limit",
                      "Size of pending rows, in kilobytes, above which they are moved into a "
                      "segment.",
                      kDefaultPendingLimit, 64, MAX_KILOBYTES, AccessExclusiveLock);
}

bytea* Options(Datum reloptions, bool validate) {
    static const relopt_parse_elt elements[] = {
        {"pending_list_limit", RELOPT_TYPE_INT, offsetof(IndexOptions, pending_list_limit)},
    };
    return static_cast<bytea*>(build_reloptions(reloptions, validate, option_kind,
                                                sizeof(IndexOptions), elements,
                                                lengthof(elements)));
}

}  // namespace namedex::am
