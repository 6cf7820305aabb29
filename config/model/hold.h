// A route that keeps its requests waiting for a while, or answers them with a page: while a database is migrated, say.
#pragma once

#include <cstdint>
#include <string>

#include "config/model/respond.h"

namespace switchyard::config {

struct Hold {
    std::string until;           // a moment; empty: nothing is held
    std::uint32_t limit = 1000;  // requests that wait, over all workers; beyond them 503
    Respond respond;             // answered at once instead of waiting; status 0: they wait
    bool operator==(const Hold&) const = default;

    bool on() const { return !until.empty(); }
};

// Each holds a connection and its head, some 40 KB.
inline constexpr std::int64_t kMostHeld = 100'000;

}  // namespace switchyard::config
