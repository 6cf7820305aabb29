// Everything that is asked about failures: worse than tolerated, worse at all beyond the cap, good enough.
//
// Per-request split: every failure counts, with the tick's own share. Sticky split: the first failure of each bucket
// since each bet counts, with the design share (bucket_bets.h, risk_gate.h); the raw count of every failure runs beside
// it with a strict guard. The raw count cannot roll back a sticky rollout by itself – one user who always fails and was
// drawn into the canary would do it – but it holds promotion back. The cap stands beside both (cap_test.h). Threads:
// one owner.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/analysis/arm_test.h"
#include "control/analysis/bernoulli_interval.h"
#include "control/analysis/cap_test.h"
#include "control/analysis/evidence.h"
#include "control/analysis/mark_test.h"
#include "control/analysis/promote_test.h"
#include "control/analysis/risk_gate.h"
#include "control/analysis/settings.h"

namespace switchyard::control::analysis {

class ErrorTests {
  public:
    static constexpr double kRawGuard = 3.0;
    static constexpr double kRawFalseAlarm = 1e-4;
    static constexpr std::uint64_t kFewestFailures = 3;  // a belt: no rollback on fewer, whatever the mathematics says
    // Below this baseline rate a relative risk means little; the canary must also fail more than one in a thousand.
    static constexpr double kTinyBaseline = 0.0002;
    static constexpr double kTinyCanary = 0.001;

    ErrorTests(const Settings& settings, const Budget& budget);

    void begin_step(bool sticky, double share);
    // In a sticky split, each tick as it comes: what is counted with the share of the split.
    void add_first(const Tick& tick);
    // What is counted with the share of the requests, so of ticks in which both arms have some.
    void add(const Tick& block);
    void add_late(const Late& late);

    std::optional<Alarm> alarm() const;
    void rows(std::vector<Row>& out) const;
    // min over its counts, as each alone would be valid under its own assumption.
    double promote_evidence() const;
    // Failures beyond what the baseline's rate explains, since the rollout began.
    double extra_failures() const { return extra_; }

    // Not promotion: it is a matter of each step, and told by remember_step().
    template <class Memory>
    void remember(Memory& m) {
        m("sticky", sticky_), m("main", main_), m("gate", gate_), m("raw", raw_), m("extra", extra_);
        m("canary", canary_), m("baseline", baseline_);
        m("canary_first", canary_first_), m("baseline_first", baseline_first_);
        m("cap", cap_), m("canary_counted", canary_counted_), m("baseline_counted", baseline_counted_);
    }
    template <class Memory>
    void remember_step(Memory& m) {
        m("promote", promote_), m("promote_raw", promote_raw_);
    }

  private:
    void add_extra(double share, std::uint64_t canary, std::uint64_t baseline);
    bool matters() const;
    bool worse() const;

    double threshold_;
    double tolerate_;
    MarkTest main_;
    RiskGate gate_;  // of sticky splits
    ArmTest raw_;
    CapTest cap_;
    PromoteTest promote_;
    PromoteTest promote_raw_;
    BernoulliTest tiny_;
    bool tested_;
    bool sticky_ = false;
    double share_ = 0.0;
    ArmCounts canary_, baseline_;
    std::uint64_t canary_first_ = 0, baseline_first_ = 0;
    std::uint64_t canary_counted_ = 0, baseline_counted_ = 0;  // by the cap
    double extra_ = 0.0;
};

}  // namespace switchyard::control::analysis
