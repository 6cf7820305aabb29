// Whose bucket a request takes from under the rate limit of its route, and whose share of its requests at once. Pure;
// workers and /v1/explain call the same function.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/route/request_facts.h"
#include "proxy/route/route.h"

namespace switchyard::route {

// Who leaves the key out is limited by address: leaving it out must not be a way around. The route has a rate_table.
std::uint64_t rate_key(const Route& route, const RequestFacts& facts);
// Whose requests at once are counted; the route has key_counts.
std::uint64_t concurrency_key(const Route& route, const RequestFacts& facts);
std::uint64_t client_key(const ClientAddress& client, std::uint64_t seed);
// As rate_seed, in the table of what is under way; `table`: its seed.
std::uint64_t concurrency_seed(std::uint64_t table, std::string_view route_name);
// Tells the keys of a route from those of others. By its name: another process that goes on with the same table gives
// the route another number.
std::uint64_t rate_seed(const RateTable& table, std::string_view route_name);

}  // namespace switchyard::route
