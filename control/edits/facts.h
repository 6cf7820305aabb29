// What is true right now about the upstreams, for preconditions such as "only if green has 3 healthy endpoints".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/model/endpoint.h"

namespace switchyard::control {

// Of one endpoint, whatever the operator wants of it.
struct EndpointFacts {
    bool up = false;  // found up by health checks, or there are none
    bool ejected = false;
    bool draining = false;  // it asks for no new requests
    bool checked = true;    // false: its first check is not over, so nothing is known
    bool resolved = true;   // false: its name has no address
};

struct UpstreamFacts {
    std::uint32_t endpoints = 0;
    std::uint32_t healthy = 0;  // wanted up by the operator, of a weight above 0, found up, not ejected, not draining
    std::uint64_t in_flight = 0;
    std::map<std::string, EndpointFacts> by_address = {};
    std::vector<config::Endpoint> discovered = {};  // as found, before any override
};

using Facts = std::map<std::string, UpstreamFacts>;

}  // namespace switchyard::control
