// Is the canary slower? Requests slower than the frozen baseline quantiles, per level, in two tests each.
//
// `latency_pXX` tests against the tolerance itself: under "the canary is at most `tolerate` times as likely to be that
// slow" it alarms at most at its rate. A shift just beyond the tolerance takes it minutes, so `latency_pXX_shift`
// stands beside it: it tests against "no slower at all" and acts only while the estimated relative risk of the last
// seconds is at or beyond the tolerance. Each has half of the level's part of the false alarm rate.
// Sticky splits count the first slow request of each bucket, with the design share.
// Threads: one owner.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "control/analysis/arm_test.h"
#include "control/analysis/evidence.h"
#include "control/analysis/settings.h"

namespace switchyard::control::analysis {

class LatencyTests {
  public:
    LatencyTests(const Settings& settings, const Budget& budget);

    void begin_step(bool sticky, double share);
    void add(const Tick& tick);

    std::optional<Alarm> alarm() const;
    void rows(std::vector<Row>& out) const;
    double relative_risk(std::size_t level) const;  // estimate over the last seconds; 1 when nothing is known

    template <class Memory>
    void remember(Memory& m) {
        for (std::size_t i = 0; i < kLevels; ++i) m(kLevelNames[i], levels_[i]);
    }

  private:
    struct Level {
        bool tested;
        double tolerate;
        double threshold;
        ArmTest guarded;
        ArmTest shift;
        // Mantel–Haenszel sums over a fading window.
        double canary_weight = 0.0, baseline_weight = 0.0;
        std::uint64_t canary_marks = 0, baseline_marks = 0;

        template <class Memory>
        void remember(Memory& m) {
            m("guarded", guarded), m("shift", shift);
            m("canary_weight", canary_weight), m("baseline_weight", baseline_weight);
            m("canary_marks", canary_marks), m("baseline_marks", baseline_marks);
        }
    };

    std::vector<Level> levels_;
    bool sticky_ = false;
    double share_ = 0.0;
};

}  // namespace switchyard::control::analysis
