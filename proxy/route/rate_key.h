// Whose bucket a request takes from under the rate limit of its route. Pure; workers and /v1/explain call the same
// function.
#pragma once

#include <cstdint>

#include "proxy/route/request_facts.h"
#include "proxy/route/route.h"

namespace switchyard::route {

// Who leaves the key out is limited by address: leaving it out must not be a way around. The route has a rate_table.
std::uint64_t rate_key(const Route& route, const RequestFacts& facts);

}  // namespace switchyard::route
