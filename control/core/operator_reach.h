// What an operator may change: where traffic goes among what an admin has set up – weights of splits, states of
// endpoints, and rules between upstreams that open nothing which a rule or the route itself keeps closed.
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "config/model/forward.h"

namespace switchyard::control {

// In words, what of the step from one configuration to the other is beyond that; empty: an operator may take it.
std::vector<std::string> beyond_operator(const config::Model& before, const config::Model& after);

}  // namespace switchyard::control
