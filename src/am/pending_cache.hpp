/*
 * Pending rows as a backend keeps them: split into words, with an index of its own over them
 * (core/pending_index.hpp).
 *
 * Looking at 4 MB of pending rows one by one would take tens of milliseconds a search. But a chain
 * only grows at its end, its records never change but for their dead flags, and its id is never
 * used again. So a backend reads each record once: a search goes on where the one before has
 * stopped. Dead flags are read again when the metapage says that some may have been set.
 *
 * What is kept may be longer than what a scan has to do with: a scan notes how many rows there were
 * when it read the chain, and looks at no others. Several scans may share a chain.
 *
 * Memory: up to kKeptBytes for all indexes; chains of more than kMaxChainPages are not kept, and
 * searched row by row.
 */
#pragma once

#include "am/index_keys.hpp"
#include "core/pending_index.hpp"
#include "pg/compat.hpp"
#include "pg/context_resource.hpp"
#include "storage/pending.hpp"

namespace namedex::am {

class KeptChain {
  public:
    KeptChain(Relation index, std::uint64_t identity, const storage::PendingChain& chain,
              const IndexKeys& keys, std::unique_ptr<pg::ContextResource> memory);

    bool Is(Relation index, std::uint64_t identity, storage::OwnerId id) const;
    bool IsOf(Relation index, std::uint64_t identity) const;
    storage::OwnerId id() const { return id_; }

    // Reads what has come since. False: the chain is gone.
    bool Update(Relation index, const storage::MetaData& meta, const storage::PendingChain& chain,
                IndexKeys& keys, Snapshot snapshot);

    // Of a chain through whose update an error has gone, nothing may be used. Throws kRetry.
    const core::PendingIndex& rows() const;
    bool IsDead(core::RowOrdinal row) const { return dead_[row]; }
    std::size_t memory_bytes() const { return memory_->bytes_in_use() + dead_.capacity() / 8; }

  private:
    bool ReadFlags(Relation index, const storage::PendingChain& chain);

    compat::RelationFileId file_;
    std::uint64_t identity_;
    storage::OwnerId id_;
    std::unique_ptr<pg::ContextResource> memory_;
    core::PendingIndex rows_;
    std::vector<bool> dead_;
    storage::PendingCursor cursor_;
    std::uint64_t deletes_;  // MetaData::pending_deletes for which dead_ is right
    bool broken_ = false;
};

// What a scan sees of a kept chain.
struct PendingView {
    std::shared_ptr<KeptChain> chain;
    std::uint32_t rows;
};

// Whether the chain is of a size to be kept.
bool IsKept(const storage::PendingChain& chain);

// The chain's rows up to now; none: the chain is gone. `meta` is the metapage in which it was
// found. Throws.
std::optional<PendingView> ViewChain(Relation index, const storage::MetaData& meta,
                                     const storage::PendingChain& chain, IndexKeys& keys,
                                     Snapshot snapshot);

}  // namespace namedex::am
