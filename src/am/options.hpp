/*
 * An index's storage parameters, as rd_options holds them.
 */
#pragma once

#include "pg/prelude.hpp"

namespace namedex::am {

inline constexpr int kDefaultPendingLimit = 4096;  // kB

struct IndexOptions {
    int32 vl_len_;  // varlena header
    int pending_list_limit;
};

// Bytes of pending rows above which they are moved into a segment.
inline std::size_t PendingLimitBytes(Relation index) {
    const auto* options = reinterpret_cast<const IndexOptions*>(index->rd_options);
    const int kilobytes = options != nullptr ? options->pending_list_limit : kDefaultPendingLimit;
    return static_cast<std::size_t>(kilobytes) * 1024;
}

}  // namespace namedex::am
