#include "control/admin/explain/explain_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/model.h"
#include "config/model/key.h"
#include "config/text/spelling.h"
#include "proxy/route/balance_key.h"
#include "proxy/snapshot/stand_in.h"
#include "proxy/upstream/balancer.h"
#include "proxy/upstream/breaker_board.h"
#include "proxy/upstream/session_key.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;

// Why it is no candidate.
std::string why_not(const upstream::Endpoint& endpoint) {
    const auto bits = endpoint.state->health.load(std::memory_order_relaxed);
    const auto in_flight = endpoint.state->in_flight.load(std::memory_order_relaxed);
    if (endpoint.wanted != config::EndpointState::up)
        return fmt::format("taken out by the operator ({})", config::word(endpoint.wanted));
    if (endpoint.weight == 0) return "weight 0";
    if ((bits & upstream::EndpointState::up) == 0) return "not up by its health checks";
    if ((bits & upstream::EndpointState::ejected) != 0) return "ejected";
    if ((bits & upstream::EndpointState::draining) != 0) return "asks to be drained by its answers to health checks";
    if (endpoint.max_connections > 0 && in_flight >= endpoint.max_connections) return "at max_connections";
    if (endpoint.backup) return "a backup: it serves when no primary is left";
    return "its state is just changing";
}

std::uint32_t waiting_for(const upstream::Upstream& upstream) {
    return upstream.waiting ? upstream.waiting->value.load(std::memory_order_relaxed) : 0;
}

Json endpoints_view(const config::Model& model, const upstream::Upstream& upstream, const upstream::Outlook& outlook) {
    Json out = Json::array();
    for (std::size_t i = 0; i < upstream.endpoints.size(); ++i) {
        const auto& endpoint = upstream.endpoints[i];
        Json e = {{"address", endpoint.text}, {"candidate", static_cast<bool>(outlook.candidates[i])}};
        if (!outlook.candidates[i]) e["why_not"] = why_not(endpoint);
        if (endpoint.backup) e["backup"] = true;
        out.push_back(std::move(e));
    }
    for (const auto& configured : model.upstreams.at(upstream.name).endpoints) {
        const auto text = configured.address.text();
        if (std::none_of(upstream.endpoints.begin(), upstream.endpoints.end(),
                         [&](const auto& e) { return e.configured == text; }))
            out.push_back({{"address", text}, {"candidate", false}, {"why_not", "no address of its name is known"}});
    }
    return out;
}

std::string why_certain(const upstream::Upstream& upstream, const upstream::Outlook& outlook) {
    const auto& address = upstream.endpoints[*outlook.certain].text;
    if (outlook.session) return fmt::format("its cookie {} is a session of {}", upstream.session_cookie.name, address);
    if (std::count(outlook.candidates.begin(), outlook.candidates.end(), true) == 1)
        return fmt::format("{} is the only candidate", address);
    if (upstream.balance.kind == config::Balance::Kind::ip_hash)
        return fmt::format("the hash of the client's address leads to {}", address);
    return fmt::format("the hash of its {} leads to {}", config::key_text(upstream.balance.hash_key), address);
}

// What its workers' breakers let pass, for humans.
std::string breaker_words(const std::string& name, const upstream::BreakerBoard::Sight& sight) {
    if (sight.open == 0)
        return fmt::format("the breaker of {} lets one attempt at a time pass on {} of {} workers", name,
                           sight.half_open, sight.workers);
    return fmt::format("the breaker of {} is open on {} of {} workers, for {:.1f} s more", name, sight.open,
                       sight.workers, static_cast<double>(sight.rest_ms) / 1000);
}

// Whether it lets nothing pass on any worker; what is told of it goes into `why`.
bool rests(std::vector<std::string>& why, const upstream::Upstream& upstream, std::int64_t now_ms) {
    if (!upstream.breaker_board) return false;
    const auto sight = upstream.breaker_board->look(now_ms);
    if (sight.open + sight.half_open > 0) why.push_back(breaker_words(upstream.name, sight));
    return sight.all_open();
}

