#include "core/id_table.hpp"

#include <algorithm>

#include "core/poll.hpp"

namespace namedex::core {

void IdTable::Put(std::pmr::vector<std::uint64_t>& slots, std::uint64_t slot) {
    const std::size_t mask = slots.size() - 1;
    std::size_t at = (slot >> 32) & mask;
    while (slots[at] != 0) {
        at = (at + 1) & mask;
    }
    slots[at] = slot;
}

void IdTable::Grow(void (*poll)()) {
    constexpr std::size_t kSmallest = 16;
    Poller poller(poll);
    std::pmr::vector<std::uint64_t> grown(slots_.get_allocator());
    poller.Fill(grown, std::max(kSmallest, slots_.size() * 2), 0);
    for (const std::uint64_t slot : slots_) {
        poller.Step();
        if (slot != 0) {
            Put(grown, slot);
        }
    }
    slots_.swap(grown);
}

void IdTable::Add(std::uint32_t hash, std::uint32_t id, void (*poll)()) {
    if (size_ * 3 >= slots_.size() * 2) {
        Grow(poll);
    }
    Put(slots_, std::uint64_t{hash} << 32 | (id + 1));
    ++size_;
}

}  // namespace namedex::core
