#include "control/edits/guard.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

#include "config/model/candidate.h"
#include "config/model/discovered.h"
#include "config/text/pointer.h"
#include "config/text/spelling.h"

namespace switchyard::control::edits {
namespace {

// Reasons beyond this are counted: an upstream may have a thousand endpoints.
constexpr std::size_t kNamedEndpoints = 4;

using Words = std::vector<std::string>;

std::string why_unusable(const config::Upstream& upstream, const config::Endpoint& endpoint,
                         const UpstreamFacts* known) {
    if (endpoint.state != config::EndpointState::up) return fmt::format("is in {}", config::word(endpoint.state));
    if (endpoint.weight == 0) return "has weight 0";
    const EndpointFacts* seen = nullptr;
    if (known != nullptr)
        if (const auto it = known->by_address.find(endpoint.address.text()); it != known->by_address.end())
            seen = &it->second;
    if (seen != nullptr && !seen->resolved) return "has no address";
    // Where nothing is checked an endpoint is up as soon as it is there.
    if (upstream.health.type != config::Health::Type::none) {
        if (seen == nullptr || !seen->checked) return "has not been checked yet";
        if (!seen->up) return "is down";
    }
    if (seen != nullptr && seen->draining) return "asks to be drained";
    // When too few are left, ejections are ignored: with a panic_percent no endpoint is lost to them alone.
    if (seen != nullptr && seen->ejected && upstream.ejection.panic_percent == 0) return "is ejected";
    return {};
}

// Looks at each upstream once, however many routes lead there.
class Sight {
  public:
    Sight(const config::Model& model, const Facts& facts) : model_(model), facts_(facts) {}

    // Empty: an endpoint serves.
    const std::string& why_unserved(const std::string& name) {
        const auto [it, fresh] = seen_.try_emplace(name);
        if (fresh) it->second = look(name);
        return it->second;
    }
    // The upstream, or the one that stands in for it while it has no endpoint.
    bool serves(const std::string& name) {
        return why_unserved(name).empty() || (!fallback(name).empty() && why_unserved(fallback(name)).empty());
    }
    const std::string& fallback(const std::string& name) const {
        static const std::string kNone;
        const auto it = model_.upstreams.find(name);
        return it == model_.upstreams.end() ? kNone : it->second.breaker.fallback;
    }

