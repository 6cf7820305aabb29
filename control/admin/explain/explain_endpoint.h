// The last part of explain: what the breaker, the balancer, sessions and loads make of a request that is on its way to
// an upstream.
//
// Threads: control; pure over the snapshot and what workers share.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "proxy/route/decide.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

// Where the upstream that `decision` leads to has no endpoint, it is told what stands in. Adds upstream, endpoints, and
// endpoint as far as it is certain before a worker takes its turn; or the status of the proxy's own answer. `now_ms`:
// steady clock.
void tell_endpoint(nlohmann::ordered_json& out, std::vector<std::string>& why, const Snapshot& snapshot,
                   const route::Route& route, const route::Decision& decision, const route::RequestFacts& facts,
                   std::int64_t now_ms);

}  // namespace switchyard::control
