// How an upstream's endpoints are discovered: the source, the roll, and which guard holds whom.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "control/admin/call/context.h"

namespace switchyard::control {

// Null where nothing is discovered. `whole`: with its endpoints and what happened.
nlohmann::ordered_json discovery_view(Context& context, const std::string& upstream, bool whole);

}  // namespace switchyard::control
