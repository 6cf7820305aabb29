// The baseline's p50, p90 and p99, frozen before they are used, so that "slow" is decided before the data is seen.
//
// Invariants: frozen from at least kFewestSamples; a threshold is the last bucket that is still not slow.
// Threads: plain value. Units: histogram buckets; microseconds where it says so.
#pragma once

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

    // Nobody waits for less, and below it the wake-up of a process that is asked seldom, as a canary's is, counts for
    // more than its release: faster than this is never slow, whatever the baseline does.
    static constexpr std::uint64_t kLeastSlow = 1000;  // microseconds

    std::array<std::size_t, kLevels> buckets{};

    // Empty when the baseline has not served enough yet.
    static std::optional<FrozenQuantiles> from(const Histogram& baseline);
    // The last bucket that is not of the tail.
    std::size_t tail() const { return Histogram::index(kTailTimes * microseconds(kLevels - 1)); }
    std::uint64_t microseconds(std::size_t level) const { return Histogram::upper(buckets[level]); }
    SlowCounts count(const Histogram& tick) const;
    bool slow(std::size_t level, std::size_t bucket) const { return bucket > buckets[level]; }

    template <class Memory>
    void remember(Memory& m) {
        m("buckets", buckets);
    }
};

// How many of a histogram's values lie in buckets that are wholly above `microseconds`.
std::uint64_t count_above(const Histogram& histogram, std::uint64_t microseconds);

}  // namespace switchyard::control::analysis
