// switchyard_rollout_evidence and switchyard_rollout_weight, of the rollouts that hold a route.
//
// Threads: control; pure over what it is given. Bounded: ended rollouts are left out.
#pragma once

#include "control/metrics/exposition.h"
#include "control/rollout/runner/rollouts.h"

namespace switchyard::control::rollout {

void write_rollout_metrics(Exposition& out, const Rollouts& rollouts);

}  // namespace switchyard::control::rollout
