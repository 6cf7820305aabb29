// What changes from one model to another, in words an operator reads at night:
//   "route forum: split blue 100 → 0, green 0 → 100", "upstream blue: endpoint 127.0.0.1:9003 added (weight 2)".
#pragma once

#include <string>
#include <vector>

#include "config/model.h"

namespace switchyard::config {

std::vector<std::string> diff(const Model& before, const Model& after);

}  // namespace switchyard::config
