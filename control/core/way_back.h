// Where an undo without a number returns to: before the last thing that an operator did.
//
// A rollout is one thing, whatever the number of its generations: before its first. Where others changed something
//   meanwhile their changes stay, and only the routes of the rollout return. An automatic return (not confirmed, a
//   watched switch) has undone the last thing already: nothing is left to do, and the release that it took away does
//   not come back.
// Threads: control. Errors: 409 when there is nothing earlier, 404 when it is no longer in the history.
#pragma once

#include <cstdint>
#include <string>

#include "config/model.h"
#include "control/base/result.h"
#include "control/store/store.h"

namespace switchyard::control {

// Verbs, as the audit names them, of generations that are told apart here.
inline constexpr const char* kRolloutVerb = "rollout";  // a step of a rollout, its end or its return
inline constexpr const char* kWatchVerb = "watch";      // a watched switch has gone back
inline constexpr const char* kUnconfirmedVerb = "not-confirmed";
inline constexpr const char* kHoldEndedVerb = "hold-ended";  // a hold whose time is over

struct WayBack {
    std::uint64_t generation = 0;  // whose configuration is meant
    std::string why;               // empty: simply the one before
    // Not empty: only what is between this generation and `generation` returns, the rest stays as it is now.
    std::uint64_t only_since = 0;
};

Result<WayBack> way_back(Store& store, std::uint64_t in_force);

// `now` with the splits and sticky keys of `earlier` in those routes in which `earlier` and `begun` differ.
config::Model with_routes_back(config::Model now, const config::Model& earlier, const config::Model& begun);

}  // namespace switchyard::control
