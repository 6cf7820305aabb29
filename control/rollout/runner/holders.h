// Which rollout holds which route, by the journals alone: for a start, before anything runs.
//
// Pure.
#pragma once

#include <map>
#include <string>

namespace switchyard::control::rollout {

struct HeldBy {
    std::string rollout, to;  // its id, and the upstream it leads to
};

// By route.
std::map<std::string, HeldBy> holders(const std::map<std::string, std::string>& journals);

}  // namespace switchyard::control::rollout
