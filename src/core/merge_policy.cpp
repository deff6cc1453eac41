#include "core/merge_policy.hpp"

#include <algorithm>
#include <numeric>

namespace namedex::core {

namespace {

std::uint64_t LiveRows(const SegmentSize& segment) {
    return segment.rows - std::min(segment.rows, segment.dead);
}

std::uint32_t TierOf(std::uint64_t live) {
    std::uint32_t tier = 0;
    for (std::uint64_t rows = live / kTierRows; rows > 0; rows /= kTierSegments) {
        ++tier;
    }
    return tier;
}

// The segments before the end of the lowest tier that is full; 0: none is, or it is too large.
std::size_t FullTier(const std::vector<std::uint64_t>& ascending) {
    const bool many = ascending.size() > kMostSegments;
    const std::uint64_t all = std::accumulate(ascending.begin(), ascending.end(), std::uint64_t{0});
    for (std::size_t begin = 0; begin < ascending.size();) {
        std::size_t end = begin;
        while (end < ascending.size() && TierOf(ascending[end]) == TierOf(ascending[begin])) {
            ++end;
        }
        if (end - begin >= kTierSegments) {
            const auto to = ascending.begin() + static_cast<std::ptrdiff_t>(end);
            const std::uint64_t rows = std::accumulate(ascending.begin(), to, std::uint64_t{0});
            return many || rows <= all / 4 ? end : 0;
        }
        begin = end;
    }
    return 0;
}

// How many of the smallest cost least rows for each segment less.
std::size_t CheapestReduction(const std::vector<std::uint64_t>& ascending) {
    std::size_t best = 2;
    std::uint64_t rows = ascending[0];
    double least = 0;
    for (std::size_t count = 2; count <= ascending.size(); ++count) {
        rows += ascending[count - 1];
        const double cost = static_cast<double>(rows) / static_cast<double>(count - 1);
        if (count == 2 || cost <= least) {
            least = cost;
            best = count;
        }
    }
    return best;
}

}  // namespace

std::vector<std::size_t> ChooseMerge(const std::vector<SegmentSize>& segments) {
    std::vector<std::size_t> order(segments.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return LiveRows(segments[a]) < LiveRows(segments[b]);
    });
    std::vector<std::uint64_t> live;
    for (const std::size_t i : order) {
        live.push_back(LiveRows(segments[i]));
    }
    const auto first = [&](std::size_t count) {
        order.resize(count);
        return order;
    };
    const auto empty = static_cast<std::size_t>(std::count(live.begin(), live.end(), 0u));
    if (empty > 0) {
        return first(empty);
    }
    if (const std::size_t count = FullTier(live); count > 0) {
        return first(count);
    }
    if (segments.size() > kMostSegments) {
        return first(CheapestReduction(live));
    }
    for (const std::size_t i : order) {
        if (segments[i].dead >= segments[i].rows / 4 && segments[i].dead > 1) {
            return {i};
        }
    }
    return {};
}

}  // namespace namedex::core
