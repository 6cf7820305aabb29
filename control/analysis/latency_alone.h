// How slow may a canary be that has nobody beside it? Held against the quantiles that were frozen while it had.
//
// The step in which capacity shows has no arm to compare with. Over the last kWindow seconds (fading) and at least
// kFewest requests it is too slow when half of them took longer than the old p99, or longer than twice the old p90. No
// comparison, so it stands outside the stated false alarm rate; an ordinary incident is far from either.
// Threads: one owner. Units: seconds.
#pragma once

#include <cmath>
#include <cstdint>

#include "control/analysis/evidence.h"

namespace switchyard::control::analysis {

class LatencyAlone {
  public:
    static constexpr double kWindow = 10.0;
    static constexpr double kFewest = 100.0;
    static constexpr double kMost = 0.5;

    // Off when the plan tests no latency.
    explicit LatencyAlone(bool on) : on_(on) {}

    // `tick`: as the heads' speed sees it (speed_tests.h).
    void add(const Tick& tick, bool alone) {
        if (!alone || !tick.latency_counts) {
            if (!alone) asked_ = beyond_p99_ = twice_p90_ = 0.0;
            return;
        }
        const double fade = std::exp(-tick.seconds / kWindow);
        asked_ = asked_ * fade + static_cast<double>(tick.canary.attempts);
        beyond_p99_ = beyond_p99_ * fade + static_cast<double>(tick.canary.slow[kLevels - 1]);
        twice_p90_ = twice_p90_ * fade + static_cast<double>(tick.canary.twice_p90);
    }
    bool alarmed() const { return on_ && asked_ >= kFewest && marks() >= kMost * asked_; }
    // Of the last seconds; the larger of both.
    std::uint64_t slow() const { return static_cast<std::uint64_t>(std::lround(marks())); }
    std::uint64_t asked() const { return static_cast<std::uint64_t>(std::lround(asked_)); }

  private:
    double marks() const { return beyond_p99_ > twice_p90_ ? beyond_p99_ : twice_p90_; }

    bool on_;
    double asked_ = 0.0, beyond_p99_ = 0.0, twice_p90_ = 0.0;
};

}  // namespace switchyard::control::analysis
