// Which traffic a change moves, and where, in words: what an operator wants to read before and after it.
//
// One line for each split, rule, route and endpoint whose requests go elsewhere; what only changes how they are served
//   (timeouts, headers, limits) is not told here. Empty: no traffic moves.
// Pure. `led_to`: the upstream that a running rollout leads the route to, or empty; a rule for @candidate means it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/model/forward.h"

namespace switchyard::control::edits {

using LedTo = std::function<std::string(const std::string& route)>;

std::vector<std::string> moves(const config::Model& before, const config::Model& after, const LedTo& led_to = {});

}  // namespace switchyard::control::edits
