// What one run of the engine is to do. Immutable once the engine has started.
#pragma once

#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/yardbench/engine/pacer.h"
#include "bench/yardbench/engine/response_reader.h"
#include "bench/yardbench/engine/secure.h"

namespace yardbench {

struct Plan {
    sockaddr_storage address{};  // where to connect to, already resolved
    socklen_t address_length = 0;
    unsigned threads = 1;
    unsigned connections = 64;      // of the whole run; shared out over the threads
    Pacer::Timetable timetable;     // open loop when it has a rate, else closed loop
    Nanos warm_up = 0;              // first part, not measured
    Nanos duration = 10 * kSecond;  // measured part
    std::uint64_t requests = 0;     // > 0: stop after this many instead, whatever the duration
    Nanos timeout = 10 * kSecond;   // one request, connecting included
    bool close_each = false;        // a new connection for every request
    unsigned streams = 0;           // HTTP/2, with so many requests at once on each connection; 0: HTTP/1.1
    SecureChoice secure;            // by TLS, when on
    Wanted wanted;
    std::vector<int> processors;  // pin thread i to processors[i % n]; empty: not pinned
    std::uint32_t tags = 1;       // how many kinds of request the workload names

    // Requests at once: slots, over all threads.
    unsigned slots() const { return connections * std::max(streams, 1U); }
};

}  // namespace yardbench
