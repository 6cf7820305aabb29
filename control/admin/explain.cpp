#include "control/admin/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/spelling.h"
#include "proxy/base/metrics.h"
#include "proxy/http/characters.h"
#include "proxy/http/head_parser.h"
#include "proxy/http/target.h"
#include "proxy/route/decide.h"
#include "proxy/route/token_verifier.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;

// What a fresh sticky cookie would be hashed to is only known when it is made.
constexpr std::string_view kMinted = "explain";

Json endpoint_view(const upstream::Endpoint& endpoint) {
    std::string why;
    const auto bits = endpoint.state->health.load(std::memory_order_relaxed);
    const auto in_flight = endpoint.state->in_flight.load(std::memory_order_relaxed);
    if (endpoint.wanted != config::EndpointState::up)
        why = fmt::format("taken out by the operator ({})", config::word(endpoint.wanted));
    else if (endpoint.weight == 0)
        why = "weight 0";
    else if ((bits & upstream::EndpointState::up) == 0)
        why = "not up by its health checks";
    else if ((bits & upstream::EndpointState::ejected) != 0)
        why = "ejected";
    else if (endpoint.max_connections > 0 && in_flight >= endpoint.max_connections)
        why = "at max_connections";
    Json out = {{"address", endpoint.text}, {"candidate", why.empty()}};
    if (!why.empty()) out["why_not"] = why;
    if (endpoint.backup) out["backup"] = true;
    return out;
}

// Backups are only candidates when no primary is.
Json endpoints_view(const upstream::Upstream& upstream) {
    Json out = Json::array();
    for (const auto& endpoint : upstream.endpoints) out.push_back(endpoint_view(endpoint));
    const bool primary =
        std::any_of(out.begin(), out.end(), [](const Json& e) { return e["candidate"] && !e.contains("backup"); });
    for (auto& e : out)
        if (primary && e.contains("backup") && e["candidate"]) {
            e["candidate"] = false;
            e["why_not"] = "a backup, and primaries can be used";
        }
    return out;
}

std::string split_words(const route::Route& route, const Snapshot& snapshot) {
    std::string out;
    for (std::size_t i = 0; i < route.arms.size(); ++i)
        out +=
            fmt::format("{}{} {}", out.empty() ? "" : ", ", snapshot.upstreams[route.arms[i]]->name, route.weights[i]);
    return out;
}

void tell_decision(Json& out, std::vector<std::string>& why, const Snapshot& snapshot, const route::Route& route,
                   const route::Decision& decision) {
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
    out["upstream"] = upstream.name;
    out["endpoints"] = endpoints_view(upstream);
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
    tell_decision(out, why, snapshot, *route, decision);
    return done();
}

}  // namespace switchyard::control
