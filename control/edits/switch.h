// switch: all traffic of a route's split to one upstream. Rules stay as they are.
#pragma once

#include <cstdint>
#include <string>

#include "control/edits/edit.h"

namespace switchyard::control::edits {

struct Switch {
    std::string route;
    std::string to;             // an upstream, or "@candidate"
    std::uint32_t healthy = 1;  // refused with 409 when `to` has fewer healthy endpoints
    bool force = false;         // whatever its health
};

// The upstream that `to` means: itself, or for "@candidate" the one of the route's split that gets less now.
Result<std::string> target_of(const config::Route& route, const std::string& to);

// The other members of the split stay, at weight 0, so that the way back is a switch as well; `to` gets the sum of
// the weights.
Result<config::Model> apply(const config::Model& model, const Facts& facts, const Switch& wanted);

}  // namespace switchyard::control::edits
