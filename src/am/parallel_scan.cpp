#include "am/parallel_scan.hpp"

#include "pg/boundary.hpp"

namespace namedex::am {

namespace {

// A chunk is a share of the segment's rows that are left, so that all end at about the same time;
// but not so few that looking up their postings costs more than reading these, and not more than
// are worth having in memory at once, as a bitmap.
constexpr std::uint64_t kShare = 6;
constexpr std::uint64_t kMinChunk = std::uint64_t{1} << 17;
constexpr std::uint64_t kMaxChunk = std::uint64_t{1} << 24;

}  // namespace

ParallelScan* ParallelScan::Of(IndexScanDesc scan) {
    if (scan->parallel_scan == nullptr) {
        return nullptr;
    }
    return reinterpret_cast<ParallelScan*>(reinterpret_cast<char*>(scan->parallel_scan) +
                                           compat::OffsetOfParallelState(scan->parallel_scan));
}

void ParallelScan::Init() {
    SpinLockInit(&mutex_);
    ConditionVariableInit(&opened_);
    state_ = State::kNew;
}

void ParallelScan::Restart() {
    SpinLockAcquire(&mutex_);
    state_ = State::kNew;
    SpinLockRelease(&mutex_);
}

bool ParallelScan::IsFirst() {
    return pg::Call([this] {
        for (;;) {
            SpinLockAcquire(&mutex_);
            const State state = state_;
            if (state == State::kNew) {
                state_ = State::kOpening;
            }
            SpinLockRelease(&mutex_);
            if (state != State::kOpening) {
                ConditionVariableCancelSleep();
                return state == State::kNew;
            }
            ConditionVariableSleep(&opened_, PG_WAIT_EXTENSION);
        }
    });
}

void ParallelScan::Publish(const storage::MetaData& meta) {
    list_.identity = meta.identity;
    list_.fold_signature = meta.fold_signature;
    list_.count = meta.segment_count;
    std::copy_n(meta.segments, meta.segment_count, list_.segments);
    SpinLockAcquire(&mutex_);
    segment_ = 0;
    row_ = 0;
    state_ = State::kOpen;
    SpinLockRelease(&mutex_);
    pg::Call([this] { ConditionVariableBroadcast(&opened_); });
}

std::optional<ParallelScan::Chunk> ParallelScan::TakeChunk() {
    std::optional<Chunk> chunk;
    SpinLockAcquire(&mutex_);
    while (segment_ < list_.count && row_ == list_.segments[segment_].rows) {
        ++segment_;
        row_ = 0;
    }
    if (segment_ < list_.count) {
        const std::uint64_t left = list_.segments[segment_].rows - row_;
        const std::uint64_t share = std::clamp(left / kShare, kMinChunk, kMaxChunk);
        chunk = Chunk{segment_, row_, row_ + std::min(left, share)};
        row_ = chunk->end;
    }
    SpinLockRelease(&mutex_);
    return chunk;
}

}  // namespace namedex::am
