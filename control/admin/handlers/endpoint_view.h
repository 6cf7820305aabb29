// How one configured endpoint looks right now: itself, or, where it is a name, the addresses that the name has.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "control/admin/call/context.h"

namespace switchyard::control {

nlohmann::ordered_json endpoint_view(Context& context, const std::string& upstream, const config::Endpoint& endpoint);

}  // namespace switchyard::control
