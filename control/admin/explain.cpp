#include "control/admin/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/key.h"
#include "config/spelling.h"
#include "proxy/base/metrics.h"
#include "proxy/http/characters.h"
#include "proxy/http/head_parser.h"
#include "proxy/http/target.h"
#include "proxy/route/balance_key.h"
#include "proxy/route/decide.h"
#include "proxy/route/token_verifier.h"
#include "proxy/upstream/balancer.h"
#include "proxy/upstream/session_key.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;

// What a fresh sticky cookie would be hashed to is only known when it is made.
constexpr std::string_view kMinted = "explain";

// Why it is no candidate.
std::string why_not(const upstream::Endpoint& endpoint) {
    const auto bits = endpoint.state->health.load(std::memory_order_relaxed);
    const auto in_flight = endpoint.state->in_flight.load(std::memory_order_relaxed);
    if (endpoint.wanted != config::EndpointState::up)
        return fmt::format("taken out by the operator ({})", config::word(endpoint.wanted));
    if (endpoint.weight == 0) return "weight 0";
    if ((bits & upstream::EndpointState::up) == 0) return "not up by its health checks";
    if ((bits & upstream::EndpointState::ejected) != 0) return "ejected";
    if (endpoint.max_connections > 0 && in_flight >= endpoint.max_connections) return "at max_connections";
    if (endpoint.backup) return "a backup: it serves when no primary is left";
    return "its state is just changing";
}

Json endpoints_view(const upstream::Upstream& upstream, const upstream::Outlook& outlook) {
    Json out = Json::array();
    for (std::size_t i = 0; i < upstream.endpoints.size(); ++i) {
        const auto& endpoint = upstream.endpoints[i];
        Json e = {{"address", endpoint.text}, {"candidate", static_cast<bool>(outlook.candidates[i])}};
        if (!outlook.candidates[i]) e["why_not"] = why_not(endpoint);
        if (endpoint.backup) e["backup"] = true;
        out.push_back(std::move(e));
    }
    return out;
}

std::string why_certain(const upstream::Upstream& upstream, const upstream::Outlook& outlook) {
    const auto& address = upstream.endpoints[*outlook.certain].text;
    if (outlook.session) return fmt::format("its cookie {} is a session of {}", upstream.session_cookie, address);
    if (std::count(outlook.candidates.begin(), outlook.candidates.end(), true) == 1)
        return fmt::format("{} is the only candidate", address);
    if (upstream.balance.kind == config::Balance::Kind::ip_hash)
        return fmt::format("the hash of the client's address leads to {}", address);
    return fmt::format("the hash of its {} leads to {}", config::key_text(upstream.balance.hash_key), address);
}

// Which endpoint, as far as it is certain before a worker takes its turn.
void tell_endpoint(Json& out, std::vector<std::string>& why, const upstream::Upstream& upstream,
                   const route::RequestFacts& facts) {
    upstream::ChoiceInput input;
    const auto key = route::balance_key(upstream.balance, facts);
    input.key_hash = key.value_or(0);
    if (!upstream.session_cookie.empty())
        input.preferred = upstream::endpoint_of_session(upstream, facts.cookie(upstream.session_cookie));
    const auto outlook = upstream::outlook(upstream, input, key.has_value());
    out["upstream"] = upstream.name;
    if (outlook.certain) {
        out["endpoint"] = upstream.endpoints[*outlook.certain].text;
        why.push_back(why_certain(upstream, outlook));
    } else if (outlook.crowded) {
        why.push_back(fmt::format(
            "the hash of its {} leads to {}, which has more than its share of the requests in flight: another one "
            "while that lasts",
            config::key_text(upstream.balance.hash_key), upstream.endpoints[*outlook.crowded].text));
    } else if (outlook.busy && upstream.queue_limit != 0) {
        why.push_back("every endpoint is at max_connections: it waits for a place");
    } else if (std::none_of(outlook.candidates.begin(), outlook.candidates.end(), [](bool c) { return c; })) {
        out["status"] = 503;
        why.push_back(outlook.busy ? "every endpoint is at max_connections"
                                   : "no endpoint of the upstream is available");
    } else if (upstream.balance.kind == config::Balance::Kind::hash) {
        why.push_back(fmt::format("it carries no {}: chance decides among the candidates",
                                  config::key_text(upstream.balance.hash_key)));
    }
    out["endpoints"] = endpoints_view(upstream, outlook);
}

std::string split_words(const route::Route& route, const Snapshot& snapshot) {
    std::string out;
    for (std::size_t i = 0; i < route.arms.size(); ++i)
        out +=
            fmt::format("{}{} {}", out.empty() ? "" : ", ", snapshot.upstreams[route.arms[i]]->name, route.weights[i]);
    return out;
}