// The upstream that is asked once its breaker has spoken: itself, the fallback, or none.
const upstream::Upstream* pass_breaker(Json& out, std::vector<std::string>& why, const Snapshot& snapshot,
                                       const upstream::Upstream& wanted, std::int32_t fallback_index,
                                       std::int64_t now_ms) {
    if (!rests(why, wanted, now_ms)) return &wanted;
    if (fallback_index >= 0) {
        const auto& fallback = *snapshot.upstreams[static_cast<std::size_t>(fallback_index)];
        if (!rests(why, fallback, now_ms)) {
            why.push_back(fmt::format("so its fallback {} serves", fallback.name));
            return &fallback;
        }
    }
    out["upstream"] = wanted.name;
    out["status"] = wanted.breaker.static_status;
    return nullptr;
}

bool no_candidate(const upstream::Outlook& outlook) {
    return std::none_of(outlook.candidates.begin(), outlook.candidates.end(), [](bool c) { return c; });
}

upstream::Outlook look_at(const upstream::Upstream& upstream, const route::RequestFacts& facts, bool all_down = false) {
    upstream::ChoiceInput input;
    input.all_down = all_down;
    const auto key = route::balance_key(upstream.balance, facts);
    input.key_hash = key.value_or(0);
    if (!upstream.session_cookie.name.empty())
        input.preferred = upstream::endpoint_of_session(upstream, facts.cookie(upstream.session_cookie.name));
    return upstream::outlook(upstream, input, key.has_value());
}

}  // namespace

void tell_endpoint(Json& out, std::vector<std::string>& why, const Snapshot& snapshot, const route::Route& route,
                   const route::Decision& decision, const route::RequestFacts& facts, std::int64_t now_ms) {
    const auto& wanted = *snapshot.upstreams[decision.upstream];
    const auto* asked = pass_breaker(out, why, snapshot, wanted, fallback_of(route, decision, wanted), now_ms);
    if (asked == nullptr) return;
    auto outlook = look_at(*asked, facts);
    if (!outlook.certain && !outlook.busy && no_candidate(outlook)) {
        std::vector<std::string> unsaid;
        const auto other = stand_in(snapshot, route, decision, facts, *asked, asked != &wanted,
                                    [&](const auto& upstream) { return rests(unsaid, upstream, now_ms); });
        if (other >= 0) {
            const auto& instead = *snapshot.upstreams[static_cast<std::size_t>(other)];
            why.push_back(fmt::format("{} has no usable endpoint: {} serves instead", asked->name, instead.name));
            out["rerouted"] = wanted.name;
            asked = &instead;
            outlook = look_at(instead, facts);
        } else if (asked->when_all_down == config::WhenAllDown::try_all) {
            outlook = look_at(*asked, facts, true);
            if (!no_candidate(outlook))
                why.push_back(fmt::format("no endpoint of {} is up: all are tried (when_all_down)", asked->name));
        }
    }
    const upstream::Upstream& upstream = *asked;
    out["upstream"] = upstream.name;
    out["protocol"] = config::word(upstream.protocol);
    if (outlook.certain) {
        out["endpoint"] = upstream.endpoints[*outlook.certain].text;
        why.push_back(why_certain(upstream, outlook));
    } else if (outlook.crowded) {
        why.push_back(fmt::format(
            "the hash of its {} leads to {}, which has more than its share of the requests in flight: another one "
            "while that lasts",
            config::key_text(upstream.balance.hash_key), upstream.endpoints[*outlook.crowded].text));
    } else if (const auto waiting = waiting_for(upstream); outlook.busy && waiting < upstream.queue_limit) {
        why.push_back(
            fmt::format("every endpoint is at max_connections: it waits for a place ({} wait already)", waiting));
    } else if (no_candidate(outlook)) {
        out["status"] = 503;
        why.push_back(outlook.busy ? upstream.queue_limit == 0
                                         ? "every endpoint is at max_connections"
                                         : "every endpoint is at max_connections, and the queue is full"
                                   : "no endpoint of the upstream is available");
    } else if (upstream.balance.kind == config::Balance::Kind::hash) {
        why.push_back(fmt::format("it carries no {}: chance decides among the candidates",
                                  config::key_text(upstream.balance.hash_key)));
    }
    out["endpoints"] = endpoints_view(*snapshot.model, upstream, outlook);
}

}  // namespace switchyard::control
