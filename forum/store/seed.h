// Made-up users, posts and comments, for rehearsals and measurements. The same numbers give the same texts.
//
// Seeded users have no password that is known: no one can log in as them.
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>

#include "forum/store/connection.h"

namespace forum {

struct SeedAmounts {
    int posts = 0;
    int users = 50;
    int comments = 0;
};

void seed(Connection& connection, const SeedAmounts& amounts);

// With a few comments per post. False when there are posts already or another process was faster.
bool seed_if_empty(Connection& connection, int posts);

}  // namespace forum
