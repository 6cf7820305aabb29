#include "control/admin/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "config/candidate.h"
#include "config/key.h"
#include "control/admin/explain_endpoint.h"
#include "proxy/base/failure.h"
#include "proxy/base/metrics.h"
#include "proxy/http/characters.h"
#include "proxy/http/guard_failure.h"
#include "proxy/http/head_parser.h"
#include "proxy/http/target.h"
#include "proxy/route/decide.h"
#include "proxy/route/rate_key.h"
#include "proxy/route/rate_table.h"
#include "proxy/route/said_client.h"
#include "proxy/route/token_verifier.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;

// What a fresh sticky cookie would be hashed to is only known when it is made.
constexpr std::string_view kMinted = "explain";

std::string split_words(const route::Route& route, const Snapshot& snapshot) {
    std::string out;
    for (std::size_t i = 0; i < route.arms.size(); ++i)
        out +=
            fmt::format("{}{} {}", out.empty() ? "" : ", ", snapshot.upstreams[route.arms[i]]->name, route.weights[i]);
    return out;
}

// Why "@candidate" is this upstream.
std::string why_candidate(const route::Route& route, std::uint32_t upstream) {
    std::uint64_t its = 0, others = 0;
    for (std::size_t i = 0; i < route.arms.size(); ++i) (route.arms[i] == upstream ? its : others) += route.weights[i];
    return fmt::format(", who {} is now: {}", config::kCandidate,
                       its < others    ? "the one of the split that gets less"
                       : its == others ? "both get the same, and it had less before"
                                       : "a rollout leads there");
}

void tell_decision(Json& out, std::vector<std::string>& why, const Snapshot& snapshot, const route::Route& route,
                   const route::Decision& decision, const route::RequestFacts& facts, std::int64_t now_ms) {
    if (decision.rule >= 0) {
        const auto& rule = route.rules[static_cast<std::size_t>(decision.rule)];
        out["by"] = "rule";
        out["rule"] = rule.name;
        if (rule.answers()) {
            out["status"] = rule.respond.status;
            why.push_back(fmt::format("rule {} holds and answers by itself", rule.name));
            return;
        }
    }
    const auto& upstream = *snapshot.upstreams[decision.upstream];
    switch (decision.by) {
        case route::Decision::By::rule: {
            const auto& rule = route.rules[static_cast<std::size_t>(decision.rule)];
            if (rule.candidate) out["meant_by"] = std::string(config::kCandidate);
            why.push_back(fmt::format("rule {} holds and sends it to {}{}", rule.name, upstream.name,
                                      rule.candidate ? why_candidate(route, decision.upstream) : ""));
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
            out["position"] = decision.turn.position;
            out["salt"] = fmt::format("{:016x}", decision.turn.salt);
            why.push_back(
                fmt::format("the next turn of the split ({}) is {}'s: drawn in the block of {} requests that "
                            "begins at {}",
                            split_words(route, snapshot), upstream.name, route.split.period(),
                            decision.turn.position - decision.turn.position % route.split.period()));
            break;
        case route::Decision::By::refused_rule:  // has no upstream to tell of
            break;
        case route::Decision::By::single:
            out["by"] = "single";
            why.push_back(fmt::format("no rule holds, and {} has the whole split", upstream.name));
            break;
    }
    if (decision.mint) return;  // which upstream it is will be known when the cookie is made
    tell_endpoint(out, why, snapshot, route, decision, facts, now_ms);
}

// Where the listener trusts whom the request comes from, the client is whom that one names.
void believe(std::vector<std::string>& why, const ListenerPlan& listener, const char* base, const http::Head& head,
             route::ClientAddress& client) {
    if (!listener.trusted_proxies.contains(client)) return;
    const auto said = route::said_client(base, head, listener.client_header, listener.trusted_proxies, client).client;
    if (said == client) return;
    char text[64];
    const std::string_view words(text, said.write(text));
    why.push_back(fmt::format("listener {} trusts its peer, who says that the client is {}", listener.name, words));
    client = said;
}

// What the route refuses before it looks at tokens; none when it lets the request pass.
Failure past_limits(std::vector<std::string>& why, const route::Route& route, std::string_view method,
                    const http::Body& body) {
    const config::Limits& limits = route.limits;
    if (method == "CONNECT" && !route.allow_connect) {
        why.push_back("CONNECT is not allowed on this route");
        return Failure::not_allowed;
    }
    if (limits.body != 0 && body.kind == http::Body::Kind::length && body.length > limits.body) {
        why.push_back(
            fmt::format("its body of {} bytes is larger than the route's limit of {}", body.length, limits.body));
        return Failure::body_too_large;
    }
    if (route.in_flight && route.in_flight->value.load(std::memory_order_relaxed) >= limits.in_flight) {
        why.push_back(fmt::format("the route is at its limit of {} requests in flight", limits.in_flight));
        return Failure::route_full;
    }
    return Failure::none;
}

// Whether its bucket holds a token.
Failure past_rate(std::vector<std::string>& why, const route::Route& route, const route::RequestFacts& facts,
                  std::int64_t now_ns) {
    if (!route.rate_table) return Failure::none;
    const auto wait_ns = route.rate_table->wait(route::rate_key(route, facts), route.rate, now_ns);
    if (wait_ns == 0) return Failure::none;
    why.push_back(fmt::format("the route's rate for its {} is used up for {:.1f} s more",
                              config::key_text(route.limits.rate.key), static_cast<double>(wait_ns) / 1e9));
    return Failure::rate_limited;
}

}  // namespace

