// A configuration tried out by workers that no client knows: each listener is bound to a socket in a private folder and
// gets one request, each endpoint is checked once, and the workers have to be as ready as /readyz asks.
//
// Nothing of it reaches an application but the checks. Of a listener is tried how it is spoken to (TLS, HTTP/2, PROXY
// protocol, access list); whom it asks for a certificate is not, as none is there to be shown.
// Threads: control, before there is a loop: try_out() waits, for kMost at most. Nothing of it is left then.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/model/forward.h"
#include "control/base/result.h"
#include "control/rehearsal/checks.h"
#include "proxy/snapshot/known_addresses.h"
#include "proxy/snapshot/led_routes.h"

namespace switchyard::control {

// When all else is done, endpoints that are down are looked at again for so long: one may be about to come back.
inline constexpr std::chrono::seconds kPatience{5};
// Ten thousand endpoints on a busy machine are checked by then; a rehearsal has half a minute.
inline constexpr std::chrono::seconds kMost{20};

struct TrialOrder {
    std::uint64_t generation = 0;
    unsigned workers = 1;
    KnownAddresses known;
    LedRoutes led;
    EndpointNames up;    // by the running program's checks
    std::string folder;  // where a socket may be made, and only this user comes in
};

// What came of it.
struct TrialSight {
    std::vector<unsigned> behind;                  // workers that do not route by it
    std::map<std::string, std::string> listeners;  // what is wrong with each; empty: it has answered
    bool all_checked = false;
    EndpointNames up, unknown;  // `unknown`: it has not answered yet
    std::map<EndpointName, std::string> down;
};

// Pure. Of an upstream that has endpoints which are up for the running program, one is up for this one as well.
Result<void> verdict_of(const TrialSight& sight, const EndpointNames& up_before);

Result<TrialSight> try_out(const config::Model& model, const TrialOrder& order);

}  // namespace switchyard::control
