#include "config/model/discovered.h"

#include <algorithm>

namespace switchyard::config {

Endpoint overridden(Endpoint found, const Upstream& upstream) {
    const auto wanted = upstream.endpoint_overrides.find(found.address.text());
    if (wanted == upstream.endpoint_overrides.end()) return found;
    if (wanted->second.state != EndpointState::up) found.state = wanted->second.state;
    if (wanted->second.weight) found.weight = *wanted->second.weight;
    return found;
}

std::vector<Endpoint> all_endpoints(const Upstream& upstream, const std::vector<Endpoint>& found) {
    std::vector<Endpoint> out = upstream.endpoints;
    if (!upstream.discover) return out;
    for (const auto& endpoint : found)
        if (std::ranges::find(upstream.endpoints, endpoint.address, &Endpoint::address) == upstream.endpoints.end())
            out.push_back(overridden(endpoint, upstream));
    return out;
}

}  // namespace switchyard::config
