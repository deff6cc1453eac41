#include "am/segment_build.hpp"

#include "core/segment_merger.hpp"
#include "pg/boundary.hpp"

namespace namedex::am {

namespace {

// What writing a segment takes beside the rows: code tables of the forward store, one page a section.
constexpr std::size_t kWriterBytes = std::size_t{8} << 20;
// How often the rows' memory is looked at.
constexpr std::uint64_t kRowsPerCheck = 256;
constexpr std::size_t kBytesPerCheck = std::size_t{1} << 20;

}  // namespace

std::size_t MaintenanceMemory() {
    return static_cast<std::size_t>(maintenance_work_mem) * 1024;
}

SegmentBuild::SegmentBuild(IndexKeys& keys, std::size_t memory_limit)
    : keys_(keys), rows_(std::make_unique<core::RowAccumulator>(keys.size())) {
    options_.poll = &pg::PollInterrupts;
    options_.gram_memory = std::min(std::size_t{64} << 20, memory_limit / 4);
    row_limit_bytes_ = memory_limit > 4 * kWriterBytes
                           ? memory_limit - kWriterBytes - options_.gram_memory / 2
                           : memory_limit / 2;
}

void SegmentBuild::Add(core::Tid tid, std::string_view encoded) {
    keys_.AddRow(*rows_, tid, encoded);
    bytes_since_check_ += encoded.size();
    if (++row_count_ % kRowsPerCheck != 0 && bytes_since_check_ < kBytesPerCheck) {
        return;
    }
    bytes_since_check_ = 0;
    if (rows_->memory_bytes() > row_limit_bytes_ || rows_->full()) {
        WriteRun();
    }
}

void SegmentBuild::BeginRun() {
    if (rows_->row_count() > 0) {
        WriteRun();
    }
}

void SegmentBuild::WriteRun() {
    std::unique_ptr<core::PageStore> run = temporary_.Create();
    core::SegmentOptions options = options_;
    options.grams = false;
    rows_->Emit(*run, temporary_, options, std::pmr::get_default_resource());
    runs_.push_back(std::move(run));
    rows_.reset();
    rows_ = std::make_unique<core::RowAccumulator>(keys_.size());
}

void SegmentBuild::Finish(Relation index, uint32 segment_id, bool log,
                          storage::SegmentEntry* entry) {
    storage::SegmentPagesWriter pages(index, segment_id, log);
    core::SegmentStats stats;
    std::pmr::memory_resource* memory = std::pmr::get_default_resource();
    if (runs_.empty()) {
        stats = rows_->Emit(pages, temporary_, options_, memory);
        rows_.reset();
    } else {
        if (rows_->row_count() > 0) {
            WriteRun();
        }
        rows_.reset();
        std::vector<std::unique_ptr<core::SegmentReader>> readers;
        std::vector<core::MergeSource> sources;
        for (const std::unique_ptr<core::PageStore>& run : runs_) {
            readers.push_back(
                std::make_unique<core::SegmentReader>(*run, run->page_count(), memory));
            sources.push_back({readers.back().get(), nullptr});
        }
        stats = core::MergeSegments(sources, pages, temporary_, options_, memory);
    }
    *entry = {};
    entry->segment_id = segment_id;
    entry->root = pages.Finish(stats.header);
    entry->rows = stats.header.row_count;
}

}  // namespace namedex::am
