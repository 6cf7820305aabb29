#include "control/admin/explain/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "config/model/candidate.h"
#include "config/model/key.h"
#include "config/text/moment.h"
#include "control/admin/explain/explain_compress.h"
#include "control/admin/explain/explain_endpoint.h"
#include "proxy/base/failure.h"
#include "proxy/base/metrics.h"
#include "proxy/http/head_parser.h"
#include "proxy/route/asked.h"
#include "proxy/route/choose.h"
#include "proxy/route/rate_key.h"
#include "proxy/route/rate_table.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;

// What a fresh sticky cookie would be hashed to is only known when it is made.
constexpr std::string_view kMinted = "explain";

enum class Depth : std::uint8_t { decision, endpoint };

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
                   const route::Decision& decision, const route::RequestFacts& facts, std::int64_t now_ms,
                   Depth depth) {
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
        case route::Decision::By::refused_rule:  // these have no upstream to tell of
        case route::Decision::By::denying_rule:
            break;
        case route::Decision::By::single:
            out["by"] = "single";
            why.push_back(fmt::format("no rule holds, and {} has the whole split", upstream.name));
            break;
    }
    if (decision.mint) return;  // which upstream it is will be known when the cookie is made
    if (depth != Depth::decision) return tell_endpoint(out, why, snapshot, route, decision, facts, now_ms);
    if (decision.by != route::Decision::By::position) out["upstream"] = upstream.name;
}

// Looks at what a worker would take.
struct Look {
    const Moment& now;
    std::int64_t wait_ns = 0;  // until the rate has a token again

    bool enter(const route::Route& route) const {
        return !now.limits || route.in_flight->value.load(std::memory_order_relaxed) < route.limits.in_flight;
    }
    bool pay(const route::Route& route, const route::RequestFacts& facts) {
        if (!now.limits) return true;
        wait_ns = route.rate_table->wait(route::rate_key(route, facts), route.rate, now.steady_ns);
        return wait_ns == 0;
    }
    void passed(const route::Route&) const {}
    std::int64_t wall_seconds() const { return now.wall_seconds; }
    route::Turn turn(const route::Route& route) const {
        return {route.cursor->salt, route.cursor->next.load(std::memory_order_relaxed)};
    }
};

void tell_trust(std::vector<std::string>& why, const ListenerPlan& listener, const route::RequestFacts& facts,
                const route::ClientAddress& peer) {
    if (facts.client == peer) return;
    char text[64];
    const std::string_view words(text, facts.client.write(text));
    why.push_back(fmt::format("listener {} trusts its peer, who says that the client is {}", listener.name, words));
}

// Why the route it came to refuses it.
std::string why_refused(Failure failure, const route::Choice& choice, const http::Body& body, const Look& look) {
    const config::Limits& limits = choice.route->limits;
    switch (failure) {
        case Failure::not_allowed:
            return "CONNECT is not allowed on this route";
        case Failure::body_too_large:
            return fmt::format("its body of {} bytes is larger than the route's limit of {}", body.length, limits.body);
        case Failure::route_full:
            return fmt::format("the route is at its limit of {} requests in flight", limits.in_flight);
        case Failure::rate_limited:
            return fmt::format("the route's rate for its {} is used up for {:.1f} s more",
                               config::key_text(limits.rate.key), static_cast<double>(look.wait_ns) / 1e9);
        case Failure::denied:
            return choice.denying_rule() == nullptr
                       ? "nothing else is asked of it"
                       : fmt::format("rule {} holds and denies it", choice.denying_rule()->name);
        case Failure::rule_refused:
            return fmt::format("whether rule {} holds cannot be said: this version refuses its expression",
                               choice.route->rules[static_cast<std::size_t>(choice.decision.rule)].name);
        case Failure::bad_request:
            return "its path would climb when it is rewritten";
        default:
            return "none of the route's rules takes it, and there is nothing else";
    }
}

