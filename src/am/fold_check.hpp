/*
 * Fold drift: whether the folds stored in an index are still what its values fold to.
 *
 * Upgrades of ICU, libc or the server's Unicode tables change lower() for some characters, and collation
 * versions do not always tell. An index remembers what its folds depended on when it was built. When
 * that has changed, or is not known, every stored word is folded once more (once a backend and index): as
 * long as nothing differs the index serves on; if a word differs, searches raise an error that says
 * REINDEX, because they could miss rows.
 */
#pragma once

#include "am/index_keys.hpp"
#include "am/index_snapshot.hpp"

namespace namedex::am {

// Throws kVersionMismatch when a stored fold differs.
void CheckFolds(Relation index, IndexSnapshot& contents, const IndexKeys& keys);

}  // namespace namedex::am
