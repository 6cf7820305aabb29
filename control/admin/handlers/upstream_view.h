// How an upstream and its endpoints look right now, as status and /v1/upstreams show it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/admin/call/context.h"
#include "proxy/upstream/breaker_board.h"

namespace switchyard::control {

// Of its breaker, when it has one.
std::optional<upstream::BreakerBoard::Sight> breaker_sight(Registry& registry, const std::string& name,
                                                           const config::Upstream& upstream);
// In the queues of all workers, when it has one.
std::optional<std::uint32_t> waiting_in_queue(Registry& registry, const std::string& name,
                                              const config::Upstream& upstream);

nlohmann::ordered_json upstream_view(Context& context, const std::string& name, const config::Upstream& upstream);
nlohmann::ordered_json recent_view(const Totals::Recent& recent);

// Live facts for preconditions and the guard, from the endpoints' shared state. Each address of a name counts as an
// endpoint, a name without one as one that is not healthy; the facts of an endpoint are those of the best of its
// addresses. Without `health` it is not known which of them were never checked.
Facts facts_of(const config::Model& model, Registry& registry, const KnownAddresses& known,
               const HealthChecker* health = nullptr);

}  // namespace switchyard::control
