// Does a plan fit the configuration in force? What parse_plan cannot know.
//
// Threads: pure. Errors: all at once, as pointers into the plan's document.
#pragma once

#include <string>
#include <vector>

#include "config/model/forward.h"
#include "config/model/route.h"
#include "config/text/error.h"
#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

// Null where there is none of that name.
const config::Route* find_route(const config::Model& model, const std::string& name);
// What is empty was not read and is passed over.
std::vector<config::Error> fit_plan(const Plan& plan, const config::Model& model);
// True when a rule of the route sends requests past the split to either upstream: then no share is promised.
bool rules_bypass_split(const Plan& plan, const config::Model& model);
// The split of the route with `weight` for the new upstream: the old one first, members that take no part at 0.
config::Split split_at(const Plan& plan, const config::Route& route, Ppm weight);

}  // namespace switchyard::control::rollout
