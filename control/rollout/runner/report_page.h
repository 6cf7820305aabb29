// The report as one HTML page that needs nothing else: inline SVG of weights, error rates, latency, evidence, events.
//
// Threads: pure. Everything that came from outside is escaped.
#pragma once

#include <string>

#include "control/rollout/runner/live_rollout.h"

namespace switchyard::control::rollout {

std::string report_page(const LiveRollout& rollout);

}  // namespace switchyard::control::rollout
