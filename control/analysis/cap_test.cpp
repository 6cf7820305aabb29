#include "control/analysis/cap_test.h"

namespace switchyard::control::analysis {

namespace {

// Finer at the low end than the guarded grid: the cap is about regressions that the tolerance lets through, too.
const Grid kAnyGrid = log_spaced(1.1, 40.0);

// A regression costs failures from its first second on, so fresh stakes come every second, and more of them are kept
// for later than where only a verdict is at stake.
Restarts restarts_for(double horizon) {
    Restarts restarts;
    restarts.at_start = 0.4;
    restarts.in_horizon = 0.4;
    restarts.every = 1.0;
    restarts.horizon = horizon;
    return restarts;
}

}  // namespace

CapTest::CapTest(std::uint64_t cap, double threshold, double horizon)
    : cap_(static_cast<double>(cap)), threshold_(threshold), test_(1.0, kAnyGrid, restarts_for(horizon)) {}

void CapTest::add(double seconds, Arm canary, Arm baseline) {
    const std::uint64_t all = canary.attempts + baseline.attempts;
    const double share = all > 0 ? static_cast<double>(canary.attempts) / static_cast<double>(all) : 0.0;
    add(seconds, share, canary.failures, baseline.failures);
}

void CapTest::add(double seconds, double share, std::uint64_t canary, std::uint64_t baseline) {
    test_.add(seconds, share, canary, baseline);
    if (share <= 0.0 || share >= 1.0) return;
    growth_ = static_cast<double>(canary) - static_cast<double>(baseline) * share / (1.0 - share);
    sum_ += growth_;
    least_ = std::min(least_, sum_);
}

}  // namespace switchyard::control::analysis
