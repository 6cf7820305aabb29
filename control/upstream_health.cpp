#include "control/upstream_health.h"

#include <algorithm>

#include "config/model.h"
#include "config/text/spelling.h"

namespace switchyard::control {
namespace {

bool usable_one(const config::Endpoint& endpoint, const upstream::EndpointState& state) {
    return endpoint.state == config::EndpointState::up && endpoint.weight > 0 && state.takes_requests();
}

void note(const config::Endpoint& endpoint, const std::string& address, const std::string& upstream, Registry& registry,
          const HealthChecker& checker, rollout::UpstreamHealth& out) {
    const auto state = registry.endpoint(upstream, address);
    const auto* seen = checker.seen(upstream, address);
    ++out.endpoints;
    const bool wanted = endpoint.state == config::EndpointState::up && endpoint.weight > 0;
    if (wanted) ++out.wanted;
    if (usable_one(endpoint, *state)) {
        ++out.usable;
    } else if (endpoint.state != config::EndpointState::up) {
        out.down.emplace_back(address, config::word(endpoint.state));
    } else if (endpoint.weight == 0) {
        out.down.emplace_back(address, "weight 0");
    } else if (seen == nullptr || seen->state == HealthRule::State::unknown) {
        ++out.unknown;
        out.down.emplace_back(address,
                              seen != nullptr && seen->known() ? "starting: " + seen->detail : "not checked yet");
    } else if (seen->state == HealthRule::State::up) {
        out.down.emplace_back(address, state->healthy() ? "asks to be drained" : "ejected");
    } else {
        out.down.emplace_back(address, seen->detail);
    }
    const bool found_down =
        wanted && !state->healthy() && !(seen == nullptr || seen->state == HealthRule::State::unknown);
    if (found_down) out.taken_out.push_back(out.down.back());
}

}  // namespace

namespace {

bool any_usable(const std::vector<config::Endpoint>& endpoints, const std::string& upstream, Registry& registry,
                const KnownAddresses& known) {
    return std::ranges::any_of(endpoints, [&](const auto& endpoint) {
        return std::ranges::any_of(members_of(endpoint.address, known), [&](const auto& member) {
            return usable_one(endpoint, *registry.endpoint(upstream, member.identity));
        });
    });
}

}  // namespace

bool usable(const config::Model& model, const std::string& upstream, Registry& registry, const KnownAddresses& known) {
    const auto it = model.upstreams.find(upstream);
    return it != model.upstreams.end() &&
           any_usable(endpoints_of(upstream, it->second, known), upstream, registry, known);
}

bool usable_written(const config::Model& model, const std::string& upstream, Registry& registry,
                    const KnownAddresses& known) {
    const auto it = model.upstreams.find(upstream);
    return it != model.upstreams.end() && any_usable(it->second.endpoints, upstream, registry, known);
}

rollout::UpstreamHealth health_of(const config::Model& model, const std::string& upstream, Registry& registry,
                                  const KnownAddresses& known, const HealthChecker& checker) {
    rollout::UpstreamHealth out;
    const auto it = model.upstreams.find(upstream);
    if (it == model.upstreams.end()) return out;
    for (const auto& endpoint : endpoints_of(upstream, it->second, known)) {
        const auto members = members_of(endpoint.address, known);
        if (members.empty()) {
            ++out.endpoints;
            out.down.emplace_back(endpoint.address.text(), "its name has no address");
            if (endpoint.state == config::EndpointState::up && endpoint.weight > 0)
                ++out.wanted, out.taken_out.push_back(out.down.back());
        }
        for (const auto& member : members) note(endpoint, member.identity, upstream, registry, checker, out);
    }
    return out;
}

}  // namespace switchyard::control