void tell_decision(Json& out, std::vector<std::string>& why, const Snapshot& snapshot, const route::Route& route,
                   const route::Decision& decision, const route::RequestFacts& facts) {
    const auto& upstream = *snapshot.upstreams[decision.upstream];
    switch (decision.by) {
        case route::Decision::By::rule: {
            const auto& rule = route.rules[static_cast<std::size_t>(decision.rule)];
            out["by"] = "rule";
            out["rule"] = rule.name;
            why.push_back(fmt::format("rule {} holds and sends it to {}", rule.name, upstream.name));
            break;
        }
        case route::Decision::By::sticky:
            out["by"] = "sticky";
            if (decision.mint) {
                out["minted"] = true;
                why.push_back(fmt::format("the sticky cookie is absent: a fresh one is made, and its hash decides ({})",
                                          split_words(route, snapshot)));
            } else if (decision.has_hash) {
                out["bucket"] = decision.hash >> (32 - FailedBuckets::kBucketBits);
                why.push_back(fmt::format("its sticky key hashes to {:.4f} % of the split ({})",
                                          static_cast<double>(decision.hash) / 42949672.96,
                                          split_words(route, snapshot)));
            } else {
                why.push_back("the sticky key is absent: it goes to the split's first upstream");
            }
            break;
        case route::Decision::By::position:
            out["by"] = "position";
            out["position"] = decision.position;
            why.push_back(fmt::format("the next position of the split ({}) is {}'s", split_words(route, snapshot),
                                      upstream.name));
            break;
        case route::Decision::By::single:
            out["by"] = "single";
            why.push_back(fmt::format("no rule holds, and {} has the whole split", upstream.name));
            break;
    }
    if (decision.mint) return;  // which upstream it is will be known when the cookie is made
    tell_endpoint(out, why, upstream, facts);
}

}  // namespace

Result<Json> explain(const Snapshot& snapshot, const Question& question, std::int64_t now_seconds) {
    std::string text = question.method + " " + question.path + " HTTP/1.1\r\nHost: " + question.host + "\r\n";
    for (const auto& [name, value] : question.headers) text += name + ": " + value + "\r\n";
    text += "\r\n";
    http::Head head;
    if (text.size() > http::kMaxHead || http::HeadParser().request(text, head) != http::HeadParser::Outcome::done)
        return problems::invalid("this is not a request: method, host, path or a header is malformed");
    const auto target = http::read_target(text.data(), head);
    if (target.refused != nullptr) return problems::invalid(std::string("not a request: ") + target.refused);
    std::string host(target.host);
    for (auto& c : host) c = http::lower(c);
    std::string path(target.path);
    if (http::needs_normalizing(path) && !http::normalize_path(target.path, path))
        return problems::invalid("the path has a broken escape or climbs above the root");
    const auto client = route::ClientAddress::parse(question.client);
    if (!client.is_ip) return problems::invalid({config::Error{"/client", "must be an IP address"}});

    Json out = {{"generation", snapshot.generation}, {"route", nullptr}};
    std::vector<std::string> why;
    const auto done = [&] {
        out["why"] = why;
        return out;
    };
    const auto* route = snapshot.routes.find(host, path, question.method);
    if (route == nullptr) {
        out["status"] = 404;
        why.push_back(fmt::format("no route matches host {:?}, path {:?}, method {}", host, path, question.method));
        return done();
    }
    out["route"] = route->name;
    why.push_back(
        fmt::format("route {} is the most specific match of host {:?} and path {:?}", route->name, host, path));
    if (question.method == "CONNECT" && !route->allow_connect) {
        out["status"] = 405;
        why.push_back("CONNECT is not allowed on this route");
        return done();
    }
    if (route->respond.status != 0 || !route->redirect.to.empty()) {
        out["status"] = route->redirect.to.empty() ? route->respond.status : route->redirect.status;
        why.push_back("the route answers by itself");
        return done();
    }
    route::RequestFacts facts{text.data(), &head, question.method, host, path, target.query, client, nullptr};
    route::Claims claims;
    if (route->verifier) {
        const auto token = facts.header(route->verifier->header());
        if (token.data() != nullptr && route->verifier->verify(token, now_seconds, claims)) {
            facts.claims = &claims;
            why.push_back("its token is genuine, so its claims count");
        } else {
            why.push_back("it carries no genuine token, so no claim holds");
        }
    }
    if (route->arms.empty() && route->rules.empty()) {
        out["status"] = 404;
        why.push_back("the route has neither rules nor a split");
        return done();
    }
    const auto decision =
        route::decide(*route, facts, kMinted, [&] { return route->cursor->next.load(std::memory_order_relaxed); });
    tell_decision(out, why, snapshot, *route, decision, facts);
    return done();
}

}  // namespace switchyard::control
