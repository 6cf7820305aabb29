// Whether the oldest of the processes that served before may be ended, so that there is room for another upgrade: what
// it has in flight has had the time that upgrades give (drain_within), or an operator says so.
//
// Pure. Threads: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace switchyard::control::upgrade {

// What a process has in flight to endpoints.
struct Ages {
    std::uint64_t requests = 0, tunnels = 0;
    std::optional<std::chrono::milliseconds> youngest;  // none: nothing is in flight
};

// Empty: it may be ended. `ages`: none, it does not say.
std::string why_not_ended(const std::optional<Ages>& ages, std::chrono::milliseconds drain_within);

}  // namespace switchyard::control::upgrade
