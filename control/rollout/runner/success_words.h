// What a success does not say: what was not compared, and what changed without being tested.
//
// Pure. Units: latencies in milliseconds.
#pragma once

#include <string>

#include "control/analysis/evidence.h"
#include "control/analysis/frozen_quantiles.h"
#include "control/rollout/plan.h"
#include "proxy/base/histogram.h"

namespace switchyard::control::rollout {

struct SuccessFacts {
    analysis::ArmCounts from, to;                // since the rollout began
    analysis::ArmCounts to_last;                 // of the last step, which has no arm beside it
    const Histogram *from_latency, *to_latency;  // since it began; of the last step
    const Histogram *from_whole, *to_whole;      // the same of whole answers
    bool frozen = false, frozen_whole = false;   // there was something to hold them against
    double failure_limit = 0.01;                 // that held in the last step
};

// Empty: nothing worth a word.
std::string success_words(const Plan& plan, const SuccessFacts& outcome);

}  // namespace switchyard::control::rollout
