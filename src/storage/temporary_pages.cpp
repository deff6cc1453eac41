#include "storage/temporary_pages.hpp"

#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::storage {

TemporaryPages::~TemporaryPages() {
    if (file_ != nullptr) {
        pg::CallQuietly([this] { BufFileClose(file_); });
    }
}

void TemporaryPages::Put(std::uint32_t page, const std::uint8_t* payload) {
    pg::Call([&] {
        CHECK_FOR_INTERRUPTS();
        if (BufFileSeekBlock(file_, static_cast<long>(page)) != 0) {
            ereport(ERROR, (errcode_for_file_access(),
                            errmsg("could not seek to block %u of temporary file", page)));
        }
        char block[BLCKSZ];
        memcpy(block, payload, core::kPagePayload);
        memset(block + core::kPagePayload, 0, BLCKSZ - core::kPagePayload);
        compat::WriteBufFile(file_, block, BLCKSZ);
    });
}

void TemporaryPages::Write(const std::uint8_t* payload, std::uint32_t used) {
    const std::uint32_t page = page_count();
    if (file_ == nullptr && page < kInMemoryPages) {
        memory_.push_back(std::make_unique<Frame>());
        memcpy(memory_.back()->data(), payload, used);
        used_.push_back(static_cast<std::uint16_t>(used));
        return;
    }
    if (file_ == nullptr) {
        file_ = pg::Call([this] {
            MemoryContext caller = MemoryContextSwitchTo(context_);
            BufFile* file = BufFileCreateTemp(false);
            MemoryContextSwitchTo(caller);
            return file;
        });
        for (std::uint32_t i = 0; i < memory_.size(); ++i) {
            Put(i, memory_[i]->data());
        }
        memory_.clear();
    }
    Put(page, payload);
    used_.push_back(static_cast<std::uint16_t>(used));
}

core::PageSource::Pin TemporaryPages::Acquire(std::uint32_t page) {
    if (page >= page_count()) {
        core::ThrowInternal("a temporary page does not exist");
    }
    if (file_ == nullptr) {
        return {memory_[page]->data(), used_[page], 0};
    }
    if (free_.empty()) {
        free_.push_back(std::make_unique<Frame>());
    }
    Frame* frame = free_.back().get();
    pg::Call([&] {
        if (BufFileSeekBlock(file_, static_cast<long>(page)) != 0) {
            ereport(ERROR, (errcode_for_file_access(),
                            errmsg("could not seek to block %u of temporary file", page)));
        }
        compat::ReadBufFileExact(file_, frame->data(), core::kPagePayload);
    });
    free_.back().release();
    free_.pop_back();
    return {frame->data(), used_[page], reinterpret_cast<std::uint64_t>(frame)};
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

}  // namespace namedex::storage
