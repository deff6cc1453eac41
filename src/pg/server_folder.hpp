/*
 * Folding as the server folds: core::Folder over lower() under a collation.
 *
 * ILIKE lowers value and pattern with the same function that lower() uses, under the condition's
 * collation; in single-byte encodings without ICU it lowers byte by byte, and so does that
 * function. What may be relied upon beyond that (bytewise ASCII, freedom of context) is found out
 * by asking the function, not assumed.
 */
#pragma once

#include "core/fold.hpp"
#include "pg/prelude.hpp"

namespace namedex::pg {

/** The folder of a collation; lives as long as the backend. May throw. */
const core::Folder& FolderOf(Oid collation);

/** The folder of values that have no case: it leaves every byte as it is. */
const core::Folder& IdentityFolder();

/** A number that changes when folding under a collation may have changed: made of the encoding, the collation's
 *  provider, locale and the version that the provider reports now, the server's Unicode version where it has its
 *  own tables, and the versions of ICU and its tables where ICU folds, or else of the C library. Nothing if ICU
 *  folds and does not tell its version. Stored by an index; a change makes it compare its stored folds. */
std::optional<std::uint64_t> FoldVersion(Oid collation);

/** The database's encoding, as pattern matching sees it; matching serves interrupts. */
core::Encoding ServerEncoding();

}  // namespace namedex::pg
