// The life of the serving program: open, migrate, serve, drain, leave.
//
// Threads: the program's first one; it starts and ends all others. Errors: exceptions of what cannot be opened.
#pragma once

#include "forum/server/settings.h"

#include <span>

#include "forum/api/endpoint.h"

namespace forum {

// Returns the exit code. SIGTERM and SIGINT begin the end, a second one ends at once.
int serve(const Settings& settings, std::span<const Endpoint> endpoints);

}  // namespace forum
