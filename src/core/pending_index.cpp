#include "core/pending_index.hpp"

namespace namedex::core {

PendingIndex::PendingIndex(std::uint32_t column_count, std::pmr::memory_resource* memory,
                           void (*poll)())
    : tids_(memory), columns_(memory) {
    for (std::uint32_t i = 0; i < column_count; ++i) {
        columns_.emplace_back(memory, poll);
    }
}

std::size_t PendingIndex::memory_bytes() const {
    std::size_t bytes = sizeof *this + tids_.bytes();
    for (const PendingColumn& column : columns_) {
        bytes += column.memory_bytes();
    }
    return bytes;
}

}  // namespace namedex::core
