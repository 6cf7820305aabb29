// How an upstream and its endpoints look right now, as status and /v1/upstreams show it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "control/admin/context.h"

namespace switchyard::control {

nlohmann::ordered_json upstream_view(Context& context, const std::string& name, const config::Upstream& upstream);
nlohmann::ordered_json recent_view(const Totals::Recent& recent);

// Live facts for preconditions, from the endpoints' shared state.
Facts facts_of(const config::Model& model, Registry& registry);

}  // namespace switchyard::control
