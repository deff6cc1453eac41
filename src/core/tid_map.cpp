#include "core/tid_map.hpp"

#include <algorithm>

namespace namedex::core {
namespace {

constexpr std::uint32_t kPageHeader = 16;
constexpr std::uint32_t kRunBytes = 8;
constexpr std::uint32_t kMaxRuns = (kPagePayload - kPageHeader) / kRunBytes;
constexpr std::uint32_t kEntryBytes = 4;
constexpr std::uint32_t kEntriesPerPage = kPagePayload / kEntryBytes;

constexpr unsigned kOrdinalBits = 19;
constexpr unsigned kOffsetBits = 16;
constexpr unsigned kBlockShift = kOrdinalBits + kOffsetBits;
constexpr std::uint32_t kMaxPageOrdinals = std::uint32_t{1} << kOrdinalBits;
constexpr std::uint32_t kMaxPageBlocks = std::uint32_t{1} << (64 - kBlockShift);

// The last of `size` ascending numbers that is not above `key`, or 0; at(i) is the i-th, and all
// are below `end` if the bytes are sound. Runs are about equally long, so the search starts where
// they would all be, doubles its step until it has passed the key, and then halves: a few numbers
// are read, most of them in one cache line.
template <typename At>
std::uint32_t LastNotAbove(std::uint32_t size, std::uint32_t end, std::uint32_t key, At&& at) {
    std::uint32_t below = static_cast<std::uint32_t>(std::uint64_t{key} * size / end);
    std::uint32_t above = size;
    if (below < size && at(below) <= key) {
        for (std::uint32_t step = 1; step < above - below; step *= 2) {
            if (at(below + step) > key) {
                above = below + step;
                break;
            }
            below += step;
        }
    } else {
        above = std::min(below, size);
        below = 0;
        for (std::uint32_t step = 1; step < above; step *= 2) {
            if (at(above - step) <= key) {
                below = above - step;
                break;
            }
            above -= step;
        }
    }
    while (above - below > 1) {
        const std::uint32_t middle = below + (above - below) / 2;
        if (at(middle) <= key) {
            below = middle;
        } else {
            above = middle;
        }
    }
    return below;
}

std::uint32_t RelativeOrdinal(std::uint64_t run) {
    return static_cast<std::uint32_t>(run & (kMaxPageOrdinals - 1));
}

}  // namespace

// ---- writing -----------------------------------------------------------------------------------

TidMapWriter::TidMapWriter(SectionWriter& pages, SectionWriter& directory)
    : pages_(&pages), directory_(&directory) {
    runs_.reserve(kMaxRuns);
}

void TidMapWriter::Add(Tid tid) {
    if (tid.offset == 0 || (row_count_ > 0 && !(last_ < tid))) {
        ThrowInternal("heap addresses of the rows do not ascend");
    }
    if (row_count_ == 0xFFFFFFFFu) {
        ThrowTooLarge("a segment cannot hold so many rows", {}, "Partition the table.");
    }
    const bool extends =
        !runs_.empty() && tid.block == last_.block && tid.offset == last_.offset + 1;
    if (!extends) {
        if (!runs_.empty() &&
            (runs_.size() == kMaxRuns || row_count_ - page_first_ >= kMaxPageOrdinals ||
             tid.block - page_first_block_ >= kMaxPageBlocks)) {
            FlushPage();
        }
        if (runs_.empty()) {
            page_first_ = row_count_;
            page_first_block_ = tid.block;
        }
        runs_.push_back(std::uint64_t{tid.block - page_first_block_} << kBlockShift |
                        std::uint64_t{tid.offset} << kOrdinalBits | (row_count_ - page_first_));
    }
    last_ = tid;
    ++row_count_;
}

void TidMapWriter::FlushPage() {
    std::uint8_t bytes[kPagePayload];
    StoreLe<std::uint32_t>(bytes, page_first_);
    StoreLe<std::uint32_t>(bytes + 4, row_count_ - page_first_);
    StoreLe<std::uint32_t>(bytes + 8, page_first_block_);
    StoreLe<std::uint32_t>(bytes + 12, static_cast<std::uint32_t>(runs_.size()));
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        StoreLe<std::uint64_t>(bytes + kPageHeader + kRunBytes * i, runs_[i]);
    }
    pages_->Append(bytes, kPageHeader + kRunBytes * runs_.size());
    pages_->NextPage();
    std::uint8_t entry[kEntryBytes];
    StoreLe<std::uint32_t>(entry, page_first_);
    directory_->Append(entry, sizeof entry);
    runs_.clear();
}

void TidMapWriter::Finish() {
    if (!runs_.empty()) {
        FlushPage();
    }
}

// ---- reading -----------------------------------------------------------------------------------

TidMapReader::TidMapReader(const SectionReader& pages, const SectionReader& directory,
                           std::uint32_t row_count, std::pmr::memory_resource* memory)
    : pages_(pages), directory_(directory), row_count_(row_count), offsets_(memory) {}

void TidMapReader::Release() noexcept {
    pin_.Reset();
    directory_pin_.Reset();
    page_first_ = page_end_ = 0;
    run_ = Run{};
}

