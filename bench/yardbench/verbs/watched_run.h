// Runs an engine to its end while telling how it goes: one line that is rewritten on a terminal, a plain line every
// few seconds elsewhere, on stderr. The first Ctrl-C or SIGTERM ends the run in order, so that what it has is reported.
#pragma once

#include <functional>

#include "bench/yardbench/engine/engine.h"

namespace yardbench {

struct Watched {
    Tally tally;
    bool interrupted = false;
};

// `tick` is called about twenty times a second while the run lasts; may be empty.
Watched run_watched(Engine& engine, bool quiet, const std::function<void()>& tick = {});

// True once SIGINT or SIGTERM has come, from install_interrupt() on.
bool interrupted();
void install_interrupt();

}  // namespace yardbench
