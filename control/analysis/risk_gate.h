// May an alarm act? While the plain relative risk, by requests, is beyond what is tolerated. It can only take alarms
// away.
//
// What it is for: users who ask the new release more often reach their first failure sooner without any request being
//   worse; and a test against "no worse at all" must not act inside the tolerance.
// It looks at the last kWindow seconds, further back while they hold fewer than kEnough marks, at most to the bet's
//   start. Where even then there are fewer, or hardly any of the canary's, the estimate says little: then its lower
//   bound must be above 1, or the baseline has no mark. A test against "no worse at all" needs more, as its evidence
//   grows without end inside the tolerance: as many canary marks as tell the tolerance from 1 by kWithin standard
//   errors, and a lower bound beyond it.
// Threads: one owner. Units: seconds. Memory: a slot a second while marks are few, at most kSlots.
#pragma once

#include <cstdint>
#include <deque>

#include "control/analysis/fresh_marks.h"

namespace switchyard::control::analysis {

class RiskGate {
  public:
    static constexpr double kWindow = 20.0;
    static constexpr std::uint64_t kEnough = 200;
    static constexpr std::uint64_t kEnoughCanary =
        30;  // of them: at a share of 1 % two hundred marks hold two of its own
    // Standard errors of the logarithm. It is looked at very often, so few marks must say more than enough of them.
    static constexpr double kFewBound = 2.0;
    static constexpr double kWithin = 4.0, kCertain = 1.8, kFewCertain = 2.5;
    static constexpr double kLeastTolerance = 1.02;  // below it no window would do
    static constexpr std::size_t kSlots = 4096;

    struct Arm {
        std::uint64_t requests = 0, marks = 0;
    };
    // As many users stand behind the arms, of a sticky split: where they are fewer than its marks, they are what an
    // arm's rate is known from.
    void users(double canary, double baseline) { canary_users_ = canary, baseline_users_ = baseline; }
    // Marks that came while bet `placed` was the last one.
    void add(double seconds, BetNumber placed, const Arm& canary, const Arm& baseline);

    // For a bet against "at most `tolerate` times the risk".
    bool beyond(double tolerate, BetNumber since) const;
    // For a bet against "no worse at all": the tolerance itself must be passed for certain.
    bool certainly_beyond(double tolerate, BetNumber since) const;
    double relative_risk() const { return look(0, 0).risk(); }  // 1 when nothing is known

    template <class Memory>
    void remember(Memory& m) {
        m("slots", slots_);
    }

  private:
    struct Slot {
        double seconds = 0.0;
        BetNumber placed = 0;
        std::uint64_t canary_requests = 0, canary_marks = 0, baseline_requests = 0, baseline_marks = 0;
        bool both() const { return canary_requests > 0 && baseline_requests > 0; }
        void operator+=(const Slot& o);

        template <class Memory>
        void remember(Memory& m) {
            m("seconds", seconds), m("placed", placed);
            m("canary_requests", canary_requests), m("canary_marks", canary_marks);
            m("baseline_requests", baseline_requests), m("baseline_marks", baseline_marks);
        }
    };
    struct Look {
        std::uint64_t canary_marks = 0, baseline_marks = 0;
        double above = 0.0, below = 0.0;  // Mantel–Haenszel sums
        double canary_users = 0.0, baseline_users = 0.0;
        double risk() const;
        double low(double errors) const;  // bound, so many standard errors below
    };
    Look look(BetNumber since, std::uint64_t enough_canary) const;

    std::deque<Slot> slots_;                            // oldest first
    double canary_users_ = 0.0, baseline_users_ = 0.0;  // of this step
};

}  // namespace switchyard::control::analysis
