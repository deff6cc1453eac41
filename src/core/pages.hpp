// Pages and sections: how the core sees storage.
//
// A segment is a sequence of pages of kPagePayload bytes, numbered from 0. A *section* is a run of
// consecutive pages of it; inside a section an object is addressed by Loc {page, offset}, page
// counted from the section's first. An object appended in one piece never straddles a page, so a
// reader pins one page and works on contiguous bytes. What follows the last object of a page is
// unused (page.used tells).
//
// PageSource and PageSink are ports: the server side implements them over shared buffers and
// temporary files, the tests over memory (core/memory_pages.hpp). Pages are immutable once written,
// but their bytes come from disk, so SectionReader checks every address against the section and the
// page's used bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "core/bytes.hpp"

namespace namedex::core {

// 8 kB less the server's page header (24 bytes) and our special area (40 bytes).
inline constexpr std::uint32_t kPagePayload = 8128;

struct Loc {
    std::uint32_t page = 0;
    std::uint32_t offset = 0;

    friend bool operator==(Loc a, Loc b) { return a.page == b.page && a.offset == b.offset; }
    friend bool operator<(Loc a, Loc b) {
        return a.page != b.page ? a.page < b.page : a.offset < b.offset;
    }
};

class PageSource {
  public:
    struct Pin {
        const std::uint8_t* payload = nullptr;
        std::uint32_t used = 0;
        std::uint64_t token = 0;  // the source's own handle
    };

    virtual ~PageSource() = default;
    // Makes page `page` readable until Release. Throws Error on damage or a page that does not
    // exist.
    virtual Pin Acquire(std::uint32_t page) = 0;
    virtual void Release(const Pin& pin) noexcept = 0;
};

class PageSink {
  public:
    virtual ~PageSink() = default;
    // Receives the pages of one section in order, 0, 1, 2, …; `used` <= kPagePayload bytes are
    // meaningful.
    virtual void Write(const std::uint8_t* payload, std::uint32_t used) = 0;
};

// Temporary pages: written once, then read, gone with the object.
class PageStore : public PageSink, public PageSource {
  public:
    virtual std::uint32_t page_count() const = 0;
};

class PageStoreFactory {
  public:
    virtual ~PageStoreFactory() = default;
    virtual std::unique_ptr<PageStore> Create() = 0;
};

// A pinned page; releases on destruction.
class PinnedPage {
  public:
    PinnedPage() = default;
    PinnedPage(PageSource& source, std::uint32_t page)
        : source_(&source), pin_(source.Acquire(page)), page_(page) {}
    PinnedPage(PinnedPage&& other) noexcept { Swap(other); }
    PinnedPage& operator=(PinnedPage&& other) noexcept {
        PinnedPage taken(std::move(other));
        Swap(taken);
        return *this;
    }
    PinnedPage(const PinnedPage&) = delete;
    PinnedPage& operator=(const PinnedPage&) = delete;
    ~PinnedPage() { Reset(); }

    bool holds(std::uint32_t page) const { return source_ != nullptr && page_ == page; }
    const std::uint8_t* payload() const { return pin_.payload; }
    std::uint32_t used() const { return pin_.used; }
    Span bytes() const { return {pin_.payload, pin_.used}; }

    void Reset() noexcept {
        if (source_ != nullptr) {
            source_->Release(pin_);
            source_ = nullptr;
        }
    }

  private:
    void Swap(PinnedPage& other) noexcept {
        std::swap(source_, other.source_);
        std::swap(pin_, other.pin_);
        std::swap(page_, other.page_);
    }

    PageSource* source_ = nullptr;
    PageSource::Pin pin_;
    std::uint32_t page_ = 0;
};

// Appends objects to one section. Holds one page of memory.
class SectionWriter {
  public:
    explicit SectionWriter(PageSink& sink) : sink_(&sink), page_(kPagePayload) {}

    // Appends `size` <= kPagePayload bytes in one piece, moving to the next page if they do not fit
    // here.
    Loc Append(const void* data, std::size_t size) {
        if (size > kPagePayload) {
            throw Error(ErrorCode::kTooLarge, "an index entry is larger than a page");
        }
        if (used_ + size > kPagePayload) {
            NextPage();
        }
        const Loc at{pages_, used_};
        if (size > 0) {
            std::memcpy(page_.data() + used_, data, size);
        }
        used_ += static_cast<std::uint32_t>(size);
        return at;
    }

    // Bytes left on the current page.
    std::uint32_t room() const { return kPagePayload - used_; }
    // Where the next byte goes if it fits.
    Loc tell() const { return {pages_, used_}; }

    // Ends the current page, so that the next object starts a new one. An empty page is not
    // written.
    void NextPage() {
        if (used_ > 0) {
            sink_->Write(page_.data(), used_);
            ++pages_;
            used_ = 0;
        }
    }

    // Writes the last page; returns the section's length in pages.
    std::uint32_t Finish() {
        NextPage();
        return pages_;
    }

  private:
    PageSink* sink_;
    std::vector<std::uint8_t> page_;
    std::uint32_t pages_ = 0;
    std::uint32_t used_ = 0;
};

// A section of a segment, for reading. Cheap to copy.
class SectionReader {
  public:
    SectionReader() = default;
    SectionReader(PageSource& source, std::uint32_t first_page, std::uint32_t page_count)
        : source_(&source), first_page_(first_page), page_count_(page_count) {}

    std::uint32_t page_count() const { return page_count_; }

    // Pins page `page` of the section.
    PinnedPage Page(std::uint32_t page) const {
        if (page >= page_count_) {
            ThrowCorrupt("a stored address points past its section");
        }
        return PinnedPage(*source_, first_page_ + page);
    }

    // The bytes from `at` to the end of the page's used part; `pin` is (re)used to hold the page.
    Span At(Loc at, PinnedPage& pin) const {
        if (at.page >= page_count_) {
            ThrowCorrupt("a stored address points past its section");
        }
        if (!pin.holds(first_page_ + at.page)) {
            pin = PinnedPage(*source_, first_page_ + at.page);
        }
        if (at.offset > pin.used()) {
            ThrowCorrupt("a stored address points past its page");
        }
        return {pin.payload() + at.offset, pin.used() - at.offset};
    }

  private:
    PageSource* source_ = nullptr;
    std::uint32_t first_page_ = 0;
    std::uint32_t page_count_ = 0;
};

}  // namespace namedex::core