Moment Moment::now() {
    using namespace std::chrono;
    return {duration_cast<seconds>(system_clock::now().time_since_epoch()).count(),
            duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count()};
}

Result<Json> explain(const Snapshot& snapshot, const Question& question, const Moment& now) {
    std::string text = question.method + " " + question.path + " HTTP/1.1\r\nHost: " + question.host + "\r\n";
    for (const auto& [name, value] : question.headers) text += name + ": " + value + "\r\n";
    text += "\r\n";
    http::Head head;
    if (text.size() > http::kMaxHead || http::HeadParser().request(text, head) != http::HeadParser::Outcome::done)
        return problems::invalid("this is not a request: method, host, path or a header is malformed");
    const auto guarded = http::guard_request(text.data(), head);
    const auto target = http::read_target(text.data(), head);
    if (target.refused != nullptr) return problems::invalid(std::string("not a request: ") + target.refused);
    std::string host(target.host);
    for (auto& c : host) c = http::lower(c);
    std::string path(target.path);
    if (http::needs_normalizing(path) && !http::normalize_path(target.path, path))
        return problems::invalid("the path has a broken escape or climbs above the root");
    auto client = route::ClientAddress::parse(question.client);
    if (!client.is_ip && question.client != config::kUnixPeers)
        return problems::invalid(
            {config::Error{"/client", "must be an IP address, or \"unix\" for a peer of a unix socket"}});

    Json out = {{"generation", snapshot.generation}, {"route", nullptr}};
    std::vector<std::string> why;
    const auto done = [&] {
        out["why"] = why;
        return out;
    };
    const auto refused = [&](Failure failure) {
        out["status"] = traits(failure).status;
        return done();
    };
    if (guarded.refused != nullptr) {
        why.push_back(guarded.refused);
        return refused(http::failure_of(guarded));
    }
    const ListenerPlan* listener = nullptr;
    for (const auto& plan : snapshot.listeners)
        if (listener == nullptr && (question.listener.empty() || plan->name == question.listener))
            listener = plan.get();
    if (listener == nullptr && !question.listener.empty())
        return problems::invalid({config::Error{"/listener", "no listener is named " + question.listener}});
    if (listener != nullptr) believe(why, *listener, text.data(), head, client);
    const auto* route =
        snapshot.routes.find(host, path, question.method, listener == nullptr ? nullptr : listener->connections.get());
    // Where the listener matters, the answer says which one it is for.
    const bool restricted =
        std::ranges::any_of(snapshot.routes.all(), [](const auto& r) { return !r->listeners.empty(); });
    const std::string came_to = restricted && listener != nullptr ? ", listener " + listener->name : "";
    if (route == nullptr) {
        why.push_back(
            fmt::format("no route matches host {:?}, path {:?}, method {}{}", host, path, question.method, came_to));
        return refused(Failure::no_route);
    }
    out["route"] = route->name;
    why.push_back(fmt::format("route {} is the most specific match of host {:?} and path {:?}{}", route->name, host,
                              path, came_to));
    if (const auto failure = past_limits(why, *route, question.method, guarded.body); failure != Failure::none)
        return refused(failure);
    route::RequestFacts facts{text.data(), &head, question.method, host, path, target.query, client, nullptr};
    route::Claims claims;
    if (route->verifier) {
        const auto token = facts.header(route->verifier->header());
        if (token.data() != nullptr && route->verifier->verify(token, now.wall_seconds, claims)) {
            facts.claims = &claims;
            why.push_back("its token is genuine, so its claims count");
        } else {
            why.push_back("it carries no genuine token, so no claim holds");
        }
    }
    if (const auto failure = past_rate(why, *route, facts, now.steady_ns); failure != Failure::none)
        return refused(failure);
    route::Decision decision;
    if (route->answers()) {
        if (!route::decide_by_rule(*route, facts, decision)) {
            out["status"] = route->redirect.to.empty() ? route->respond.status : route->redirect.status;
            why.push_back("the route answers by itself");
            return done();
        }
    } else {
        if (route->arms.empty() && route->rules.empty()) {
            why.push_back("the route has neither rules nor a split");
            return refused(Failure::no_route);
        }
        decision = route::decide(*route, facts, kMinted, [&] {
            return route::Turn{route->cursor->salt, route->cursor->next.load(std::memory_order_relaxed)};
        });
    }
    if (decision.by == route::Decision::By::refused_rule) {
        out["by"] = "rule";
        out["rule"] = route->rules[static_cast<std::size_t>(decision.rule)].name;
        why.push_back(fmt::format("whether rule {} holds cannot be said: this version refuses its expression",
                                  route->rules[static_cast<std::size_t>(decision.rule)].name));
        return refused(Failure::rule_refused);
    }
    tell_decision(out, why, snapshot, *route, decision, facts, now.steady_ns / 1'000'000);
    return done();
}

}  // namespace switchyard::control
