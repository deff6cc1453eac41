// Pages in memory: the PageSink and PageSource of the unit tests and fuzz targets.
//
// Each page is a heap block of its own, exactly kPagePayload long, so that AddressSanitizer sees a
// read one byte past a page.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/pages.hpp"

namespace namedex::core {

class MemoryPages final : public PageStore {
  public:
    void Write(const std::uint8_t* payload, std::uint32_t used) override {
        auto copy = std::make_unique<std::uint8_t[]>(kPagePayload);
        std::memcpy(copy.get(), payload, used);
        pages_.push_back({std::move(copy), used});
    }

    Pin Acquire(std::uint32_t page) override {
        if (page >= pages_.size()) {
            ThrowCorrupt("page does not exist");
        }
        ++pinned_;
        return {pages_[page].bytes.get(), pages_[page].used, page};
    }

    void Release(const Pin&) noexcept override { --pinned_; }

    std::uint32_t page_count() const override { return static_cast<std::uint32_t>(pages_.size()); }
    // Pins outstanding; a test asserts 0 at the end.
    long pinned() const { return pinned_; }
    // For tests that damage pages.
    std::uint8_t* mutable_payload(std::uint32_t page) { return pages_[page].bytes.get(); }
    SectionReader All() { return {*this, 0, page_count()}; }

  private:
    struct Page {
        std::unique_ptr<std::uint8_t[]> bytes;
        std::uint32_t used;
    };
    std::vector<Page> pages_;
    long pinned_ = 0;
};

class MemoryPagesFactory final : public PageStoreFactory {
  public:
    std::unique_ptr<PageStore> Create() override { return std::make_unique<MemoryPages>(); }
};

}  // namespace namedex::core
