// Is the canary worse? The arm of each mark (failed or slow request) is a bet, kept as an e-process.
//
// Under "the canary's risk is at most `guard` times the baseline's, in every tick" the chance that evidence() ever
// reaches 1/a is at most a, however often it is looked at and whenever it is stopped; base rates may drift as they
// like, and an incident that hits both arms cancels. Each of the kGrid bets is on one relative risk; the evidence is
// their mean, and stakes are placed again as Restarts says.
// Invariant: evidence() >= what is kept in hand (never 0 while stakes are left); it is never NaN.
// Threads: one owner. Errors: none. Units: seconds; evidence is a plain number, log_evidence() its natural logarithm.
#pragma once

#include <array>
#include <cstdint>

#include "control/analysis/grid.h"
#include "control/analysis/restarts.h"

namespace switchyard::control::analysis {

class ArmTest {
  public:
    // Bets on guard × each factor.
    ArmTest(double guard, const Grid& factors, Restarts restarts = {});

    // One tick of `seconds`: the canary's share of the requests (or buckets), and the marks in each arm. Shares of 0
    // and 1 leave nothing to compare and change nothing.
    void add(double seconds, double share, std::uint64_t canary, std::uint64_t baseline);

    double evidence() const { return evidence_; }
    double log_evidence() const;
    double guard() const { return guard_; }

    template <class Memory>
    void remember(Memory& m) {
        m("clock", clock_), m("stakes", stakes_), m("evidence", evidence_);
    }

  private:
    void set_share(double share);

    double guard_;
    RestartClock clock_;
    Grid risk_{};       // guard × factor
    Grid log_ratio_{};  // ln(risk / guard)
    Grid log_dilution_{};
    Grid stakes_{};
    double share_ = -1.0;  // that log_dilution_ was computed for
    double evidence_ = 1.0;
};

}  // namespace switchyard::control::analysis
