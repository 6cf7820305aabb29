#include "control/core/operator_reach.h"

#include <algorithm>
#include <unordered_map>

#include "config/check/diff.h"

namespace switchyard::control {
namespace {

// Behind the last rule that answers by itself: what stands before it could take requests out of its hands.
std::size_t free_from(const config::Route& route) {
    const auto last =
        std::find_if(route.rules.rbegin(), route.rules.rend(), [](const auto& rule) { return rule.upstream.empty(); });
    return static_cast<std::size_t>(route.rules.rend() - last);
}

bool same_guards(const config::Route& a, const config::Route& b) {
    const auto guarded = free_from(a);
    return guarded == free_from(b) &&
           std::equal(a.rules.begin(), a.rules.begin() + static_cast<std::ptrdiff_t>(guarded), b.rules.begin());
}

using Overrides = std::map<std::string, config::EndpointOverride>;

// Their states; a weight is configuration.
void reach_overrides(Overrides& reached, const Overrides& wanted) {
    for (const auto& [address, override_] : wanted) reached[address].state = override_.state;
    for (auto& [address, override_] : reached)
        if (!wanted.contains(address)) override_.state = config::EndpointState::up;
    std::erase_if(reached, [](const auto& entry) { return entry.second == config::EndpointOverride{}; });
}

}  // namespace

std::vector<std::string> beyond_operator(const config::Model& before, const config::Model& after) {
    // As far as an operator can go towards `after`; what then still differs is beyond.
    config::Model reached = before;
    std::unordered_map<std::string, const config::Route*> wanted;
    for (const auto& route : after.routes) wanted.emplace(route.name, &route);
    for (auto& route : reached.routes) {
        const auto found = wanted.find(route.name);
        if (found == wanted.end() || route.split.empty() || found->second->split.empty()) continue;
        const bool rules = same_guards(route, *found->second);
        route.split = found->second->split;
        route.candidate = found->second->candidate;
        route.hold = found->second->hold;
        if (rules) route.rules = found->second->rules;
    }
    for (auto& [name, upstream] : reached.upstreams) {
        const auto found = after.upstreams.find(name);
        if (found == after.upstreams.end()) continue;
        for (auto& endpoint : upstream.endpoints) {
            const auto same = std::ranges::find(found->second.endpoints, endpoint.address, &config::Endpoint::address);
            if (same != found->second.endpoints.end()) endpoint.state = same->state;
        }
        reach_overrides(upstream.endpoint_overrides, found->second.endpoint_overrides);
    }
    if (reached == after) return {};
    auto lines = config::diff(reached, after);
    if (lines.empty()) lines.emplace_back("the spelling of the configuration");
    return lines;
}

}  // namespace switchyard::control
