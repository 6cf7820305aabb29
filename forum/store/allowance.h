// What each account has sent to be stored since its day began: counted in the database, with the change that stores it.
// So it is the same for all processes, a restart forgets nothing, and what was not stored is not counted.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>

#include "forum/domain/instant.h"
#include "forum/store/connection.h"

namespace forum {

struct Allowance {
    std::int64_t texts = 0;
    std::int64_t bytes = 0;
    Instant ends_at = 0;  // when the account's day is over
};

// Counts more of it; what was used of this day with it. A day that began in the future is over too: a clock was wrong.
Allowance use_allowance(Connection& connection, std::int64_t user, std::int64_t texts, std::int64_t bytes, Instant at);

}  // namespace forum
