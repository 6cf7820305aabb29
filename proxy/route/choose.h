// Which route a request takes, and what it must pay there before it is given its upstream: one order of steps for
// workers and /v1/explain, so that the two cannot differ.
//
// Pure but for the toll, which a worker takes and explain only looks at:
//   bool enter(const Route&)                       a place among the requests in flight; asked where there is a limit
//   bool pay(const Route&, const RequestFacts&)    a token of its rate; asked where there is one
//   void passed(const Route&)                      nothing but its rules is before it now
//   std::int64_t wall_seconds()                    for tokens that expire
//   Turn turn(const Route&)                        the split's next
#pragma once

#include <string_view>

#include "proxy/base/failure.h"
#include "proxy/route/access_list.h"
#include "proxy/route/asked.h"
#include "proxy/route/decide.h"
#include "proxy/route/route_table.h"

namespace switchyard::route {

struct Choice {
    const Route* route = nullptr;
    Decision decision;
    bool by_hold = false;  // the route is held, and answers with a page meanwhile

    bool by_answering_rule() const {
        return decision.rule >= 0 && route->rules[static_cast<std::size_t>(decision.rule)].answers();
    }
    // The rule that refuses it; null: none does.
    const Rule* denying_rule() const {
        return route != nullptr && decision.by == Decision::By::denying_rule
                   ? &route->rules[static_cast<std::size_t>(decision.rule)]
                   : nullptr;
    }
    // By itself, without an upstream.
    bool answers() const {
        return route != nullptr && (by_hold || (decision.rule >= 0 ? by_answering_rule() : route->answers()));
    }
};

// The listener that a request has come to, as routing sees it.
struct Entrance {
    const SharedCount* connections = nullptr;  // who it is; null: none that a route could ask for
    const AccessList* access = nullptr;        // null: it lets all in
};

// `minted`: what a fresh sticky cookie would be. Where it is refused, `out` has the route if it came as far.
template <class Toll>
Failure choose(const RouteTable& routes, const Entrance& entrance, Asked& asked, std::string_view minted, Toll& toll,
               Choice& out) {
    const RequestFacts& facts = asked.facts;
    if (entrance.access != nullptr && !entrance.access->admits(facts.client)) [[unlikely]] {
        out = {};
        return Failure::denied;
    }
    const Route* const route = out.route = routes.find(facts.host, facts.path, facts.method, entrance.connections);
    if (route == nullptr) return Failure::no_route;
    if (route->access && !route->access->admits(facts.client)) [[unlikely]] {
        out.decision = {};
        return Failure::denied;
    }
    if (facts.method == "CONNECT" && !route->allow_connect) return Failure::not_allowed;
    const http::Body& body = asked.guarded.body;
    if (route->limits.body != 0 && body.kind == http::Body::Kind::length && body.length > route->limits.body)
        return Failure::body_too_large;
    if (route->in_flight && !toll.enter(*route)) return Failure::route_full;
    if (route->verifier) asked.read_claims(*route->verifier, toll.wall_seconds());
    if (route->rate_table && !toll.pay(*route, facts)) return Failure::rate_limited;
    if (!route->rewrites.empty() && !asked.rewrite(*route)) [[unlikely]]
        return Failure::bad_request;
    toll.passed(*route);
    if (route->hold && route->hold->answers_at(toll.wall_seconds())) [[unlikely]] {
        out.decision = {};
        out.by_hold = true;
        return Failure::none;
    }
    if (route->answers() || route->arms.empty()) {
        // What a rule takes goes where the rule leads; all else the route answers, if it does.
        out.decision = {};
        if (!decide_by_rule(*route, facts, out.decision)) return route->answers() ? Failure::none : Failure::no_route;
    } else {
        out.decision = decide(*route, facts, minted, [&] { return toll.turn(*route); });
    }
    if (out.decision.by >= Decision::By::refused_rule) [[unlikely]]
        return out.decision.by == Decision::By::denying_rule ? Failure::denied : Failure::rule_refused;
    return Failure::none;
}

}  // namespace switchyard::route
