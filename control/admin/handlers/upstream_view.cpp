#include "control/admin/handlers/upstream_view.h"

#include <algorithm>

#include "control/admin/handlers/discovery_view.h"
#include "control/admin/handlers/endpoint_view.h"
#include "proxy/snapshot/members.h"

namespace switchyard::control {
namespace {

double milliseconds(std::uint64_t microseconds) {
    return static_cast<double>(microseconds) / 1000.0;
}

}  // namespace

nlohmann::ordered_json recent_view(const Totals::Recent& recent) {
    return {{"requests_per_second", recent.per_second},
            {"errors_per_second", recent.errors_per_second},
            {"p50_ms", milliseconds(recent.p50_us)},
            {"p90_ms", milliseconds(recent.p90_us)},
            {"p99_ms", milliseconds(recent.p99_us)}};
}

std::optional<upstream::BreakerBoard::Sight> breaker_sight(Registry& registry, const std::string& name,
                                                           const config::Upstream& upstream) {
    if (!upstream.breaker.on()) return std::nullopt;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return registry.breaker_board(name)->look(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

std::optional<std::uint32_t> waiting_in_queue(Registry& registry, const std::string& name,
                                              const config::Upstream& upstream) {
    if (upstream.queue_limit == 0) return std::nullopt;
    return registry.waiting_count(name)->value.load(std::memory_order_relaxed);
}

nlohmann::ordered_json upstream_view(Context& context, const std::string& name, const config::Upstream& upstream) {
    config::Model alone;
    alone.upstreams.emplace(name, upstream);
    const auto facts = facts_of(alone, context.registry, context.names.known())[name];
    nlohmann::ordered_json out = {{"healthy", facts.healthy}, {"of", facts.endpoints}, {"in_flight", facts.in_flight}};
    if (const auto waiting = waiting_in_queue(context.registry, name, upstream))
        out["queue"] = {{"waiting", *waiting}, {"limit", upstream.queue_limit}};
    if (const auto sight = breaker_sight(context.registry, name, upstream))
        out["breaker"] = {{"open", sight->open}, {"half_open", sight->half_open}, {"of", sight->workers}};
    out.update(recent_view(
        context.totals.recent_of_upstream(context.registry.upstream(name), std::chrono::steady_clock::now())));
    if (auto discovered = discovery_view(context, name, false); !discovered.is_null())
        out["discovery"] = std::move(discovered);
    auto& endpoints = out["endpoints"] = nlohmann::ordered_json::array();
    for (const auto& endpoint : endpoints_of(name, upstream, context.names.known()))
        endpoints.push_back(endpoint_view(context, name, endpoint));
    return out;
}

Facts facts_of(const config::Model& model, Registry& registry, const KnownAddresses& known,
               const HealthChecker* health) {
    Facts facts;
    for (const auto& [name, upstream] : model.upstreams) {
        auto& found = facts[name];
        if (upstream.discover) found.discovered = known.found(name);
        for (const auto& endpoint : endpoints_of(name, upstream, known)) {
            const auto members = members_of(endpoint.address, known);
            found.endpoints += static_cast<std::uint32_t>(std::max<std::size_t>(members.size(), 1));
            auto& fact = found.by_address[endpoint.address.text()];
            fact.checked = members.empty();
            fact.resolved = !members.empty();
            bool serves = false;
            for (const auto& member : members) {
                const auto state = registry.endpoint(name, member.identity);
                const bool up = (state->health.load(std::memory_order_relaxed) & upstream::EndpointState::up) != 0;
                const auto* seen = health == nullptr ? nullptr : health->seen(name, member.identity);
                fact.up = fact.up || up;
                fact.checked = fact.checked || up || health == nullptr || (seen != nullptr && seen->known());
                serves = serves || state->healthy();
                fact.draining = fact.draining || (state->healthy() && !state->takes_requests());
                if (endpoint.state == config::EndpointState::up && endpoint.weight > 0 && state->takes_requests())
                    ++found.healthy;
                found.in_flight += state->in_flight.load(std::memory_order_relaxed);
            }
            fact.ejected = fact.up && !serves;
        }
    }
    return facts;
}

}  // namespace switchyard::control