// Which entry of the list decides.
std::string access_words(const route::AccessList& access, const route::ClientAddress& client) {
    char text[64];
    const std::string_view who(text, client.write(text));
    if (const auto* const entry = access.deciding(client))
        return fmt::format(" {} {}: of its access list {} {:?} decides", entry->allows ? "lets in" : "refuses", who,
                           entry->allows ? "allow" : "deny", entry->text);
    return access.allows_some()
               ? fmt::format(" refuses {}: its access list names those who are let in, and not it", who)
               : fmt::format(" lets in {}: its access list does not name it", who);
}

void tell_token(std::vector<std::string>& why, const route::Route& route, const route::RequestFacts& facts) {
    if (route.verifier)
        why.push_back(facts.claims != nullptr ? "its token is genuine, so its claims count"
                                              : "it carries no genuine token, so no claim holds");
}

const ListenerPlan* listener_named(const Snapshot& snapshot, std::string_view name) {
    for (const auto& plan : snapshot.listeners)
        if (name.empty() || plan->name == name) return plan.get();
    return nullptr;
}

// Where the listener matters, the answer says which one it is for.
std::string came_to(const Snapshot& snapshot, const ListenerPlan* listener) {
    const bool restricted =
        std::ranges::any_of(snapshot.routes.all(), [](const auto& r) { return !r->listeners.empty(); });
    return restricted && listener != nullptr ? ", listener " + listener->name : "";
}

// How it came to its route, and with which path it would go on.
void tell_match(Json& out, std::vector<std::string>& why, const route::Route& route, const route::Asked& asked,
                const std::string& came_to) {
    const route::RequestFacts& facts = asked.facts;
    out["route"] = route.name;
    why.push_back(fmt::format("route {} is the most specific match of host {:?} and path {:?}{}", route.name,
                              facts.host, facts.path, came_to));
    if (route.path_matches) why.push_back(fmt::format("its path matches {:?}", route.path_matches->pattern()));
    if (route.host_matches) why.push_back(fmt::format("its host matches {:?}", route.host_matches->pattern()));
    if (!asked.rewritten.empty()) {
        why.push_back("its path is rewritten to " + asked.rewritten);
        out["sent_as"] = asked.rewritten;
    }
    if (route.access) why.push_back("route " + route.name + access_words(*route.access, facts.client));
}

// The route is held: it waits, or gets a page.
void tell_hold(Json& out, std::vector<std::string>& why, const route::Route& route, const Look& look) {
    if (!route.hold || route.hold->until_s <= look.now.wall_seconds) return;
    out["held_until"] = config::moment_text(route.hold->until_s);
    why.push_back(fmt::format("the route is held until {}: {}", config::moment_text(route.hold->until_s),
                              route.hold->respond.status != 0 ? "its requests get a page" : "its requests wait"));
}

// What becomes of it on its route.
void tell_outcome(Json& out, std::vector<std::string>& why, const Snapshot& snapshot, const route::Choice& choice,
                  Failure failure, const route::Asked& asked, const Look& look, Depth depth) {
    const route::Route& route = *choice.route;
    const route::Rule* const denying = choice.denying_rule();
    const bool at_the_door = (failure == Failure::denied && denying == nullptr) || failure == Failure::not_allowed ||
                             failure == Failure::body_too_large || failure == Failure::route_full;
    if (!at_the_door) tell_token(why, route, asked.facts);
    if (failure == Failure::rule_refused || denying != nullptr) {
        out["by"] = "rule";
        out["rule"] = route.rules[static_cast<std::size_t>(choice.decision.rule)].name;
    }
    if (failure != Failure::none) {
        why.push_back(why_refused(failure, choice, asked.guarded.body, look));
        out["status"] = denying != nullptr ? denying->deny : traits(failure).status;
    } else if (tell_hold(out, why, route, look); choice.answers() && choice.decision.rule < 0) {
        out["status"] = choice.by_hold              ? route.hold->respond.status
                        : route.redirect.to.empty() ? route.respond.status
                                                    : route.redirect.status;
        if (!choice.by_hold) why.push_back("the route answers by itself");
    } else {
        tell_decision(out, why, snapshot, route, choice.decision, asked.facts, look.now.steady_ns / 1'000'000, depth);
        if (route.compress) tell_compression(out, why, *route.compress, asked);
    }
}

