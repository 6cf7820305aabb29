// Requests that hang: they are no failures before their time limit ends, and by then a rollout of short steps is far
// up.
//
// The workers tell who waits for a head longer than the old p99. Where they do not: of `rate` requests a second that
// all take at most the old p99, at most rate × p99 are under way at a time (Little 1961), and what is beyond that waits
// longer. A step is not left upwards while these are more than kMost of the canary's requests in it beyond twice the
// baseline's part (long downloads and event streams are in both). It holds, it rolls nothing back: the time limits and
// the latency tests do that. Threads: one owner. Units: seconds, requests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "control/analysis/evidence.h"

namespace switchyard::control::analysis {

class Waiting {
  public:
    static constexpr double kMost = 0.01;
    static constexpr double kFewest = 3.0;  // one or two are chance
    static constexpr double kWindow = 10.0;

    void begin_step() { canary_ = baseline_ = {}; }

    void add(const Tick& tick) {
        old_p99_ = tick.old_p99;
        canary_.add(tick.seconds, tick.canary.attempts, tick.canary_in_flight, tick.canary_waiting);
        baseline_.add(tick.seconds, tick.baseline.attempts, tick.baseline_in_flight, tick.baseline_waiting);
    }
    // How many of the canary's requests wait longer than the old p99, when that is too many; else 0.
    std::uint64_t too_many() const {
        if (old_p99_ <= 0.0) return 0;
        const double waiting = canary_.beyond(old_p99_);
        const double allowed = (kMost + 2.0 * baseline_.part(old_p99_)) * (canary_.asked + waiting);
        return waiting >= kFewest && waiting > allowed ? static_cast<std::uint64_t>(waiting) : 0;
    }

    template <class Memory>
    void remember(Memory& m) {
        m("canary", canary_), m("baseline", baseline_), m("old_p99", old_p99_);
    }

  private:
    struct Arm {
        double asked = 0.0, recent = 0.0, seconds = 0.0, under_way = 0.0;
        std::optional<std::uint64_t> told;

        template <class Memory>
        void remember(Memory& m) {
            m("asked", asked), m("recent", recent), m("seconds", seconds), m("under_way", under_way), m("told", told);
        }
        void add(double passed, std::uint64_t ended, std::uint64_t now, std::optional<std::uint64_t> waiting) {
            told = waiting;
            const double fade = std::exp(-passed / kWindow);
            asked += static_cast<double>(ended);
            recent = recent * fade + static_cast<double>(ended);
            seconds = seconds * fade + passed;
            under_way = static_cast<double>(now);
        }
        double beyond(double old_p99) const {
            if (told) return static_cast<double>(*told);
            const double rate = seconds > 0.0 ? recent / seconds : 0.0;
            return std::max(0.0, under_way - rate * old_p99);
        }
        double part(double old_p99) const {
            const double waiting = beyond(old_p99);
            return asked + waiting > 0.0 ? waiting / (asked + waiting) : 0.0;
        }
    };
    Arm canary_, baseline_;
    double old_p99_ = 0.0;
};

}  // namespace switchyard::control::analysis
