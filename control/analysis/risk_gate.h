// May an alarm act? While requests themselves are at more risk than is tolerated. It can only take alarms away.
//
// What it is for: users who ask the new release more often reach their first failure sooner without any request being
//   worse; and a test against "no worse at all" must not act inside the tolerance, although its evidence grows there
//   without end.
// It looks at the last second, two, four, eight …, and at all there was. A window opens it to a bet against "at most
//   r0 times the risk" when its estimate is beyond r0 and certainly above 1; to one against "no worse at all" when it
//   is certainly beyond the tolerance, alone or together with a neighbour that is. How certain: the signed root of the
//   deviance of the marks' arms (a standard normal where the risk is what is held against). As it is asked all the
//   time, the n-th window of a length has a part of 1/n² of one chance of being wrong.
// Of a mark that a known part of all requests has by its making – who is beyond the old p50 – it is also asked that
// enough have it in the window: where nearly all answers take the same time, a limit a margin beyond that is passed by
// hardly any, and five times as many as hardly any is no slower release. A bet acts by windows since its start only;
// reach() is the newest bet that may act. Threads: one owner. Units: seconds. Memory: a slot a second for kFine
// seconds, then one for each bet.
#pragma once

#include <cstdint>
#include <deque>

#include "control/analysis/fresh_marks.h"

namespace switchyard::control::analysis {

class RiskGate {
  public:
    static constexpr std::size_t kFine = 64, kSlots = 4096;

    using Reach = std::int32_t;
    static constexpr Reach kNoReach = -1;

    RiskGate() = default;
    // `least`: so large a part of the canary's requests have the mark, at least.
    explicit RiskGate(double least) : least_(least) {}

    struct Arm {
        std::uint64_t requests = 0, marks = 0;
    };
    // As many users stand behind the arms, of a sticky split, where each user is slow in a way of its own.
    void users(double canary, double baseline) { canary_users_ = canary, baseline_users_ = baseline; }
    // Marks that came while bet `placed` was the last one.
    void add(double seconds, BetNumber placed, const Arm& canary, const Arm& baseline);

    // The newest bet against "at most `tolerate` times the risk" that may act.
    Reach reach(double tolerate) const;
    // The newest one against "no worse at all": the tolerance itself must be passed for certain.
    Reach certain_reach(double tolerate) const;
    // The same by two kinds of marks of the same requests, where whatever has the narrow one has the wide one, too.
    static Reach joint_reach(const RiskGate& wide, double wide_tolerate, const RiskGate& narrow,
                             double narrow_tolerate);
    // Whether the tolerance is passed as it looks: nothing acts by that, but no step is left upwards.
    bool likely_beyond(double tolerate) const;
    // Whether enough have the mark, in some window, for a test that asks the gate for nothing else.
    bool often() const;
    bool beyond(double tolerate, BetNumber since) const { return since <= reach(tolerate); }
    bool certainly_beyond(double tolerate, BetNumber since) const { return since <= certain_reach(tolerate); }
    double relative_risk() const;  // of all there was; 1 when nothing is known

    template <class Memory>
    void remember(Memory& m) {
        m("slots", slots_);
        age_ = 0.0;
        for (const Slot& slot : slots_) age_ += slot.seconds;
    }

  private:
    // Some seconds, and what both arms had in them.
    struct Slot {
        double seconds = 0.0;
        BetNumber placed = 0;
        std::uint64_t canary_requests = 0, canary_marks = 0, baseline_requests = 0, baseline_marks = 0;
        double above = 0.0, below = 0.0;  // Mantel–Haenszel sums of the slots it was made of
        bool both() const { return canary_requests > 0 && baseline_requests > 0; }
        void operator+=(const Slot& o);
        void close();

        template <class Memory>
        void remember(Memory& m) {
            m("seconds", seconds), m("placed", placed);
            m("canary_requests", canary_requests), m("canary_marks", canary_marks);
            m("baseline_requests", baseline_requests), m("baseline_marks", baseline_marks);
            m("above", above), m("below", below);
        }
    };
    struct Window {
        Slot all;
        double canary_users, baseline_users, least;
        double risk() const;
        double error(double risk) const;  // standard error of the logarithm of the risk, if that is it
        // How far its risk is beyond `tolerate`, in standard errors; below 0: it is not.
        double beyond(double tolerate) const;
        bool marked() const {
            return all.canary_marks > 0 &&
                   static_cast<double>(all.canary_marks) >= least * static_cast<double>(all.canary_requests);
        }
    };
    Window empty() const { return {{}, canary_users_, baseline_users_, least_}; }
    double bound(double errors, double seconds) const;
    template <class Opens>
    Reach widen(Opens opens) const;
    Reach passed(double tolerate, double errors) const;

    double least_ = 0.0;
    std::deque<Slot> slots_;                            // oldest first; the last one is open
    double age_ = 0.0;                                  // seconds of all slots
    double canary_users_ = 0.0, baseline_users_ = 0.0;  // of this step
};

}  // namespace switchyard::control::analysis
