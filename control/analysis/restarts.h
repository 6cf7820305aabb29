// When a test places fresh stakes, so that a long clean time does not blunt it.
//
// Without restarts, an hour without failures drives the evidence so far down that a later leak takes minutes to show.
// A test therefore keeps part of its stake back and places it in equal parts every `every`: what has been placed and
// what is still in hand never exceeds 1, so the false alarm rate stays what it was.
// Invariants: at_start + in_horizon <= 1; the sum of all due() values is at most 1 for ever.
// Threads: plain value. Units: seconds of the caller's clock.
#pragma once

#include <cstdint>

namespace switchyard::control::analysis {

struct Restarts {
    double at_start = 0.5;     // the stake placed before the first tick
    double in_horizon = 0.25;  // spread evenly over the first horizon; every later horizon gets half of what is left
    double every = 5.0;        // seconds between stakes: a regression waits 2.5 s on average for a fresh one
    double horizon = 3600.0;   // seconds; how long the rollout is expected to take

    static Restarts none() { return {1.0, 0.0, 5.0, 3600.0}; }
};

class RestartClock {
  public:
    explicit RestartClock(Restarts restarts)
        : restarts_(restarts), kept_(1.0 - restarts.at_start), part_(restarts.in_horizon) {
        per_horizon_ = static_cast<std::uint64_t>(restarts.horizon / restarts.every);
        if (per_horizon_ == 0) per_horizon_ = 1;
    }

    double at_start() const { return restarts_.at_start; }
    double kept() const { return kept_ > 0.0 ? kept_ : 0.0; }  // not placed yet

    // Moves the clock and returns the stake to place before this tick's marks are counted; mostly 0.
    double due(double seconds) {
        elapsed_ += seconds;
        double stake = 0.0;
        while (elapsed_ >= restarts_.every) {
            elapsed_ -= restarts_.every;
            stake += part_ / static_cast<double>(per_horizon_);
            if (++placed_ % per_horizon_ == 0) part_ = (kept_ - stake) / 2.0;
        }
        if (stake > kept_) stake = kept_;
        kept_ -= stake;
        return stake;
    }

    template <class Memory>
    void remember(Memory& m) {
        m("kept", kept_), m("part", part_), m("elapsed", elapsed_), m("placed", placed_);
    }

  private:
    Restarts restarts_;
    double kept_;
    double part_;
    double elapsed_ = 0.0;
    std::uint64_t per_horizon_ = 1;
    std::uint64_t placed_ = 0;
};

}  // namespace switchyard::control::analysis
