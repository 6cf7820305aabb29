// The absolute limits: what certifies a canary, and what still guards it when there is no baseline to compare with.
//
// Breach (rolls back): only from ticks in which the canary is alone – the split gives it kAlone or more, or the
// baseline has been silent for kQuiet seconds – because beside a baseline a breach that both share is no reason.
//   Without an explicit limit it is the baseline's own rate so far times the tolerance, never below kDefaultLimit.
// Certified (may promote): the canary's rate in this step is below the limit at kCertain.
// Threads: one owner. Units: rates are fractions.
#pragma once

#include <optional>
#include <vector>

#include "control/analysis/bernoulli_interval.h"
#include "control/analysis/evidence.h"
#include "control/analysis/settings.h"

namespace switchyard::control::analysis {

class SloGuard {
  public:
    static constexpr double kAlone = 0.95;
    static constexpr double kQuiet = 30.0;
    static constexpr double kDefaultLimit = 0.01;
    static constexpr double kCertain = 0.05;
    static constexpr std::uint64_t kFewestForRate = 300;  // baseline attempts before its rate means anything

    SloGuard(const Settings& settings, const Budget& budget);

    void begin_step(double share);
    // For a switch without a concurrent baseline: what the baseline did just before.
    void set_baseline(std::uint64_t failures, std::uint64_t attempts);
    void add(const Tick& tick);
    void add_late(const Tick& tick) { baseline_ += tick.baseline; }

    std::optional<Alarm> alarm() const;
    bool certified() const;
    bool slower_than_limit() const;  // the absolute p99 limit is broken in this step, at kCertain
    void rows(std::vector<Row>& out) const;
    bool alone() const { return alone_; }
    double failure_limit() const { return errors_.limit(); }
    // What will hold when the canary is alone, and the baseline's own failures of the last seconds (0: hardly asked),
    // or of the very last where these are beyond that for certain: an incident that has just begun.
    double limit_alone() const;
    double baseline_rate() const;

    template <class Memory>
    void remember(Memory& m) {
        double limit = errors_.limit();
        m("limit", limit), m("alone", alone_), m("baseline", baseline_), m("while_alone", while_alone_);
        errors_ = BernoulliTest(limit);
    }
    template <class Memory>
    void remember_step(Memory& m) {
        m("slo_step", step_), m("slo_recent", recent_), m("slo_newest", newest_);
        m("slo_quiet", baseline_quiet_), m("slo_asked_since", asked_since_);
    }

  private:
    // The baseline's requests of the last seconds, fading.
    struct Recent {
        double span;  // seconds
        double asked = 0.0, failed = 0.0;
        void add(const Tick& tick);

        template <class Memory>
        void remember(Memory& m) {
            m("asked", asked), m("failed", failed);
        }
    };
    static constexpr double kFewestRecent = 20.0;

    Settings settings_;
    double threshold_;
    double alpha_;
    BernoulliTest errors_;
    BernoulliTest slow_;
    double share_ = 0.0;
    bool alone_ = false;
    double baseline_quiet_ = 0.0;
    bool asked_since_ = false;  // the canary, since the baseline was asked last
    Recent recent_{10.0}, newest_{1.0};
    ArmCounts baseline_;     // since the rollout began
    ArmCounts step_;         // canary, this step
    ArmCounts while_alone_;  // canary, since it is alone
};

}  // namespace switchyard::control::analysis
