// Which pages to ask for before they are needed: the reader of a segment goes through several
// sections side by side, each front to back, so a page that follows one read lately is likely to be
// followed by the next ones.
//
//     const ReadAhead::Range range = ahead.Advance(page, page_count, distance);
//     // ask the operating system for pages range.begin .. range.end - 1
//
// A run of pages counts as one from its third page on. Pages are asked for in pieces of half the
// distance, so that reads are large. Nothing is asked for twice while a run goes on.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace namedex::core {

class ReadAhead {
  public:
    struct Range {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };

    // `page` is read now, of pages 0 .. page_count - 1; at most `distance` pages beyond it are of
    // interest.
    Range Advance(std::uint32_t page, std::uint32_t page_count, std::uint32_t distance) {
        ++now_;
        Run* oldest = &runs_[0];
        for (Run& run : runs_) {
            if (run.length > 0 && run.next == page) {
                ++run.next;
                ++run.length;
                run.advanced = now_;
                return run.length < kLeastRun ? Range() : Ask(run, page_count, distance);
            }
            if (run.advanced < oldest->advanced) {
                oldest = &run;
            }
        }
        *oldest = {page + 1, 1, page + 1, now_};
        return {};
    }

  private:
    static constexpr std::uint32_t kLeastRun = 3;

    struct Run {
        std::uint32_t next = 0;      // the page that would continue it
        std::uint32_t length = 0;    // 0: none
        std::uint32_t asked = 0;     // up to this page, exclusive
        std::uint64_t advanced = 0;  // when
    };

    static Range Ask(Run& run, std::uint32_t page_count, std::uint32_t distance) {
        const std::uint32_t left = page_count - run.next;
        const std::uint32_t end = run.next + std::min(left, distance);
        const std::uint32_t begin = std::max(run.next, run.asked);
        if (begin >= end || (begin > run.next && end - begin < (distance + 1) / 2)) {
            return {};
        }
        run.asked = end;
        return {begin, end};
    }

    std::array<Run, 8> runs_;
    std::uint64_t now_ = 0;  // calls so far
};

}  // namespace namedex::core
