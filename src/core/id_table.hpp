// Finds what was appended to something else by hash: open addressing, a slot is hash << 32 | id
// + 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace namedex::core {

class IdTable {
  public:
    explicit IdTable(std::pmr::memory_resource* memory) : slots_(memory) {}

    // Calls found(id) for the ids with that hash until one returns true; whether one did.
    template <typename Found>
    bool Find(std::uint32_t hash, Found&& found) const {
        if (slots_.empty()) {
            return false;
        }
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t at = hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
            if (slots_[at] >> 32 == hash && found(static_cast<std::uint32_t>(slots_[at]) - 1)) {
                return true;
            }
        }
        return false;
    }
    // `id` < 2^32 - 1. May poll.
    void Add(std::uint32_t hash, std::uint32_t id, void (*poll)());

    std::size_t bytes() const { return slots_.capacity() * sizeof(std::uint64_t); }

  private:
    static void Put(std::pmr::vector<std::uint64_t>& slots, std::uint64_t slot);
    void Grow(void (*poll)());

    std::pmr::vector<std::uint64_t> slots_;  // none, or a power of two
    std::size_t size_ = 0;
};

}  // namespace namedex::core