  private:
    std::string look(const std::string& name) const {
        const auto it = model_.upstreams.find(name);
        if (it == model_.upstreams.end()) return "does not exist";
        const auto known = facts_.find(name);
        static const std::vector<config::Endpoint> kNone;
        const auto endpoints =
            config::all_endpoints(it->second, known == facts_.end() ? kNone : known->second.discovered);
        if (endpoints.empty())
            return it->second.discover ? "has no endpoints: none was discovered yet" : "has no endpoints";
        Words why;
        for (const auto& endpoint : endpoints) {
            const auto reason = why_unusable(it->second, endpoint, known == facts_.end() ? nullptr : &known->second);
            if (reason.empty()) return {};
            why.push_back(fmt::format("{} {}", endpoint.address.text(), reason));
        }
        const auto more = why.size() - std::min(why.size(), kNamedEndpoints);
        why.resize(why.size() - more);
        return fmt::format("{}{}", fmt::join(why, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
    }

    const config::Model& model_;
    const Facts& facts_;
    std::unordered_map<std::string, std::string> seen_;
};

// The part of a split's requests that finds no endpoint: `lost` of `all`.
struct Loss {
    std::uint64_t lost = 0, all = 1;
    bool operator>(const Loss& other) const { return lost * other.all > other.lost * all; }
};

Loss loss_of(const config::Route& route, Sight& sight) {
    Loss out{0, 0};
    for (const auto& [upstream, weight] : route.split) {
        out.all += weight;
        if (weight > 0 && !sight.serves(upstream)) out.lost += weight;
    }
    if (out.all == 0) return {0, 1};  // it answers by itself
    if (route.reroute && out.lost < out.all) out.lost = 0;
    return out;
}

Words losing_arms(const config::Route& route, Sight& sight) {
    Words out;
    for (const auto& [upstream, weight] : route.split)
        if (weight > 0 && !sight.serves(upstream))
            out.push_back(fmt::format("upstream {}: {}", upstream, sight.why_unserved(upstream)));
    return out;
}

bool serves(const config::Rule& rule, Sight& sight) {
    return rule.upstream.empty() || sight.why_unserved(rule.upstream).empty() ||
           (!rule.fallback.empty() && sight.why_unserved(rule.fallback).empty());
}

bool in_split(const config::Route& route, const std::string& upstream) {
    return upstream == config::kCandidate ||
           std::any_of(route.split.begin(), route.split.end(), [&](const auto& arm) { return arm.first == upstream; });
}

// Both of the same name.
void compare(const config::Route& was, const config::Route& is, const std::string& place, Sight& before, Sight& after,
             std::vector<config::Error>& out) {
    const auto loss = loss_of(is, after);
    if (loss > loss_of(was, before)) {
        const auto arms = losing_arms(is, after);
        const auto what = loss.lost == loss.all
                              ? std::string("would be left without a healthy endpoint")
                              : fmt::format("would lose {:.4g} % of its requests, which it does not re-route",
                                            100.0 * static_cast<double>(loss.lost) / static_cast<double>(loss.all));
        out.push_back({place + "/split", fmt::format("route {} {} ({})", is.name, what, fmt::join(arms, "; "))});
    }
    for (std::size_t i = 0; i < is.rules.size(); ++i) {
        const auto& rule = is.rules[i];
        if (in_split(is, rule.upstream) || serves(rule, after)) continue;
        const auto old = std::find_if(was.rules.begin(), was.rules.end(),
                                      [&](const config::Rule& r) { return r.name == rule.name; });
        if (old == was.rules.end() || !serves(*old, before)) continue;
        out.push_back({config::pointer_to(place + "/rules", i),
                       fmt::format("rule {} of route {} would be left without a healthy endpoint (upstream {}: {})",
                                   rule.name, is.name, rule.upstream, after.why_unserved(rule.upstream))});
    }
}

}  // namespace

std::string why_unserved(const config::Model& model, const std::string& upstream, const Facts& facts) {
    return Sight(model, facts).why_unserved(upstream);
}

std::vector<config::Error> left_without(const config::Model& before, const config::Model& after, const Facts& facts) {
    Sight was(before, facts), is(after, facts);
    std::vector<config::Error> out;
    std::unordered_map<std::string_view, const config::Route*> routes;
    for (const auto& route : before.routes) routes.emplace(route.name, &route);
    for (std::size_t i = 0; i < after.routes.size(); ++i)
        if (const auto old = routes.find(after.routes[i].name); old != routes.end())
            compare(*old->second, after.routes[i], config::pointer_to("/routes", i), was, is, out);
    const auto served = [&](const config::Route& route) {
        const auto loss = loss_of(route, was);
        return !route.split.empty() && loss.lost < loss.all;
    };
    if (after.routes.empty() && std::any_of(before.routes.begin(), before.routes.end(), served))
        out.push_back({"/routes", fmt::format("no route would be left ({} now), so nobody would be served",
                                              before.routes.size())});
    return out;
}

Result<void> require_served(const config::Model& model, const std::string& upstream, const Facts& facts) {
    const auto why = why_unserved(model, upstream, facts);
    if (why.empty()) return {};
    return problems::conflict(
        fmt::format("upstream {} has no healthy endpoint ({}); nothing was changed", upstream, why));
}

Result<void> guard(const config::Model& before, const config::Model& after, const Facts& facts) {
    auto lost = left_without(before, after, facts);
    if (lost.empty()) return {};
    auto problem = problems::conflict(
        lost.size() == 1 ? lost[0].detail + "; nothing was changed"
                         : fmt::format("{}, and {} more would be left without a healthy endpoint; nothing was changed",
                                       lost[0].detail, lost.size() - 1));
    problem.errors = std::move(lost);
    return problem;
}

}  // namespace switchyard::control::edits
