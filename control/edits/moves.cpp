#include "control/edits/moves.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "config/model/candidate.h"

namespace switchyard::control::edits {
namespace {

using Lines = std::vector<std::string>;

// Below this a difference is the arithmetic's, not the operator's: 1 part in 10^9.
constexpr double kNothing = 1e-7;

// Percent of the split's requests, in the split's order, each name once.
std::vector<std::pair<std::string, double>> percents(const config::Split& split) {
    double sum = 0;
    for (const auto& [upstream, weight] : split) sum += weight;
    std::vector<std::pair<std::string, double>> out;
    for (const auto& [upstream, weight] : split)
        if (weight > 0) out.emplace_back(upstream, 100.0 * weight / sum);
    return out;
}

double of(const std::vector<std::pair<std::string, double>>& shares, const std::string& upstream) {
    for (const auto& [name, share] : shares)
        if (name == upstream) return share;
    return 0;
}

std::string target(const config::Route& route) {
    if (!route.redirect.to.empty()) return "a redirect to " + route.redirect.to;
    if (route.respond.status != 0) return fmt::format("its own answer {}", route.respond.status);
    Lines parts;
    const auto shares = percents(route.split);
    for (const auto& [upstream, share] : shares)
        parts.push_back(shares.size() == 1 ? upstream : fmt::format("{} ({:.4g} %)", upstream, share));
    return fmt::format("{}", fmt::join(parts, ", "));
}

void compare_splits(const config::Route& was, const config::Route& is, Lines& out) {
    if (was.split.empty() || is.split.empty()) {
        const auto before = target(was), after = target(is);
        if (before != after)
            out.push_back(fmt::format("route {}: all traffic moves from {} to {}", is.name, before, after));
        return;
    }
    const auto before = percents(was.split), after = percents(is.split);
    double moved = 0;
    Lines from, to;
    const auto told = [&](const std::string& upstream) {
        return fmt::format("{} ({:.4g} % → {:.4g} %)", upstream, of(before, upstream), of(after, upstream));
    };
    for (const auto& [upstream, share] : before)
        if (const double less = share - of(after, upstream); less > kNothing) {
            moved += less;
            from.push_back(told(upstream));
        }
    for (const auto& [upstream, share] : after)
        if (share - of(before, upstream) > kNothing) to.push_back(told(upstream));
    if (from.empty()) return;
    const bool whole = moved > 100 - kNothing;
    if (whole && before.size() == 1 && after.size() == 1)
        out.push_back(
            fmt::format("route {}: all traffic moves from {} to {}", is.name, before[0].first, after[0].first));
    else
        out.push_back(fmt::format("route {}: {} moves from {} to {}", is.name,
                                  whole ? "all traffic" : fmt::format("{:.4g} % of the traffic", moved),
                                  fmt::join(from, ", "), fmt::join(to, ", ")));
}

const config::Rule* rule_named(const config::Route& route, const std::string& name) {
    const auto it = std::find_if(route.rules.begin(), route.rules.end(), [&](const auto& r) { return r.name == name; });
    return it == route.rules.end() ? nullptr : &*it;
}

std::string target(const config::Route& route, const config::Rule& rule, const std::string& led_to) {
    if (rule.upstream.empty()) return fmt::format("its own answer {}", config::status_of(rule));
    if (rule.upstream == config::kCandidate && !led_to.empty()) return led_to;
    return config::upstream_of(route, rule);
}

void compare_rules(const config::Route& was, const config::Route& is, const std::string& led_to, Lines& out) {
    for (const auto& rule : was.rules)
        if (rule_named(is, rule.name) == nullptr)
            out.push_back(fmt::format("route {}: what rule {} sent to {} goes on past it", is.name, rule.name,
                                      target(was, rule, led_to)));
    for (const auto& rule : is.rules) {
        const auto* old = rule_named(was, rule.name);
        const std::string to = target(is, rule, led_to);
        const std::string from = old == nullptr ? "" : target(was, *old, led_to);
        if (old == nullptr)
            out.push_back(fmt::format("route {}: what rule {} takes goes to {}", is.name, rule.name, to));
        else if (from != to)
            out.push_back(
                fmt::format("route {}: what rule {} takes moves from {} to {}", is.name, rule.name, from, to));
        else if (!(old->when == rule.when))
            out.push_back(fmt::format("route {}: rule {} sends other requests to {}", is.name, rule.name, to));
    }
}

void compare_holds(const config::Route& was, const config::Route& is, Lines& out) {
    if (was.hold == is.hold) return;
    if (!is.hold.on())
        out.push_back(fmt::format("route {}: what was held goes on", is.name));
    else if (is.hold.respond.status != 0)
        out.push_back(fmt::format("route {}: all requests get the answer {} until {}", is.name, is.hold.respond.status,
                                  is.hold.until));
    else
        out.push_back(fmt::format("route {}: all requests wait until {}", is.name, is.hold.until));
}

void compare_routes(const config::Route& was, const config::Route& is, const LedTo& led_to, Lines& out) {
    if (was == is) return;
    if (!(was.match == is.match)) out.push_back(fmt::format("route {} takes other requests than before", is.name));
    compare_holds(was, is, out);
    compare_splits(was, is, out);
    compare_rules(was, is, led_to ? led_to(is.name) : std::string(), out);
}

bool in_service(const config::Endpoint& endpoint) {
    return endpoint.state == config::EndpointState::up && endpoint.weight > 0;
}

void compare_endpoints(const std::string& name, const config::Upstream& was, const config::Upstream& is, Lines& out) {
    const auto serving = [](const config::Upstream& upstream, const config::Address& address) {
        return std::any_of(upstream.endpoints.begin(), upstream.endpoints.end(),
                           [&](const auto& e) { return e.address == address && in_service(e); });
    };
    const auto left = is.discover || std::any_of(is.endpoints.begin(), is.endpoints.end(), in_service);
    for (const auto& endpoint : was.endpoints)
        if (in_service(endpoint) && !serving(is, endpoint.address))
            out.push_back(fmt::format("upstream {}: new requests leave {} for {}", name, endpoint.address.text(),
                                      left ? "its other endpoints" : "nobody: it has no other endpoint"));
    for (const auto& endpoint : is.endpoints)
        if (in_service(endpoint) && !serving(was, endpoint.address))
            out.push_back(fmt::format("upstream {}: {} takes its part of the requests once it is healthy", name,
                                      endpoint.address.text()));
    const auto taken_out = [](const config::Upstream& upstream, const std::string& address) {
        const auto it = upstream.endpoint_overrides.find(address);
        return it != upstream.endpoint_overrides.end() &&
               (it->second.state != config::EndpointState::up || it->second.weight == 0U);
    };
    for (const auto& [address, unused] : is.endpoint_overrides)
        if (taken_out(is, address) && !taken_out(was, address))
            out.push_back(fmt::format("upstream {}: new requests leave {} for its other endpoints, if it has any", name,
                                      address));
    for (const auto& [address, unused] : was.endpoint_overrides)
        if (taken_out(was, address) && !taken_out(is, address))
            out.push_back(
                fmt::format("upstream {}: {} takes its part of the requests once it is healthy", name, address));
}

}  // namespace

std::vector<std::string> moves(const config::Model& before, const config::Model& after, const LedTo& led_to) {
    Lines out;
    std::unordered_map<std::string_view, const config::Route*> olds, news;
    for (const auto& route : before.routes) olds.emplace(route.name, &route);
    for (const auto& route : after.routes) news.emplace(route.name, &route);
    for (const auto& route : before.routes)
        if (!news.contains(route.name))
            out.push_back(
                fmt::format("route {} is gone: what it sent to {} goes to another route that matches, or is "
                            "answered 404",
                            route.name, target(route)));
    for (const auto& route : after.routes) {
        const auto old = olds.find(route.name);
        if (old == olds.end())
            out.push_back(fmt::format("route {} is new: what it takes goes to {}", route.name, target(route)));
        else
            compare_routes(*old->second, route, led_to, out);
    }
    for (const auto& [name, upstream] : after.upstreams)
        if (const auto old = before.upstreams.find(name); old != before.upstreams.end() && !(old->second == upstream))
            compare_endpoints(name, old->second, upstream, out);
    return out;
}

}  // namespace switchyard::control::edits
