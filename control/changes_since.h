// What a start has changed, for an operator who was not there: in words, and which traffic moves with it.
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "config/model/forward.h"
#include "control/store/records.h"

namespace switchyard::control {

std::vector<std::string> changes_since(const Generation& before, const config::Model& now);

}  // namespace switchyard::control
