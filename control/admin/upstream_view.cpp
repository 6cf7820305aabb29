#include "control/admin/upstream_view.h"

#include <fmt/format.h>

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

std::optional<upstream::BreakerBoard::Sight> breaker_sight(Registry& registry, const std::string& name,
                                                           const config::Upstream& upstream) {
    if (upstream.breaker.failure_percent == 0) return std::nullopt;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return registry.breaker_board(name)->look(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

std::optional<std::uint32_t> waiting_in_queue(Registry& registry, const std::string& name,
                                              const config::Upstream& upstream) {
    if (upstream.queue_limit == 0) return std::nullopt;
    return registry.waiting_count(name)->value.load(std::memory_order_relaxed);
}

namespace {

// An endpoint's octets need not be text: what is not printable is shown by its number.
std::string as_shown(const std::string& octets) {
    std::string out;
    for (const char c : octets)
        if (const auto octet = static_cast<unsigned char>(c); octet >= 0x20 && octet < 0x7f)
            out += c;
        else
            out += fmt::format("\\x{:02x}", octet);
    return out;
}

}  // namespace

nlohmann::ordered_json upstream_view(Context& context, const std::string& name, const config::Upstream& upstream) {
    const auto facts = facts_of({{}, {}, {{name, upstream}}, {}}, context.registry)[name];
    nlohmann::ordered_json out = {{"healthy", facts.healthy}, {"of", facts.endpoints}, {"in_flight", facts.in_flight}};
    if (const auto waiting = waiting_in_queue(context.registry, name, upstream))
        out["queue"] = {{"waiting", *waiting}, {"limit", upstream.queue_limit}};
    if (const auto sight = breaker_sight(context.registry, name, upstream))
        out["breaker"] = {{"open", sight->open}, {"half_open", sight->half_open}, {"of", sight->workers}};
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
        for (const auto& refused : context.totals.refused_of(state->id)) {
            const auto ago = std::chrono::steady_clock::now() - refused.at;
            view["refused"].push_back(
                {{"at", timestamp(std::chrono::system_clock::now() -
                                  std::chrono::duration_cast<std::chrono::system_clock::duration>(ago))},
                 {"why", as_shown(refused.why)}});
        }
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
