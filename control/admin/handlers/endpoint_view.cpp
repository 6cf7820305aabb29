#include "control/admin/handlers/endpoint_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/text/spelling.h"
#include "proxy/snapshot/members.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;
using State = HealthRule::State;

const char* health_word(State state) {
    switch (state) {
        case State::unknown:
            return "unknown";
        case State::up:
            return "up";
        case State::down:
            return "down";
    }
    return "unknown";
}

const char* standing_word(AddressBook::Standing standing) {
    switch (standing) {
        case AddressBook::Standing::current:
            return "current";
        case AddressBook::Standing::stale:
            return "stale";
        case AddressBook::Standing::unknown:
            return "unknown";
    }
    return "unknown";
}

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

struct Sight {
    State health = State::unknown;
    bool ejected = false;
    bool draining = false;
    std::uint32_t in_flight = 0;
    std::string detail;
    WallTime checked{};
    EndpointCounts counts;
    bool counted = false;
    std::vector<Totals::Refused> refused;
};

Sight sight_of(Context& context, const std::string& upstream, const Member& member) {
    Sight out;
    const auto state = context.registry.endpoint(upstream, member.identity);
    out.ejected = (state->health.load(std::memory_order_relaxed) & upstream::EndpointState::ejected) != 0;
    out.in_flight = state->in_flight.load(std::memory_order_relaxed);
    if (const auto* seen = context.health.seen(upstream, member.identity)) {
        out.health = seen->state;
        out.detail = seen->detail;
        out.checked = seen->checked;
        out.draining = seen->drains;
    }
    const auto counts = context.totals.endpoints().find(state->id);
    out.counted = counts != context.totals.endpoints().end();
    if (out.counted) out.counts = counts->second;
    out.refused = context.totals.refused_of(state->id);
    return out;
}

// A name is up when one of its addresses is, and ejected when all are.
Sight sum_of(const std::vector<Sight>& parts) {
    Sight out;
    out.health = parts.empty() ? State::down : State::unknown;
    out.ejected = out.draining = !parts.empty();
    for (const auto& part : parts) {
        if (part.health == State::up || (out.health == State::unknown && part.health == State::down))
            out.health = out.health == State::up ? State::up : part.health;
        out.ejected = out.ejected && part.ejected;
        out.draining = out.draining && part.draining;
        out.in_flight += part.in_flight;
        if (out.detail.empty()) out.detail = part.detail;
        out.checked = std::max(out.checked, part.checked);
        out.counted = out.counted || part.counted;
        out.counts.ok += part.counts.ok;
        out.counts.failed += part.counts.failed;
        out.counts.unreachable += part.counts.unreachable;
        out.refused.insert(out.refused.end(), part.refused.begin(), part.refused.end());
    }
    std::ranges::stable_sort(out.refused, {}, &Totals::Refused::at);
    return out;
}

void add_live(Json& view, const Sight& sight) {
    view["health"] = health_word(sight.health);
    view["ejected"] = sight.ejected;
    if (sight.draining) view["draining"] = true;
    view["in_flight"] = sight.in_flight;
}

void add_rest(Json& view, const Sight& sight) {
    if (!sight.detail.empty()) view["detail"] = sight.detail;
    if (sight.checked != WallTime{}) view["checked_at"] = timestamp(sight.checked);
    if (sight.counted)
        view["requests"] = {
            {"ok", sight.counts.ok}, {"failed", sight.counts.failed}, {"unreachable", sight.counts.unreachable}};
    for (const auto& refused : sight.refused) {
        const auto ago = std::chrono::duration_cast<WallTime::duration>(std::chrono::steady_clock::now() - refused.at);
        view["refused"].push_back(
            {{"at", timestamp(std::chrono::system_clock::now() - ago)}, {"why", as_shown(refused.why)}});
    }
}

}  // namespace

Json endpoint_view(Context& context, const std::string& upstream, const config::Endpoint& endpoint) {
    const bool named = endpoint.address.kind == config::Address::Kind::name;
    const auto members = members_of(endpoint.address, context.names.known());
    std::vector<Sight> parts;
    for (const auto& member : members) parts.push_back(sight_of(context, upstream, member));
    auto sum = sum_of(parts);
    const auto name = named ? context.names.sight(endpoint.address.host) : AddressBook::Sight{};
    if (members.empty()) sum.detail = fmt::format("no address of {} is known: {}", endpoint.address.host, name.why);

    Json view = {
        {"address", endpoint.address.text()}, {"weight", endpoint.weight}, {"state", config::word(endpoint.state)}};
    add_live(view, sum);
    if (endpoint.backup) view["backup"] = true;
    if (endpoint.max_connections > 0) view["max_connections"] = endpoint.max_connections;
    add_rest(view, sum);
    if (!named) return view;
    auto& told = view["name"] = {{"standing", standing_word(name.standing)}};
    if (!name.why.empty()) told["why"] = name.why;
    auto& addresses = told["addresses"] = Json::array();
    for (std::size_t i = 0; i < members.size(); ++i) {
        Json one = {{"address", members[i].to.text()}};
        add_live(one, parts[i]);
        if (std::ranges::find(name.leaving, members[i].to.host) != name.leaving.end()) one["leaving"] = true;
        add_rest(one, parts[i]);
        addresses.push_back(std::move(one));
    }
    return view;
}

}  // namespace switchyard::control
