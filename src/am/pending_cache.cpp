#include "am/pending_cache.hpp"

#include <algorithm>

#include "pg/boundary.hpp"

namespace namedex::am {

using storage::MetaData;
using storage::PendingChain;
using storage::PendingRow;

namespace {

constexpr std::size_t kKeptBytes = std::size_t{32} << 20;
constexpr uint32 kMaxChainPages = 1024;

// Never destroyed: at the process's end the memory context may have gone before.
struct Cache {
    MemoryContext context = pg::Call([] {
        return AllocSetContextCreate(TopMemoryContext, "namedex pending rows",
                                     ALLOCSET_DEFAULT_SIZES);
    });
    std::vector<std::shared_ptr<KeptChain>> chains;  // the least recently used first
};

Cache& TheCache() {
    static Cache* const cache = new Cache;
    return *cache;
}

bool IsListed(const MetaData& meta, storage::OwnerId id) {
    bool listed = false;
    storage::ForEachChain(meta,
                          [&](const PendingChain& chain) { listed = listed || chain.id == id; });
    return listed;
}

// Forgets what the index does not have any more, and what there is no room for.
void Trim(Cache& cache, Relation index, const MetaData& meta) {
    auto& chains = cache.chains;
    chains.erase(std::remove_if(chains.begin(), chains.end(),
                                [&](const std::shared_ptr<KeptChain>& chain) {
                                    return chain->IsOf(index, meta.identity) &&
                                           !IsListed(meta, chain->id());
                                }),
                 chains.end());
    std::size_t bytes = 0;
    for (auto chain = chains.rbegin(); chain != chains.rend(); ++chain) {
        bytes += (*chain)->memory_bytes();
        if (bytes > kKeptBytes) {
            chains.erase(chains.begin(), chain.base());
            return;
        }
    }
}

}  // namespace

KeptChain::KeptChain(Relation index, std::uint64_t identity, const PendingChain& chain,
                     const IndexKeys& keys, std::unique_ptr<pg::ContextResource> memory)
    : file_(compat::FileOf(index)),
      identity_(identity),
      id_(chain.id),
      memory_(std::move(memory)),
      rows_(keys.size(), keys.include_types(), memory_.get(), &pg::PollInterrupts),
      cursor_(storage::BeginOf(chain)),
      deletes_(0) {}

bool KeptChain::IsOf(Relation index, std::uint64_t identity) const {
    return compat::SameFile(file_, compat::FileOf(index)) && identity_ == identity;
}

bool KeptChain::Is(Relation index, std::uint64_t identity, storage::OwnerId id) const {
    return id_ == id && IsOf(index, identity);
}

const core::PendingIndex& KeptChain::rows() const {
    if (broken_) {
        core::ThrowRetry("pending rows could not be read to their end");
    }
    return rows_;
}

bool KeptChain::ReadFlags(Relation index, const PendingChain& chain) {
    struct State {
        std::vector<bool>* dead;
        std::size_t row;
    } state{&dead_, 0};
    return pg::Call([&] {
        return storage::VisitPendingFlags(
                   index, chain, cursor_,
                   [](void* argument, const PendingRow& row) {
                       auto* to = static_cast<State*>(argument);
                       if (to->row < to->dead->size()) {
                           (*to->dead)[to->row++] = row.dead;
                       }
                       return true;
                   },
                   &state) == storage::Visited::kAll;
    });
}

bool KeptChain::Update(Relation index, const MetaData& meta, const PendingChain& chain,
                       IndexKeys& keys, Snapshot snapshot) {
    if (broken_) {
        core::ThrowRetry("pending rows could not be read to their end");
    }
    if (deletes_ != meta.pending_deletes && !dead_.empty() && !ReadFlags(index, chain)) {
        return false;
    }
    deletes_ = meta.pending_deletes;
    const auto add = [&](const PendingRow& row) {
        dead_.push_back(row.dead);
        keys.AddRow(rows_,
                    {ItemPointerGetBlockNumber(&row.tid), ItemPointerGetOffsetNumber(&row.tid)},
                    std::string_view(row.row, row.size));
    };
    using Add = decltype(add);
    broken_ = true;
    const bool there = pg::Call([&] {
        return storage::VisitPending(
                   index, chain, &cursor_, snapshot,
                   [](void* state, const PendingRow& row) {
                       pg::Enter([&] { (*static_cast<const Add*>(state))(row); });
                       return true;
                   },
                   const_cast<void*>(static_cast<const void*>(&add))) == storage::Visited::kAll;
    });
    broken_ = false;
    return there;
}

bool IsKept(const PendingChain& chain) {
    return chain.pages + chain.value_pages <= kMaxChainPages;
}

std::optional<PendingView> ViewChain(Relation index, const MetaData& meta,
                                     const PendingChain& chain, IndexKeys& keys,
                                     Snapshot snapshot) {
    Cache& cache = TheCache();
    auto& chains = cache.chains;
    std::shared_ptr<KeptChain> kept;
    const auto found = std::find_if(chains.begin(), chains.end(), [&](const auto& k) {
        return k->Is(index, meta.identity, chain.id);
    });
    if (found != chains.end()) {
        kept = std::move(*found);
        chains.erase(found);
    } else {
        Trim(cache, index, meta);
        kept = std::make_shared<KeptChain>(index, meta.identity, chain, keys,
                                           std::make_unique<pg::ContextResource>(cache.context));
    }
    // If this throws, the chain is not kept.
    if (!kept->Update(index, meta, chain, keys, snapshot)) {
        return std::nullopt;
    }
    chains.push_back(kept);
    return PendingView{kept, kept->rows().row_count()};
}

}  // namespace namedex::am
