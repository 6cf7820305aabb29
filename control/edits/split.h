// split: the weights of a route. Upstreams that are left out go to weight 0 but stay members of the split.
#pragma once

#include <string>

#include "control/edits/edit.h"

namespace switchyard::control::edits {

struct SetSplit {
    std::string route;
    config::Split weights;
};

Result<config::Model> apply(const config::Model& model, const Facts& facts, const SetSplit& wanted);

}  // namespace switchyard::control::edits
