#include "am/segment_build.hpp"

#include "core/segment_merger.hpp"
#include "pg/boundary.hpp"

namespace namedex::am {

namespace {

// What writing a segment takes beside the rows: code tables of the forward store, one page a
// section.
constexpr std::size_t kWriterBytes = std::size_t{8} << 20;
// What rows take at the least, once and for each column: runs of a few rows would cost more than
// they save.
constexpr std::size_t kLeastRowBytes = std::size_t{1} << 20;
// How often the rows' memory is looked at.
constexpr std::uint64_t kRowsPerCheck = 256;
constexpr std::size_t kBytesPerCheck = std::size_t{1} << 20;

std::unique_ptr<core::RowAccumulator> NewRows(const IndexKeys& keys, void (*poll)()) {
    return std::make_unique<core::RowAccumulator>(keys.size(), keys.include_types(), poll);
}

}  // namespace

std::size_t MaintenanceMemory() {
    return static_cast<std::size_t>(maintenance_work_mem) * 1024;
}

SegmentBuild::SegmentBuild(IndexKeys& keys, std::size_t memory_limit, void (*poll)(),
                           storage::RunFiles files)
    : keys_(keys), rows_(NewRows(keys, poll)), files_(files) {
    options_.poll = poll;
    SetMemoryLimit(memory_limit);
}

void SegmentBuild::SetMemoryLimit(std::size_t memory_limit) {
    options_.gram_memory = std::min(std::size_t{64} << 20, memory_limit / 4);
    row_limit_bytes_ = memory_limit > 4 * kWriterBytes
                           ? memory_limit - kWriterBytes - options_.gram_memory / 2
                           : memory_limit / 2;
    row_limit_bytes_ = std::max(row_limit_bytes_, kLeastRowBytes * (1 + keys_.all_columns()));
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

core::SegmentOptions SegmentBuild::RunOptions() const {
    core::SegmentOptions options = options_;
    options.grams = false;
    return options;
}

void SegmentBuild::WriteRun() {
    std::unique_ptr<storage::TemporaryPages> run = files_.Create();
    rows_->Emit(*run, temporary_, RunOptions(), std::pmr::get_default_resource());
    run->Complete();
    runs_.push_back({std::move(run), 0});
    rows_.reset();
    while (runs_.size() >= kFanIn && runs_[runs_.size() - kFanIn].level == runs_.back().level) {
        MergeLastRuns(kFanIn);
    }
    rows_ = NewRows(keys_, options_.poll);
}

void SegmentBuild::MergeLastRuns(std::size_t count) {
    const std::size_t first = runs_.size() - count;
    Run merged{files_.Create(), runs_[first].level + 1};
    Merge(first, *merged.pages, RunOptions());
    merged.pages->Complete();
    for (std::size_t i = first; i < runs_.size(); ++i) {
        runs_[i].pages->Drop();
    }
    runs_.resize(first);
    runs_.push_back(std::move(merged));
}

core::SegmentStats SegmentBuild::Merge(std::size_t first_run, core::PageSink& out,
                                       const core::SegmentOptions& options) {
    std::pmr::memory_resource* memory = std::pmr::get_default_resource();
    std::vector<std::unique_ptr<core::SegmentReader>> readers;
    std::vector<core::MergeSource> sources;
    for (std::size_t i = first_run; i < runs_.size(); ++i) {
        storage::TemporaryPages& run = *runs_[i].pages;
        readers.push_back(std::make_unique<core::SegmentReader>(run, run.page_count(), memory));
        sources.push_back({readers.back().get(), nullptr});
    }
    return core::MergeSegments(sources, out, temporary_, options, memory);
}

uint32 SegmentBuild::CompleteRuns() {
    BeginRun();
    return files_.count();
}

void SegmentBuild::AdoptRuns(std::vector<std::unique_ptr<storage::TemporaryPages>> runs,
                             std::uint64_t rows) {
    BeginRun();
    for (std::unique_ptr<storage::TemporaryPages>& run : runs) {
        runs_.push_back({std::move(run), 0});
    }
    row_count_ += rows;
}

void SegmentBuild::Finish(Relation index, uint32 segment_id, bool log,
                          storage::SegmentEntry* entry) {
    storage::SegmentPagesWriter pages(index, segment_id, log);
    core::SegmentStats stats;
    if (runs_.empty()) {
        stats = rows_->Emit(pages, temporary_, options_, std::pmr::get_default_resource());
        rows_.reset();
    } else {
        BeginRun();
        rows_.reset();
        while (runs_.size() > kFanIn) {
            MergeLastRuns(std::min(kFanIn, runs_.size() - kFanIn + 1));
            // Not to be merged again before the others were.
            std::rotate(runs_.begin(), runs_.end() - 1, runs_.end());
        }
        stats = Merge(0, pages, options_);
        runs_.clear();
    }
    if (stats.header.row_count != row_count_) {
        core::ThrowInternal("rows were lost on their way into a segment");
    }
    *entry = {};
    entry->segment_id = segment_id;
    entry->root = pages.Finish(stats.header);
    entry->rows = stats.header.row_count;
}

}  // namespace namedex::am
