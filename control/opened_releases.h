// The book of releases, tied to the controller, its store and the rollouts of this process.
#pragma once

#include <memory>

#include "control/core/controller.h"
#include "control/release/book/releases.h"
#include "control/rollout/runner/rollouts.h"

namespace switchyard::control {

std::unique_ptr<release::Releases> open_releases(Controller& controller, rollout::Rollouts& rollouts);

}  // namespace switchyard::control
