// Is the canary slower? Requests slower than the frozen baseline quantiles, per level, in two tests each.
//
// `latency_pXX` tests against the tolerance itself: under "the canary is at most `tolerate` times as likely to be that
// slow" it alarms at most at its rate. A shift just beyond the tolerance takes it minutes, so `latency_pXX_shift`
// stands beside it: it tests against "no slower at all" and acts only while the relative risk is certainly beyond the
// tolerance (risk_gate.h). Each has half of the level's part of the false alarm rate.
// Neither acts while hardly any of the canary's requests are slow: at a level that one in n has passed by its making,
// kLeastPart of that have to (a tail has no such part).
// Sticky splits count the first slow request of each bucket since each bet, with the design share; there the first test
// has a gate, too.
// Threads: one owner.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "control/analysis/evidence.h"
#include "control/analysis/mark_test.h"
#include "control/analysis/risk_gate.h"
#include "control/analysis/settings.h"

namespace switchyard::control::analysis {

class LatencyTests {
  public:
    static constexpr double kLeastPart = 0.5;

    // `name`: of what is slow; the rows of a level are called name_pXX, those of a tail just so. `parts`: of the false
    // alarm rate, by level.
    LatencyTests(std::string name, const std::array<double, kLevels>& tolerate,
                 const std::array<double, kLevels>& parts, const Settings& settings);
    const std::string& name() const { return name_; }

    void begin_step(bool sticky, double share);
    void add(const Tick& tick);
    void add_late(const Late& late);

    std::optional<Alarm> alarm() const;
    void rows(std::vector<Row>& out) const;
    double relative_risk(std::size_t level) const { return levels_[level].gate.relative_risk(); }

    template <class Memory>
    void remember(Memory& m) {
        for (std::size_t i = 0; i < kLevels; ++i) m(kLevelNames[i], levels_[i]);
    }

  private:
    struct Level {
        bool tested;
        double tolerate;
        double threshold;
        MarkTest guarded;
        MarkTest shift;
        RiskGate gate;
        std::uint64_t canary_marks = 0, baseline_marks = 0;  // by requests, since they counted
        std::uint64_t canary_asked = 0, baseline_asked = 0;

        void add_buckets(std::size_t level, const Tick& tick, double share);
        void add_requests(std::size_t level, const Tick& tick, double share);
        void count(std::size_t level, const Tick& tick);
        bool guarded_passed() const;

        template <class Memory>
        void remember(Memory& m) {
            m("guarded", guarded), m("shift", shift), m("gate", gate);
            m("canary_marks", canary_marks), m("baseline_marks", baseline_marks);
            m("canary_asked", canary_asked), m("baseline_asked", baseline_asked);
        }
    };

    RiskGate::Reach certain_reach(std::size_t level) const;
    bool shift_passed(std::size_t level) const;

    std::string test_name(std::size_t level) const;

    std::string name_;
    std::vector<Level> levels_;
    bool sticky_ = false;
    double share_ = 0.0;
};

}  // namespace switchyard::control::analysis
