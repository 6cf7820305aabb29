// What is allowed and all the same hardly meant: told by `switchyard check`, and never refused.
//
// Pure.
#pragma once

#include <vector>

#include "config/model.h"
#include "config/text/error.h"

namespace switchyard::config {

std::vector<Error> warnings(const Model& model);

}  // namespace switchyard::config
