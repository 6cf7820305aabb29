#include "control/admin/upstream_view.h"

#include <cmath>

#include "config/spelling.h"

namespace switchyard::control {
namespace {

const char* word(HealthRule::State state) {
    switch (state) {
        case HealthRule::State::unknown:
            return "unknown";
        case HealthRule::State::up:
            return "up";
        case HealthRule::State::down:
            return "down";
    }
    return "unknown";
}

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

nlohmann::ordered_json upstream_view(Context& context, const std::string& name, const config::Upstream& upstream) {
    const auto facts = facts_of({{}, {}, {{name, upstream}}, {}}, context.registry)[name];
    nlohmann::ordered_json out = {{"healthy", facts.healthy}, {"of", facts.endpoints}, {"in_flight", facts.in_flight}};
    out.update(recent_view(
        context.totals.recent_of_upstream(context.registry.upstream(name), std::chrono::steady_clock::now())));
    auto& endpoints = out["endpoints"] = nlohmann::ordered_json::array();
    for (const auto& endpoint : upstream.endpoints) {
        const auto address = endpoint.address.text();
        const auto state = context.registry.endpoint(name, address);
        const auto* seen = context.health.seen(name, address);
        nlohmann::ordered_json view = {
            {"address", address},
            {"weight", endpoint.weight},
            {"state", config::word(endpoint.state)},
            {"health", word(seen == nullptr ? HealthRule::State::unknown : seen->state)},
            {"ejected", (state->health.load(std::memory_order_relaxed) & upstream::EndpointState::ejected) != 0},
            {"in_flight", state->in_flight.load(std::memory_order_relaxed)},
        };
        if (endpoint.backup) view["backup"] = true;
        if (endpoint.max_connections > 0) view["max_connections"] = endpoint.max_connections;
        if (seen != nullptr && !seen->detail.empty()) view["detail"] = seen->detail;
        if (seen != nullptr && seen->checked != WallTime{}) view["checked_at"] = timestamp(seen->checked);
        const auto counts = context.totals.endpoints().find(state->id);
        if (counts != context.totals.endpoints().end())
            view["requests"] = {{"ok", counts->second.ok},
                                {"failed", counts->second.failed},
                                {"unreachable", counts->second.unreachable}};
        endpoints.push_back(std::move(view));
    }
    return out;
}

Facts facts_of(const config::Model& model, Registry& registry) {
    Facts facts;
    for (const auto& [name, upstream] : model.upstreams) {
        auto& found = facts[name];
        for (const auto& endpoint : upstream.endpoints) {
            const auto state = registry.endpoint(name, endpoint.address.text());
            ++found.endpoints;
            if (endpoint.state == config::EndpointState::up && state->healthy()) ++found.healthy;
            found.in_flight += state->in_flight.load(std::memory_order_relaxed);
        }
    }
    return facts;
}

}  // namespace switchyard::control
