// When the generation in force is compiled again under its number: what it says is the same, and what that means is
// not.
//
// Pure.
#pragma once

#include <map>
#include <string>

#include "config/model/forward.h"
#include "control/rollout/runner/rollouts.h"

namespace switchyard::control {

// Route → the upstream that a rollout leads it to.
std::map<std::string, std::string> led_by(const rollout::Rollouts& rollouts);
bool speaks_of_candidates(const config::Model& model);
bool refers_to_secrets(const config::Model& model);

}  // namespace switchyard::control
