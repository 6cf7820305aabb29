// The report as one HTML page that needs nothing else: tables, and the dashboard's own pictures of weights, failures,
// latency and evidence over time, drawn by its own script.
//
// Threads: pure. Everything that came from outside is escaped, and the page's policy lets that one script run and no
// other.
#pragma once

#include <string>

#include "control/rollout/runner/live_rollout.h"

namespace switchyard::control::rollout {

std::string report_page(const LiveRollout& rollout);

}  // namespace switchyard::control::rollout
