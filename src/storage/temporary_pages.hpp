/*
 * Temporary pages: the core's PageStore over the server's temporary files.
 *
 * The first kInMemoryPages pages stay in memory, which is enough for most side sections of a
 * segment; a store that grows past that writes all of its pages to a BufFile, so temp_tablespaces,
 * temp_file_limit and log_temp_files hold for it, and the file is gone at the latest with the
 * transaction.
 *
 * A store can also be a named file in a file set that the processes of a parallel build share. Its
 * writer completes it, which puts all pages into the file; from then on every process attached to
 * the set may open it. RunFiles names the runs of one participant.
 *
 * Page n is block n of the file: the payload, then u16 used, then zeros.
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
    // Pages of this process alone. `context` outlives the pages.
    explicit TemporaryPages(MemoryContext context) : context_(context) {}
    // Pages that are to become the file `name` of `files`, which outlives them.
    TemporaryPages(MemoryContext context, FileSet* files, std::string name)
        : context_(context), files_(files), name_(std::move(name)) {}
    ~TemporaryPages() override;
    TemporaryPages(const TemporaryPages&) = delete;
    TemporaryPages& operator=(const TemporaryPages&) = delete;

    // Pages that another process completed; null if there is no such file.
    static std::unique_ptr<TemporaryPages> Open(MemoryContext context, FileSet* files,
                                                std::string name);

    void Write(const std::uint8_t* payload, std::uint32_t used) override;
    // Nothing is written afterwards. Pages in a file set are closed until they are read again.
    void Complete();
    // Frees the pages; those in a file set are gone for every process.
    void Drop();

    Pin Acquire(std::uint32_t page) override;
    void Release(const Pin& pin) noexcept override;
    std::uint32_t page_count() const override { return page_count_; }

  private:
    static constexpr std::size_t kInMemoryPages = 16;
    static constexpr std::size_t kKeptFrames = 16;
    static constexpr std::size_t kUsedOffset = core::kPagePayload;
    struct Frame {
        std::uint8_t payload[core::kPagePayload];
        std::uint16_t used;
    };
    static_assert(sizeof(Frame) == kUsedOffset + 2 && sizeof(Frame) <= BLCKSZ,
                  "a page of a file is a frame and zeros");

    void CreateFile();
    bool OpenFile();
    void Put(std::uint32_t page, const std::uint8_t* payload, std::uint32_t used);

    MemoryContext context_;
    FileSet* files_ = nullptr;
    std::string name_;
    std::uint32_t page_count_ = 0;
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

// The runs of a build: private to this process, or those of one participant of a parallel build.
class RunFiles {
  public:
    // Files belong to the memory context that is current here.
    RunFiles() : context_(CurrentMemoryContext) {}
    RunFiles(FileSet* files, uint32 participant)
        : context_(CurrentMemoryContext), files_(files), participant_(participant) {}

    // How many were created, dropped ones included.
    uint32 count() const { return count_; }
    std::unique_ptr<TemporaryPages> Create();
    // Those of the first `count` that were completed and not dropped.
    std::vector<std::unique_ptr<TemporaryPages>> OpenAll(uint32 count) const;

  private:
    std::string NameOf(uint32 run) const {
        return std::to_string(participant_) + "-" + std::to_string(run);
    }

    MemoryContext context_;
    FileSet* files_ = nullptr;
    uint32 participant_ = 0;
    uint32 count_ = 0;
};

}  // namespace namedex::storage
