/*
 * Folding as the server folds: core::Folder over lower() under a collation.
 *
 * ILIKE lowers value and pattern with the same function that lower() uses, under the condition's
 * collation; in single-byte encodings without ICU it lowers byte by byte, and so does that function.
 * What may be relied upon beyond that (bytewise ASCII, freedom of context) is found out by asking the
 * function, not assumed.
 */
#pragma once

#include "core/fold.hpp"
#include "pg/prelude.hpp"

namespace namedex::pg {

/** The folder of a collation; lives as long as the backend. May throw. */
const core::Folder& FolderOf(Oid collation);

/** The folder of values that have no case: it leaves every byte as it is. */
const core::Folder& IdentityFolder();

/** The database's encoding, as pattern matching sees it. */
core::Encoding ServerEncoding();

}  // namespace namedex::pg
