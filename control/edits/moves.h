// Which traffic a change moves, and where, in words: what an operator wants to read before and after it.
//
// One line for each split, rule, route and endpoint whose requests go elsewhere; what only changes how they are served
//   (timeouts, headers, limits) is not told here. Empty: no traffic moves.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "config/model.h"

namespace switchyard::control::edits {

std::vector<std::string> moves(const config::Model& before, const config::Model& after);

}  // namespace switchyard::control::edits
