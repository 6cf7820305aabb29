// What the operator writes, as plain data: the whole configuration of one generation.
//
// Its parts stand in config/model/, one file each, so that a new key rebuilds what knows its part; a header that only
//   passes a model on needs config/model/forward.h.
// A leaf: knows nothing of JSON, sockets or the rest of the program. No logic but equality.
// Invariants (kept by parse + validate, relied on by everything else): every name that is referred to exists;
//   names and addresses are unique in their scope; weights, times and sizes are inside their limits.
// Threads: plain values. Units: std::chrono::milliseconds for time, bytes for sizes; 0 means "off" or "no limit"
//   wherever a member says so.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/model/certificate.h"
#include "config/model/listener.h"
#include "config/model/process.h"
#include "config/model/route.h"
#include "config/model/upstream.h"

namespace switchyard::config {

struct Model {
    Process process;
    std::map<std::string, Certificate> certificates;
    std::vector<Listener> listeners;
    std::map<std::string, Upstream> upstreams;
    std::vector<Route> routes;
    bool operator==(const Model&) const = default;
};

}  // namespace switchyard::config
