// An exchange that an older generation still has in flight, for an operator who waits for a drain; and how old all are.
//
// Threads: plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace switchyard {

struct HeldExchange {
    static constexpr std::size_t kMostPath = 200;  // octets of it; one that is longer ends with "…"

    std::uint64_t generation = 0;
    std::string route, upstream;
    std::string method, path;  // the path without its query, which may hold secrets
    std::string client;
    bool tunnel = false;
    std::int64_t started_us = 0;  // steady clock: the first octet of the request
};

// All that a worker has in flight to endpoints, and how long the youngest of it has been.
struct HeldAges {
    std::uint64_t requests = 0, tunnels = 0;
    std::int64_t youngest_us = INT64_MAX;  // that: nothing is in flight
};

}  // namespace switchyard
