#include "control/core/leaving.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "config/model/candidate.h"

namespace switchyard::control {
namespace {

using Shares = std::map<std::string, double>;

Shares shares(const config::Route* route) {
    Shares out;
    if (route == nullptr || route->hold.on()) return out;  // nothing goes there
    double sum = 0;
    for (const auto& [upstream, weight] : route->split) sum += weight;
    for (const auto& [upstream, weight] : route->split)
        if (weight > 0) out[upstream] = weight / sum;
    return out;
}

bool in_service(const config::Upstream& upstream, const config::Address& address) {
    return std::any_of(upstream.endpoints.begin(), upstream.endpoints.end(), [&](const config::Endpoint& e) {
        return e.address == address && e.state == config::EndpointState::up && e.weight > 0;
    });
}

}  // namespace

std::set<std::string> leaving(const config::Model& before, const config::Model& after) {
    std::set<std::string> out;
    std::unordered_map<std::string_view, const config::Route*> routes;
    for (const auto& route : after.routes) routes.emplace(route.name, &route);
    for (const auto& route : before.routes) {
        const auto found = routes.find(route.name);
        const auto* now = found == routes.end() ? nullptr : found->second;
        if (now != nullptr && *now == route) continue;
        const auto had = shares(&route);
        const auto has = shares(now);
        for (const auto& [upstream, share] : had) {
            const auto it = has.find(upstream);
            if (it == has.end() || it->second < share) out.insert(upstream);
        }
        if (route.hold.on()) continue;
        for (const auto& rule : route.rules)
            if (now == nullptr || now->hold.on() ||
                std::find(now->rules.begin(), now->rules.end(), rule) == now->rules.end())
                for (const auto& upstream : {config::upstream_of(route, rule), rule.fallback})
                    if (!upstream.empty()) out.insert(upstream);
    }
    for (const auto& [name, upstream] : before.upstreams) {
        const auto now = after.upstreams.find(name);
        if (now != after.upstreams.end() && now->second == upstream) continue;
        for (const auto& endpoint : upstream.endpoints)
            if (in_service(upstream, endpoint.address) &&
                (now == after.upstreams.end() || !in_service(now->second, endpoint.address)))
                out.insert(name);
        // Of what is discovered: all of it, or what the operator takes out.
        if (upstream.discover && (now == after.upstreams.end() || now->second.discover != upstream.discover ||
                                  now->second.endpoint_overrides != upstream.endpoint_overrides))
            out.insert(name);
    }
    return out;
}

}  // namespace switchyard::control