RowOrdinal TidMapReader::DirectoryEntry(std::uint32_t page) {
    const Span bytes = directory_.At({page / kEntriesPerPage, page % kEntriesPerPage * kEntryBytes},
                                     directory_pin_);
    if (bytes.size < kEntryBytes) {
        ThrowCorrupt("the directory of the TID map is too short");
    }
    return LoadLe<std::uint32_t>(bytes.data);
}

void TidMapReader::LoadPage(std::uint32_t page, RowOrdinal expected_first) {
    page_first_ = page_end_ = 0;
    run_ = Run{};
    const Span bytes = pages_.At({page, 0}, pin_);
    if (bytes.size < kPageHeader) {
        ThrowCorrupt("a page of the TID map is too short");
    }
    const std::uint32_t first = LoadLe<std::uint32_t>(bytes.data);
    const std::uint32_t ordinals = LoadLe<std::uint32_t>(bytes.data + 4);
    const std::uint32_t runs = LoadLe<std::uint32_t>(bytes.data + 12);
    if (first != expected_first || runs == 0 || runs > (bytes.size - kPageHeader) / kRunBytes ||
        ordinals < runs || first > row_count_ || ordinals > row_count_ - first) {
        ThrowCorrupt("a page of the TID map has an impossible header");
    }
    page_ = page;
    page_first_ = first;
    page_end_ = first + ordinals;
    page_first_block_ = LoadLe<std::uint32_t>(bytes.data + 8);
    run_count_ = runs;
    run_bytes_ = bytes.data + kPageHeader;
}

// Makes the page that holds the row the current one.
void TidMapReader::SeekPage(RowOrdinal row) {
    if (row >= row_count_) {
        ThrowInternal("a row beyond the segment's last was looked up");
    }
    if (row == page_end_ && page_end_ > page_first_) {
        LoadPage(page_ + 1, row);
        return;
    }
    const std::uint32_t below =
        LastNotAbove(pages_.page_count(), row_count_, row,
                     [this](std::uint32_t page) { return DirectoryEntry(page); });
    LoadPage(below, DirectoryEntry(below));
    if (row < page_first_ || row >= page_end_) {
        ThrowCorrupt("the directory of the TID map leads to a wrong page");
    }
}

std::uint64_t TidMapReader::RunBits(std::uint32_t run) const {
    return LoadLe<std::uint64_t>(run_bytes_ + std::size_t{kRunBytes} * run);
}

void TidMapReader::LoadRun(std::uint32_t run) {
    const std::uint64_t bits = RunBits(run);
    const std::uint32_t begin = RelativeOrdinal(bits);
    const std::uint32_t end =
        run + 1 < run_count_ ? RelativeOrdinal(RunBits(run + 1)) : page_end_ - page_first_;
    const std::uint32_t offset =
        static_cast<std::uint32_t>(bits >> kOrdinalBits) & ((1u << kOffsetBits) - 1);
    const std::uint64_t block = page_first_block_ + (bits >> kBlockShift);
    if (begin >= end || end > page_end_ - page_first_ || offset == 0 ||
        std::uint64_t{offset} + (end - begin) > 0x10000u || block > 0xFFFFFFFFu) {
        ThrowCorrupt("a run of the TID map is impossible");
    }
    run_index_ = run;
    run_ = {static_cast<std::uint32_t>(block), static_cast<std::uint16_t>(offset),
            page_first_ + begin, page_first_ + end};
}

const TidMapReader::Run& TidMapReader::Seek(RowOrdinal row) {
    if (row >= run_.begin && row < run_.end) {
        return run_;
    }
    if (row < page_first_ || row >= page_end_) {
        SeekPage(row);
    }
    const std::uint32_t relative = row - page_first_;
    const std::uint32_t below =
        LastNotAbove(run_count_, page_end_ - page_first_, relative,
                     [this](std::uint32_t run) { return RelativeOrdinal(RunBits(run)); });
    LoadRun(below);
    if (row < run_.begin || row >= run_.end) {
        run_ = Run{};
        ThrowCorrupt("the runs of the TID map do not ascend");
    }
    return run_;
}

Tid TidMapReader::At(RowOrdinal row) {
    const Run& run = Seek(row);
    return {run.block, run.Offset(row)};
}

std::size_t TidMapReader::Collect(const RowBitmap& rows, RowOrdinal row, RowOrdinal end,
                                  const Run& run, std::uint16_t* out) {
    constexpr unsigned kBits = RowBitmap::kWordBits;
    const RowBitmap::Word* words = rows.words();
    const std::uint32_t from = row - rows.base();
    const std::uint32_t last = end - rows.base() - 1;
    // Offset number of the row that bit 0 of the current word stands for, modulo 2^16.
    std::uint32_t offset = run.Offset(row) - from % kBits;
    std::size_t n = 0;
    for (std::uint32_t i = from / kBits; i <= last / kBits; ++i, offset += kBits) {
        RowBitmap::Word word = words[i];
        if (i == from / kBits) {
            word &= ~RowBitmap::Word{0} << (from % kBits);
        }
        if (i == last / kBits) {
            word &= ~RowBitmap::Word{0} >> (kBits - 1 - last % kBits);
        }
        for (; word != 0; word &= word - 1) {
            out[n++] =
                static_cast<std::uint16_t>(offset + static_cast<unsigned>(__builtin_ctzll(word)));
        }
    }
    return n;
}

}  // namespace namedex::core
