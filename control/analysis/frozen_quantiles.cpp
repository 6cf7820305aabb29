#include "control/analysis/frozen_quantiles.h"

namespace switchyard::control::analysis {

std::optional<FrozenQuantiles> FrozenQuantiles::from(const Histogram& baseline) {
    if (baseline.total() < kFewestSamples) return std::nullopt;
    FrozenQuantiles frozen;
    for (std::size_t level = 0; level < kLevels; ++level)
        frozen.buckets[level] = Histogram::index(baseline.quantile(kLevelQuantiles[level]));
    return frozen;
}

SlowCounts FrozenQuantiles::count(const Histogram& tick) const {
    SlowCounts slow{};
    std::uint64_t above = 0;
    std::size_t level = kLevels;
    const std::array<std::size_t, kLevels> limits{limit(0), limit(1), limit(2)};
    // From the slowest bucket down: each level takes what has been passed when its threshold is reached.
    for (std::size_t bucket = Histogram::kBuckets; bucket-- > 0 && level > 0;) {
        while (level > 0 && bucket == limits[level - 1]) slow[--level] = above;
        above += tick.at(bucket);
    }
    return slow;
}

std::uint64_t count_above(const Histogram& histogram, std::uint64_t microseconds) {
    std::uint64_t above = 0;
    for (std::size_t bucket = Histogram::index(microseconds) + 1; bucket < Histogram::kBuckets; ++bucket)
        above += histogram.at(bucket);
    return above;
}

}  // namespace switchyard::control::analysis
