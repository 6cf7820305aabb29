// What a restart does to an e-process that is set back to the last value that was written.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "control/analysis/arm_test.h"

using namespace switchyard::control::analysis;

namespace {

constexpr double kAlpha = 0.05, kShare = 0.1, kGuard = 1.5;
constexpr int kRuns = 300, kTicks = 3000, kWrittenEvery = 25;

// Runs of a canary that is exactly as bad as is tolerated, in which the process ends when `ends` says so. Returns how
// many ever raised the alarm.
template <class Ends>
int false_alarms(Ends ends) {
    std::mt19937_64 dice(20260101);
    int alarms = 0;
    for (int run = 0; run < kRuns; ++run) {
        ArmTest test(kGuard, kFailureGrid);
        ArmTest written = test;
        std::poisson_distribution<std::uint64_t> canary(200 * kShare * .01 * kGuard),
            baseline(200 * (1 - kShare) * .01);
        for (int tick = 1; tick <= kTicks; ++tick) {
            test.add(.2, kShare, canary(dice), baseline(dice));
            if (test.evidence() >= 1.0 / kAlpha) {
                ++alarms;
                break;
            }
            if (ends(dice, test, written)) test = written;
            if (tick % kWrittenEvery == 0) written = test;
        }
    }
    return alarms;
}

}  // namespace

TEST_CASE("killed at moments that know nothing of the arms, a restored test keeps its false alarm rate") {
    for (const int mean : {10, 100, 1000}) {
        CAPTURE(mean);
        const int alarms = false_alarms([&](std::mt19937_64& dice, const ArmTest&, const ArmTest&) {
            return std::uniform_int_distribution<int>(1, mean)(dice) == 1;
        });
        CHECK(alarms <= kAlpha * kRuns);
    }
}

TEST_CASE("who kills it whenever the evidence has fallen does raise false alarms: the moment must not depend on it") {
    const int alarms = false_alarms([](std::mt19937_64&, const ArmTest& now, const ArmTest& written) {
        return now.evidence() < written.evidence();
    });
    CHECK(alarms > 2 * kAlpha * kRuns);
}
