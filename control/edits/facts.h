// What is true right now about the upstreams, for preconditions such as "only if green has 3 healthy endpoints".
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace switchyard::control {

struct UpstreamFacts {
    std::uint32_t endpoints = 0;
    std::uint32_t healthy = 0;  // wanted up by the operator, found up by health checks, not ejected
    std::uint64_t in_flight = 0;
};

using Facts = std::map<std::string, UpstreamFacts>;

}  // namespace switchyard::control