// The request as a client would write it, into `text`, and what a worker would read in it.
Failure read_question(const Question& question, std::string& text, route::Asked& asked) {
    text = question.method + " " + question.path + " HTTP/1.1\r\nHost: " + question.host + "\r\n";
    for (const auto& [name, value] : question.headers) text += name + ": " + value + "\r\n";
    text += "\r\n";
    if (text.size() <= http::kMaxHead &&
        http::HeadParser().request(text, asked.head) == http::HeadParser::Outcome::done)
        return asked.check(text.data());
    asked.refusal = "method, host, path or a header is malformed";
    return Failure::bad_request;
}

Result<Json> answer(const Snapshot& snapshot, const Question& question, const Moment& now, Depth depth) {
    std::string text;
    route::Asked asked;
    const Failure unfit = read_question(question, text, asked);
    if (unfit == Failure::bad_request && asked.guarded.refused == nullptr)
        return problems::invalid("this is not a request: " + std::string(asked.refusal));
    auto peer = route::ClientAddress::parse(question.client);
    if (!peer.is_ip && question.client != config::kUnixPeers)
        return problems::invalid(
            {config::Error{"/client", "must be an IP address, or \"unix\" for a peer of a unix socket"}});

    Json out = {{"generation", snapshot.generation}, {"route", nullptr}};
    std::vector<std::string> why;
    const auto done = [&] {
        out["why"] = why;
        return out;
    };
    const auto refused = [&](Failure failure, std::string reason) {
        why.push_back(std::move(reason));
        out["status"] = traits(failure).status;
        return done();
    };
    if (unfit != Failure::none)
        return refused(unfit, std::string(asked.refusal.empty() ? traits(unfit).detail : asked.refusal));
    const ListenerPlan* const listener = listener_named(snapshot, question.listener);
    if (listener == nullptr && !question.listener.empty())
        return problems::invalid({config::Error{"/listener", "no listener is named " + question.listener}});
    const ListenerPlan none;
    const ListenerPlan& plan = listener == nullptr ? none : *listener;
    asked.believe(peer, plan.trusted_proxies, plan.client_header);
    tell_trust(why, plan, asked.facts, peer);
    Look look{now};
    route::Choice choice;
    const Failure failure =
        route::choose(snapshot.routes, {plan.connections.get(), plan.access.get()}, asked, kMinted, look, choice);
    const auto& facts = asked.facts;
    if (plan.access) why.push_back("listener " + plan.name + access_words(*plan.access, facts.client));
    if (failure == Failure::denied && choice.route == nullptr)
        return refused(failure, "the listener refuses it before any route is asked");
    if (choice.route == nullptr)
        return refused(failure, fmt::format("no route matches host {:?}, path {:?}, method {}{}", facts.host,
                                            facts.path, question.method, came_to(snapshot, listener)));
    const route::Route& route = *choice.route;
    tell_match(out, why, route, asked, came_to(snapshot, listener));
    tell_outcome(out, why, snapshot, choice, failure, asked, look, depth);
    return done();
}

}  // namespace

Moment Moment::now() {
    using namespace std::chrono;
    return {duration_cast<seconds>(system_clock::now().time_since_epoch()).count(),
            duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count()};
}

Result<Json> explain(const Snapshot& snapshot, const Question& question, const Moment& now) {
    return answer(snapshot, question, now, Depth::endpoint);
}

Result<Json> explain_decision(const Snapshot& snapshot, const Question& question, const Moment& now) {
    const auto whole = answer(snapshot, question, {now.wall_seconds, now.steady_ns, false}, Depth::decision);
    if (!whole) return whole.error();
    Json out;
    for (const char* each : {"route", "sent_as", "status", "by", "rule", "upstream", "bucket", "minted"})
        if (whole->contains(each)) out[each] = whole->at(each);
    return out;
}

}  // namespace switchyard::control
