// What a balancer that goes by a key makes of a request: the hash of the client's address (ip_hash) or of the
// configured key (hash). Pure; workers and /v1/explain call the same function.
#pragma once

#include <cstdint>
#include <optional>

#include "config/model/upstream.h"
#include "proxy/route/request_facts.h"

namespace switchyard::route {

// Nothing: the balancer goes by no key, or the request does not carry it, and then chance decides.
std::optional<std::uint64_t> balance_key(const config::Balance& balance, const RequestFacts& facts);

}  // namespace switchyard::route
