// switch: all traffic of a route's split to one upstream. Rules stay as they are.
#pragma once

#include <cstdint>
#include <string>

#include "control/edits/edit.h"

namespace switchyard::control::edits {

struct Switch {
    std::string route;
    std::string to;
    std::uint32_t healthy = 1;  // refused with 409 when `to` has fewer healthy endpoints
    bool force = false;         // whatever its health
};

// The other members of the split stay, at weight 0, so that the way back is a switch as well; `to` gets the sum of
// the weights.
Result<config::Model> apply(const config::Model& model, const Facts& facts, const Switch& wanted);

}  // namespace switchyard::control::edits
