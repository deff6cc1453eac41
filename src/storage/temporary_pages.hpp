/*
 * Temporary pages: the core's PageStore over the server's temporary files.
 *
 * The first kInMemoryPages pages stay in memory, which is enough for most side sections of a segment; a
 * store that grows past that writes all of its pages to a BufFile, so temp_tablespaces, temp_file_limit
 * and log_temp_files hold for it, and the file is gone at the latest with the transaction.
 */
#pragma once

#include "core/pages.hpp"
#include "pg/prelude.hpp"

extern "C" {
#include "storage/buffile.h"
}

namespace namedex::storage {

class TemporaryPages final : public core::PageStore {
  public:
    // `context` outlives the pages.
    explicit TemporaryPages(MemoryContext context) : context_(context) {}
    ~TemporaryPages() override;
    TemporaryPages(const TemporaryPages&) = delete;
    TemporaryPages& operator=(const TemporaryPages&) = delete;

    void Write(const std::uint8_t* payload, std::uint32_t used) override;
    Pin Acquire(std::uint32_t page) override;
    void Release(const Pin& pin) noexcept override;
    std::uint32_t page_count() const override { return static_cast<std::uint32_t>(used_.size()); }

  private:
    static constexpr std::size_t kInMemoryPages = 16;
    static constexpr std::size_t kKeptFrames = 16;
    using Frame = std::array<std::uint8_t, core::kPagePayload>;

    void Put(std::uint32_t page, const std::uint8_t* payload);

    MemoryContext context_;
    std::vector<std::uint16_t> used_;
    std::vector<std::unique_ptr<Frame>> memory_;
    BufFile* file_ = nullptr;
    std::vector<std::unique_ptr<Frame>> free_;  // frames for pages read back
};

class TemporaryPagesFactory final : public core::PageStoreFactory {
  public:
    // Files belong to the memory context that is current here.
    TemporaryPagesFactory() : context_(CurrentMemoryContext) {}

    std::unique_ptr<core::PageStore> Create() override {
        return std::make_unique<TemporaryPages>(context_);
    }

  private:
    MemoryContext context_;
};

}  // namespace namedex::storage
