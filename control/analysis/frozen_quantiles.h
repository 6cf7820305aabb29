// The baseline's p50, p90 and p99, frozen before they are used, so that "slow" is decided before the data is seen.
//
// Slow is what takes longer than a quantile and its margin: the larger of kLeastMargin and one part in kMarginPart of
// the quantile. Where all answers take nearly the same time – a fixed delay, a cache – half of them lie a hair beyond
// the p50, and a release that is slower by a hair would be slow in all of them. Both arms are held against the same
// limit, so the margin has no part in how often the tests are wrong; where latencies differ from request to request it
// hardly moves them.
// Invariants: frozen from at least kFewestSamples; a limit is the last bucket that is still not slow.
// Threads: plain value. Units: histogram buckets; microseconds where it says so.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "proxy/base/histogram.h"

namespace switchyard::control::analysis {

inline constexpr std::size_t kLevels = 3;
inline constexpr std::array<double, kLevels> kLevelQuantiles{0.50, 0.90, 0.99};
inline constexpr std::array<const char*, kLevels> kLevelNames{"p50", "p90", "p99"};

// A request is in the tail when it is slower than so many times the p99.
inline constexpr std::uint64_t kTailTimes = 4;

using SlowCounts = std::array<std::uint64_t, kLevels>;

struct FrozenQuantiles {
    static constexpr std::uint64_t kFewestSamples = 1000;  // ten of them lie beyond the p99

    // A millisecond is not noticed, and below it the wake-up of a process that is asked seldom, as a canary's is,
    // counts for more than its release: faster than this is never slow, whatever the baseline does.
    static constexpr std::uint64_t kLeastMargin = 1000;  // microseconds
    // A bucket of the histogram is as wide: what lies closer cannot be told apart.
    static constexpr std::uint64_t kMarginPart = 32;

    std::array<std::size_t, kLevels> buckets{};  // of the quantiles themselves

    // Empty when the baseline has not served enough yet.
    static std::optional<FrozenQuantiles> from(const Histogram& baseline);
    // What so many of the baseline's kept; never less than kLeastMargin, so that what goes by multiples of it is not
    // ruled by microseconds.
    std::uint64_t microseconds(std::size_t level) const {
        return std::max(kLeastMargin, Histogram::upper(buckets[level]));
    }
    // The last bucket that is not slow.
    std::size_t limit(std::size_t level) const {
        const std::uint64_t quantile = Histogram::upper(buckets[level]);
        return Histogram::index(quantile + std::max(kLeastMargin, quantile / kMarginPart));
    }
    std::uint64_t limit_us(std::size_t level) const { return Histogram::upper(limit(level)); }
    // The last bucket that is not of the tail.
    std::size_t tail() const { return Histogram::index(kTailTimes * microseconds(kLevels - 1)); }
    SlowCounts count(const Histogram& tick) const;
    bool slow(std::size_t level, std::size_t bucket) const { return bucket > limit(level); }

    template <class Memory>
    void remember(Memory& m) {
        m("buckets", buckets);
    }
};

// How many of a histogram's values lie in buckets that are wholly above `microseconds`.
std::uint64_t count_above(const Histogram& histogram, std::uint64_t microseconds);

}  // namespace switchyard::control::analysis
