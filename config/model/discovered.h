// The endpoints of an upstream: those that are written, then those that were found, as the operator wants them.
//
// What is found at an address that is written is the written one. A source may say that an endpoint drains; an operator
// can take it out further, not bring it back.
// Pure. Threads: any.
#pragma once

#include <vector>

#include "config/model/endpoint.h"
#include "config/model/upstream.h"

namespace switchyard::config {

Endpoint overridden(Endpoint found, const Upstream& upstream);
std::vector<Endpoint> all_endpoints(const Upstream& upstream, const std::vector<Endpoint>& found);

}  // namespace switchyard::config
