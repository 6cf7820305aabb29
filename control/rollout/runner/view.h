// A rollout as JSON: what GET /v1/rollouts/{id} answers, and the report that is kept with it.
//
// Threads: control; pure over what it is given. Units: weights in percent, latencies in milliseconds.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/rollout/runner/live_rollout.h"

namespace switchyard::control::rollout {

nlohmann::ordered_json summary(const LiveRollout& rollout);  // one line of the list
nlohmann::ordered_json view(const LiveRollout& rollout);     // steps, evidence, both arms, why it waits
nlohmann::ordered_json report(const LiveRollout& rollout);   // view, journal and timeline

}  // namespace switchyard::control::rollout
