// How many files and connections this process may hold open at once.
//
// The soft limit of a shell or a service manager is often 1,024, for the sake of programs that still use select(); a
// proxy needs two per exchange. Threads: called once at start, before others run. Errors: none; what cannot be raised
// stays.
#pragma once

#include <cstdint>

namespace switchyard {

// Raises the soft limit to the hard one. Returns the limit that then holds.
std::uint64_t raise_open_files();

}  // namespace switchyard
