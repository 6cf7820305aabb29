// Where the program stands in its life, and what is going on in it. Written by the server, read by the probes.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace forum {

struct Lifecycle {
    std::string colour;
    std::string version_label;
    std::atomic<bool> started = false;
    std::atomic<bool> draining = false;  // not ready any more: no new work should be sent here
    std::atomic<std::int64_t> in_flight = 0;
    std::atomic<std::int64_t> connections = 0;
    std::atomic<std::int64_t> requests_waiting = 0;  // whole requests for which no thread was free
};

}  // namespace forum
