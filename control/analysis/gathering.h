// Ticks of too little traffic to compare, taken together: with one request in a tick its arm has all of them, and a
// failure says nothing about arms. For what is compared by the share of the requests; first failures of buckets are
// compared by the share of the split, which every tick has.
//
// A block ends when the split must have sent at least one request to the smaller arm and both have some, so it is
// decided by how many there are, never by what became of them; on a busy route every tick is a block of its own.
// Where an arm gets nothing for ten times as long, chance is not the reason (the sample ratio says so), and what the
// other one got is left out: it would make the first failure of the missing arm look like one of very few.
// Invariants: the seconds of all blocks add up to those of all ticks. A share of 0 or 1 gathers nothing.
// Threads: one owner.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "control/analysis/evidence.h"

namespace switchyard::control::analysis {

class Gathering {
  public:
    static constexpr double kEnough = 0.999;  // expected requests of the smaller arm: one, but for rounding
    static constexpr double kTooMany = 10.0;

    void begin(double share) {
        smaller_ = std::min(share, 1.0 - share);
        unpromised_ = false;
        block_.reset();
    }

    // By rule nothing is promised to either arm: a block ends when both have some.
    void begin_unpromised() {
        smaller_ = 0.0;
        unpromised_ = true;
        block_.reset();
    }

    std::optional<Tick> add(const Tick& tick) {
        if (smaller_ <= 0.0 && !unpromised_) return tick;
        if (block_)
            *block_ += tick;
        else
            block_ = tick;
        if (unpromised_ && both()) return std::exchange(block_, std::nullopt);
        if (unpromised_) return std::nullopt;
        const double expected = smaller_ * static_cast<double>(block_->canary.attempts + block_->baseline.attempts);
        if (expected >= kEnough && both()) return std::exchange(block_, std::nullopt);
        if (expected < kTooMany) return std::nullopt;
        Tick nothing;
        nothing.seconds = block_->seconds;
        block_.reset();
        return nothing;
    }

    // What has not made a block when the step ends, as far as it can be compared.
    std::optional<Tick> rest() {
        if (!block_ || !both()) block_.reset();
        return std::exchange(block_, std::nullopt);
    }

  private:
    bool both() const { return block_->canary.attempts > 0 && block_->baseline.attempts > 0; }

    double smaller_ = 0.0;
    bool unpromised_ = false;
    std::optional<Tick> block_;
};

}  // namespace switchyard::control::analysis
