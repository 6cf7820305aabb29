// Whose bucket a request takes from under the rate limit of its route. Pure; workers and /v1/explain call the same
// function.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/route/request_facts.h"
#include "proxy/route/route.h"

namespace switchyard::route {

// Who leaves the key out is limited by address: leaving it out must not be a way around. The route has a rate_table.
std::uint64_t rate_key(const Route& route, const RequestFacts& facts);
// Tells the keys of a route from those of others. By its name: another process that goes on with the same table gives
// the route another number.
std::uint64_t rate_seed(const RateTable& table, std::string_view route_name);

}  // namespace switchyard::route
