// What holds when an exchange is over, however it ended.
#pragma once

#include <doctest/doctest.h>

#include "tests/support/crank.h"

namespace switchyard::test {

inline void check_settled(Crank& crank) {
    const auto& upstream = *crank.context.in_force->snapshot->upstreams[0];
    for (const auto& endpoint : upstream.endpoints) {
        CHECK(endpoint.state->in_flight.load() == 0);
        const auto& local = crank.context.local(endpoint);
        CHECK(local.pool.leased == 0);
        CHECK(local.pool.idle() <= 1);
    }
    CHECK(crank.context.active_exchanges == 0);
    CHECK(crank.context.active_retries == 0);
    CHECK(crank.context.in_force->pins == 0);
    for (const auto& sent : crank.context.in_force->sent) CHECK(sent.requests + sent.tunnels == 0);
}

}  // namespace switchyard::test
