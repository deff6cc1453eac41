/*
 * Fold drift: whether the folds stored in an index are still what its values fold to.
 *
 * Upgrades of ICU, libc or the server's Unicode tables change lower() for some characters, and
 * collation versions do not always tell. An index remembers what its folds depended on when it was
 * built. When that has changed, or is not known, every stored word is folded once more (once a
 * backend and index): as long as nothing differs the index serves on; if a word differs, searches
 * raise an error that says REINDEX, because they could miss rows. VACUUM makes an index in which
 * nothing differs remember the new rules, and spares the backends after it that.
 */
#pragma once

#include "am/index_keys.hpp"
#include "am/index_snapshot.hpp"

namespace namedex::am {

// Throws kVersionMismatch when a stored fold differs.
void CheckFolds(IndexSnapshot& contents, const IndexKeys& keys);

// Puts today's rules into the metapage if they are others than those there and no stored fold
// differs. Under the maintenance lock: no segment may come in meanwhile that was folded under other
// rules.
void RenewFoldSignature(Relation index);

}  // namespace namedex::am
