// All doors by which rollouts reach the process around them; a test stands behind each of them instead.
//
// Owns nothing: what stands behind outlives the rollouts.
// Threads: control.
#pragma once

#include "control/rollout/runner/clock.h"
#include "control/rollout/runner/journals.h"
#include "control/rollout/runner/outside.h"
#include "control/rollout/runner/steering.h"
#include "control/rollout/runner/workers.h"
#include "control/rollout/runner/world.h"

namespace switchyard::control::rollout {

struct Doors {
    const Clock& clock;
    Workers& workers;
    const World& world;
    Steering& steering;
    Journals& journals;
    Outside& outside;
};

}  // namespace switchyard::control::rollout
