// Which rollout holds which route, by the journals alone: for a start, before anything runs.
//
// Pure.
#pragma once

#include <map>
#include <string>

namespace switchyard::control::rollout {

// Route → id of the rollout.
std::map<std::string, std::string> holders(const std::map<std::string, std::string>& journals);

}  // namespace switchyard::control::rollout
