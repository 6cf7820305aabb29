// Which upstreams a change takes traffic from: those are worth draining.
#pragma once

#include <set>
#include <string>

#include "config/model/forward.h"

namespace switchyard::control {

// Upstreams whose share of some split fell, that some rule no longer names, that lost or parked an endpoint, or that
// are gone with their route.
std::set<std::string> leaving(const config::Model& before, const config::Model& after);

}  // namespace switchyard::control
