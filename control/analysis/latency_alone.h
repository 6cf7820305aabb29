// How slow may a canary be that has no arm beside it? Held against the quantiles that were frozen while it had.
//
// The step in which capacity shows has no arm to compare with. Over the last kWindow seconds (fading) and at least
// kFewest requests it is too slow when half of them took longer than the old p99, or longer than twice the old p90 –
// and never what the plan tolerates: at a level that may be passed t times as often as one request in n, more than t in
// n must have passed it. No comparison, so it stands outside the stated false alarm rate; an ordinary incident is far
// from either. Threads: one owner. Units: seconds.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "control/analysis/evidence.h"

namespace switchyard::control::analysis {

class LatencyAlone {
  public:
    static constexpr double kWindow = 10.0;
    static constexpr double kFewest = 100.0;
    static constexpr double kMost = 0.5;

    // `tolerate`: as the plan says, by level; 0: not tested. Off when none is.
    explicit LatencyAlone(const std::array<double, kLevels>& tolerate)
        : most_p99_(least_wrong(tolerate, kLevels)), most_p90_(least_wrong(tolerate, kLevels - 1)) {}

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
    bool alarmed() const {
        return asked_ >= kFewest && (beyond_p99_ >= most_p99_ * asked_ || twice_p90_ >= most_p90_ * asked_);
    }
    // Of the last seconds; the larger of both.
    std::uint64_t slow() const { return static_cast<std::uint64_t>(std::lround(std::max(beyond_p99_, twice_p90_))); }
    std::uint64_t asked() const { return static_cast<std::uint64_t>(std::lround(asked_)); }

    template <class Memory>
    void remember(Memory& m) {
        m("asked", asked_), m("beyond_p99", beyond_p99_), m("twice_p90", twice_p90_);
    }

  private:
    // The least part of all requests that is beyond what one of the first `levels` levels tolerates: who is beyond a
    // level is beyond those before it, too.
    static double least_wrong(const std::array<double, kLevels>& tolerate, std::size_t levels) {
        double least = kNever;
        for (std::size_t i = 0; i < levels; ++i)
            if (const double part = tolerate[i] * (1.0 - kLevelQuantiles[i]); tolerate[i] > 0.0 && part < 1.0)
                least = std::min(least, std::max(kMost, part));
        return least;
    }
    static constexpr double kNever = 2.0;  // more than all

    double most_p99_, most_p90_;
    double asked_ = 0.0, beyond_p99_ = 0.0, twice_p90_ = 0.0;
};

}  // namespace switchyard::control::analysis
