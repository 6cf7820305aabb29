// The cap on extra failures: what a worse canary may cost before it is sent back, whatever the tolerance says.
//
// Extra failures are the canary's beyond what the baseline's rate explains, counted from the moment since which they
// are most: an hour of luck before a regression is no credit for it. From half the cap on – what one more tick like the
// last would add counts already – evidence that the canary is worse *at all* is enough. The gate alone rolls nothing
// back: on a busy route the difference of two innocent arms passes any cap by chance.
// Evidence: the arm test with guard 1, so the chance of a false alarm is at most its part of the stated rate, if
// requests that count fail independently (what counts in a sticky split: steady_buckets.h).
// Threads: one owner. Units: seconds, counts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "control/analysis/arm_test.h"

namespace switchyard::control::analysis {

class CapTest {
  public:
    // Half: what is in flight, a tick's delay and the time until every worker routes anew come on top.
    static constexpr double kActsAt = 0.5;

    // cap 0: off. `horizon`: seconds that the rollout is expected to take.
    CapTest(std::uint64_t cap, double threshold, double horizon);

    struct Arm {
        std::uint64_t attempts = 0, failures = 0;  // of those that count
    };
    void add(double seconds, Arm canary, Arm baseline);
    // `share`: the canary's, of the requests that these failures are of.
    void add(double seconds, double share, std::uint64_t canary, std::uint64_t baseline);

    bool on() const { return cap_ > 0.0; }
    bool near() const { return on() && extra() + growth_ >= kActsAt * cap_; }
    bool alarmed() const { return near() && test_.log_evidence() >= threshold_; }
    double extra() const { return sum_ - least_; }
    double log_evidence() const { return test_.log_evidence(); }
    double threshold() const { return threshold_; }

    template <class Memory>
    void remember(Memory& m) {
        m("test", test_), m("sum", sum_), m("least", least_), m("growth", growth_);
    }

  private:
    double cap_;
    double threshold_;
    ArmTest test_;
    double sum_ = 0.0, least_ = 0.0;  // of canary failures minus the baseline's, scaled to the canary's requests
    double growth_ = 0.0;             // by the last tick
};

}  // namespace switchyard::control::analysis
