// Is the canary slower, at the head or in the whole of its answers, at a level or in its tail?
//
// Two speeds, each against the baseline's own frozen quantiles: `latency`, to the head, and `duration`, to the last
// octet (of answers that have an end of their own, metrics.h). Of each p50, p90 and p99 as LatencyTests says, and the
// tail – slower than kTailTimes its p99 – which finds one request in a hundred that stalls, whatever the p99 tolerates.
// Each request is asked about once, when it ends or passes the old p50, whichever is first, and is a mark of a level
// the moment it passes that: so what hangs is known. Ticks are gathered by these counts. Threads: one owner.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "control/analysis/evidence.h"
#include "control/analysis/gathering.h"
#include "control/analysis/latency_tests.h"
#include "control/analysis/settings.h"

namespace switchyard::control::analysis {

enum class Speed : std::uint8_t { head, whole };

// A tick with the counts of one speed where those of requests stand; `tail`: its tail where the first level stands.
Tick seen_by(Speed speed, bool tail, const Tick& tick);

class SpeedTests {
  public:
    SpeedTests(const Settings& settings, const Budget& budget);

    void begin_step(bool sticky, bool by_rule, double share);
    void add(const Tick& tick);
    void add_late(const Late& late);

    std::optional<Alarm> alarm() const;
    void rows(std::vector<Row>& out) const;

    template <class Memory>
    void remember(Memory& m) {
        for (One& one : all_) m(one.tests.name(), one.tests);
    }

  private:
    struct One {
        Speed speed;
        bool tail;
        LatencyTests tests;
    };
    void compare(Speed speed, const Tick& block);

    std::vector<One> all_;
    std::array<Gathering, 2> gathering_;  // by speed
    bool sticky_ = false;
};

}  // namespace switchyard::control::analysis
