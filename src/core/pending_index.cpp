#include "core/pending_index.hpp"

namespace namedex::core {

PendingIndex::PendingIndex(std::uint32_t column_count, const IncludeTypes& include_types,
                           std::pmr::memory_resource* memory, void (*poll)())
    : tids_(memory), columns_(memory), includes_(memory) {
    for (std::uint32_t i = 0; i < column_count; ++i) {
        columns_.emplace_back(memory, poll);
    }
    for (const IncludeType& type : include_types) {
        includes_.emplace_back(type, memory);
    }
}

std::size_t PendingIndex::memory_bytes() const {
    std::size_t bytes = sizeof *this + tids_.bytes();
    for (const PendingColumn& column : columns_) {
        bytes += column.memory_bytes();
    }
    for (const IncludeRows& include : includes_) {
        bytes += include.memory_bytes();
    }
    return bytes;
}

}  // namespace namedex::core
