// Does the split deliver what it promises? Counts each bucket (or request) once, and tests its arm against the share.
//
// A mismatch means that something loses requests of one arm before they are counted – a canary that kills
// connections, a routing bug – and then no comparison can be trusted. Steps with different shares each get their own
// test; the evidence is that of the step.
// Threads: one owner.
#pragma once

#include <algorithm>
#include <cstdint>

#include "control/analysis/beta_mixture.h"

namespace switchyard::control::analysis {

class SampleRatio {
  public:
    void begin(double share) {
        share_ = share;
        canary_ = baseline_ = canary_under_way_ = baseline_under_way_ = 0;
    }
    void add(std::uint64_t canary, std::uint64_t baseline) {
        canary_ += canary;
        baseline_ += baseline;
    }
    void under_way(std::uint64_t canary, std::uint64_t baseline) {
        canary_under_way_ = canary;
        baseline_under_way_ = baseline;
    }
    std::uint64_t canary() const { return canary_; }
    std::uint64_t baseline() const { return baseline_; }
    double share() const { return share_; }
    // A slow arm ends its requests later, which is no mismatch: what is under way counts in its favour.
    double log_evidence() const {
        if (share_ <= 0.0 || share_ >= 1.0) return 0.0;  // one arm gets everything: nothing to compare
        return std::min(log_beta_mixture(canary_, baseline_, share_),
                        log_beta_mixture(canary_ + canary_under_way_, baseline_ + baseline_under_way_, share_));
    }

    template <class Memory>
    void remember(Memory& m) {
        m("canary", canary_), m("baseline", baseline_);
        m("canary_under_way", canary_under_way_), m("baseline_under_way", baseline_under_way_);
    }

  private:
    double share_ = 0.0;
    std::uint64_t canary_ = 0;
    std::uint64_t baseline_ = 0;
    std::uint64_t canary_under_way_ = 0, baseline_under_way_ = 0;
};

}  // namespace switchyard::control::analysis
