// How many files and connections this process may hold open at once, and what is kept back of them.
//
// The soft limit of a shell or a service manager is often 1,024, for the sake of programs that still use select(); a
// proxy needs two per exchange. Clients that open connections by the thousand must not take the descriptors that the
// others need to do anything about it: clients leave a reserve to endpoints, endpoints leave half of that to the admin
// API, the health checks and the files. The kernel gives out the lowest number that is free, so a number tells how many
// are taken.
// Threads: set once at start, before others run. Errors: none; what cannot be raised stays.
#pragma once

#include <cstdint>
#include <limits>

namespace switchyard {

struct OpenFiles {
    static constexpr std::uint64_t kLeastReserve = 32;   // an operator with a browser, a few checks, a log that rotates
    static constexpr std::uint64_t kMostReserve = 1024;  // the rest is worth more to clients
    static constexpr std::uint64_t kReservedPart = 8;    // one in so many, between these

    // Descriptors with this number or a higher one are not for them.
    int for_clients = std::numeric_limits<int>::max();
    int for_endpoints = std::numeric_limits<int>::max();

    // Of a limit; 0: unknown, and nothing is kept back.
    static OpenFiles of(std::uint64_t limit);
};

inline OpenFiles open_files;

// Raises the soft limit to the hard one and shares it out. Returns the limit that then holds.
std::uint64_t raise_open_files();

}  // namespace switchyard
