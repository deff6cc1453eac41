// How long loops stay cancellable: they call the caller's poll callback now and then, which stops
// the work by throwing.
//
//     Poller poller(poll);
//     for (...) { poller.Step(); ... }
//
// What a poll interrupts may be left half done. It is only destroyed afterwards.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace namedex::core {

class Poller {
  public:
    // `poll` may be null.
    explicit Poller(void (*poll)()) : poll_(poll) {}

    void Step() {
        if (++steps_ % kStepsPerPoll == 0 && poll_ != nullptr) {
            poll_();
        }
    }

    // Appends `value` to a vector until it has `size` elements. What is reserved for it is touched
    // for the first time here, which takes longer than anything else that is done with so many
    // bytes.
    template <typename Vector>
    void Fill(Vector& vector, std::size_t size, const typename Vector::value_type& value) {
        constexpr std::size_t kBytesAStep = 1024;
        constexpr std::size_t kElements =
            std::max(std::size_t{1}, kBytesAStep / sizeof(typename Vector::value_type));
        vector.reserve(size);
        while (vector.size() < size) {
            Step();
            vector.resize(std::min(size, vector.size() + kElements), value);
        }
    }

  private:
    // A step that touches memory for the first time can take 20 us on a virtual machine, so this
    // many take 20 ms.
    static constexpr std::uint32_t kStepsPerPoll = 1024;

    void (*poll_)();
    std::uint32_t steps_ = 0;
};

}  // namespace namedex::core
