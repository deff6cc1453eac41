#include "storage/temporary_pages.hpp"

#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::storage {

namespace {

void SeekPage(BufFile* file, std::uint32_t page) {
    if (BufFileSeekBlock(file, static_cast<long>(page)) != 0) {
        ereport(ERROR, (errcode_for_file_access(),
                        errmsg("could not seek to block %u of temporary file", page)));
    }
}

}  // namespace

TemporaryPages::~TemporaryPages() {
    if (file_ != nullptr) {
        pg::CallQuietly([this] { BufFileClose(file_); });
    }
}

std::unique_ptr<TemporaryPages> TemporaryPages::Open(MemoryContext context, FileSet* files,
                                                     std::string name) {
    auto pages = std::make_unique<TemporaryPages>(context, files, std::move(name));
    if (!pages->OpenFile()) {
        return nullptr;
    }
    const int64 size = pg::Call([&] { return BufFileSize(pages->file_); });
    pages->page_count_ = static_cast<std::uint32_t>(size / BLCKSZ);
    return pages;
}

void TemporaryPages::CreateFile() {
    file_ = pg::Call([this] {
        MemoryContext caller = MemoryContextSwitchTo(context_);
        BufFile* file = files_ != nullptr ? BufFileCreateFileSet(files_, name_.c_str())
                                          : BufFileCreateTemp(false);
        MemoryContextSwitchTo(caller);
        return file;
    });
    for (std::uint32_t i = 0; i < memory_.size(); ++i) {
        Put(i, memory_[i]->payload, memory_[i]->used);
    }
    memory_.clear();
}

bool TemporaryPages::OpenFile() {
    file_ = pg::Call([this] {
        MemoryContext caller = MemoryContextSwitchTo(context_);
        BufFile* file = BufFileOpenFileSet(files_, name_.c_str(), O_RDONLY, true);
        MemoryContextSwitchTo(caller);
        return file;
    });
    return file_ != nullptr;
}

void TemporaryPages::Put(std::uint32_t page, const std::uint8_t* payload, std::uint32_t used) {
    pg::Call([&] {
        CHECK_FOR_INTERRUPTS();
        SeekPage(file_, page);
        char block[BLCKSZ] = {};
        memcpy(block, payload, used);
        const auto stored = static_cast<std::uint16_t>(used);
        memcpy(block + kUsedOffset, &stored, sizeof stored);
        compat::WriteBufFile(file_, block, BLCKSZ);
    });
}

void TemporaryPages::Write(const std::uint8_t* payload, std::uint32_t used) {
    if (file_ == nullptr && page_count_ < kInMemoryPages) {
        memory_.push_back(std::make_unique<Frame>());
        memcpy(memory_.back()->payload, payload, used);
        memory_.back()->used = static_cast<std::uint16_t>(used);
        ++page_count_;
        return;
    }
    if (file_ == nullptr) {
        CreateFile();
    }
    Put(page_count_, payload, used);
    ++page_count_;
}

void TemporaryPages::Complete() {
    if (files_ == nullptr) {
        return;
    }
    if (file_ == nullptr) {
        CreateFile();
    }
    // Closing writes what is still buffered, and raises an error if it cannot.
    BufFile* file = std::exchange(file_, nullptr);
    pg::Call([file] { BufFileClose(file); });
}

void TemporaryPages::Drop() {
    memory_.clear();
    page_count_ = 0;
    BufFile* file = std::exchange(file_, nullptr);
    pg::Call([this, file] {
        if (file != nullptr) {
            BufFileClose(file);
        }
        if (files_ != nullptr) {
            BufFileDeleteFileSet(files_, name_.c_str(), true);
        }
    });
}

core::PageSource::Pin TemporaryPages::Acquire(std::uint32_t page) {
    if (page >= page_count_) {
        core::ThrowInternal("a temporary page does not exist");
    }
    if (file_ == nullptr && files_ == nullptr) {
        return {memory_[page]->payload, memory_[page]->used, 0};
    }
    if (file_ == nullptr && !OpenFile()) {
        core::ThrowInternal("a temporary file is gone");
    }
    if (free_.empty()) {
        free_.push_back(std::make_unique<Frame>());
    }
    Frame* frame = free_.back().get();
    pg::Call([&] {
        SeekPage(file_, page);
        compat::ReadBufFileExact(file_, frame, sizeof(Frame));
    });
    if (frame->used > core::kPagePayload) {
        core::ThrowCorrupt("a temporary page is damaged");
    }
    free_.back().release();
    free_.pop_back();
    return {frame->payload, frame->used, reinterpret_cast<std::uint64_t>(frame)};
}

void TemporaryPages::Release(const Pin& pin) noexcept {
    if (pin.token != 0) {
        std::unique_ptr<Frame> frame(reinterpret_cast<Frame*>(pin.token));
        if (free_.size() < kKeptFrames) {
            try {
                free_.push_back(std::move(frame));
            } catch (...) {
                // The frame is freed instead of kept.
            }
        }
    }
}

std::unique_ptr<TemporaryPages> RunFiles::Create() {
    const uint32 run = count_++;
    if (files_ == nullptr) {
        return std::make_unique<TemporaryPages>(context_);
    }
    return std::make_unique<TemporaryPages>(context_, files_, NameOf(run));
}

std::vector<std::unique_ptr<TemporaryPages>> RunFiles::OpenAll(uint32 count) const {
    std::vector<std::unique_ptr<TemporaryPages>> runs;
    for (uint32 run = 0; run < count; ++run) {
        if (auto pages = TemporaryPages::Open(context_, files_, NameOf(run))) {
            runs.push_back(std::move(pages));
        }
    }
    return runs;
}

}  // namespace namedex::storage
