// What a worker's connections that speak HTTP/2 have under way together. Threads: the worker's.
#pragma once

#include <cstdint>

namespace switchyard::serve {

struct Http2Load {
    std::uint64_t exchanges = 0;    // of the worker's, those that share a connection
    std::uint64_t unstarted = 0;    // lanes that wait for their turn to become exchanges; each holds a block
    std::uint64_t busy = 0;         // connections that have any
    std::uint64_t undelivered = 0;  // octets of bodies that have come and were not taken
};

}  // namespace switchyard::serve
