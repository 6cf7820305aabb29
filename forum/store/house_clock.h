// The time by which housekeeping deletes: never ahead of what the database itself knows to have passed.
//
// A clock that is wrong by a month (a machine that came up with an empty battery, a guest that was frozen) would make
// every session and key look expired, and deleting cannot be taken back. So this process believes that it is at most an
// hour later than the newest that was in the database when it started, and as much as went by since then. Where nothing
// goes on, rows are deleted later than they could be, which costs nothing.
//
// Threads: one.
#pragma once

#include <chrono>
#include <optional>

#include "forum/domain/instant.h"

namespace forum {

class HouseClock {
  public:
    using Steady = std::chrono::steady_clock::time_point;

    // Whether known() still has to be told.
    bool knows() const { return known_.has_value(); }
    // `newest` of the database, at this moment.
    void known(Instant newest, Steady at);
    // What to take for the time; nothing while nothing is known.
    std::optional<Instant> time(Instant wall, Steady at) const;

  private:
    std::optional<Instant> known_;
    Steady since_;
};

}  // namespace forum
