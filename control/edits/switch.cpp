#include "control/edits/switch.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "config/model/candidate.h"
#include "control/edits/guard.h"
#include "control/edits/require.h"

namespace switchyard::control::edits {

Result<std::string> target_of(const config::Route& route, const std::string& to) {
    if (to != config::kCandidate) return to;
    if (const auto* candidate = config::candidate_of(route)) return *candidate;
    return problems::invalid({config::Error{"/to", config::why_no_candidate(route)}});
}

Result<config::Model> apply(const config::Model& model, const Facts& facts, const Switch& wanted) {
    const auto index = route_index(model, wanted.route);
    if (!index) return index.error();
    const auto meant = target_of(model.routes[*index], wanted.to);
    if (!meant) return meant.error();
    const std::string& to = *meant;
    if (auto why = unknown_upstream(model, to); !why.empty())
        return problems::invalid({config::Error{"/to", std::move(why)}});
    if (!wanted.force) {
        if (auto held = require(facts, {to, wanted.healthy, {}}); !held) {
            auto problem = held.error();
            problem.detail += kForceHint;
            return problem;
        }
    }
    const config::Route& route = model.routes[*index];
    if (route.static_files.on())
        return problems::invalid({config::Error{"", "route " + route.name + " answers with files and has no split"}});
    if (route.split.empty() && route.respond.status == 0 && route.redirect.to.empty())
        return problems::invalid({config::Error{
            "", "route " + route.name + " has no split: its rules decide, and what none of them takes is 404"}});
    config::Model next = model;
    auto& split = next.routes[*index].split;
    std::uint64_t sum = 0;
    for (auto& [upstream, weight] : split) {
        sum += weight;
        weight = 0;
    }
    const auto all =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, std::numeric_limits<std::uint32_t>::max()));
    auto target = std::find_if(split.begin(), split.end(), [&](const auto& part) { return part.first == to; });
    if (target == split.end()) target = split.insert(split.end(), {to, 0});
    target->second = all == 0 ? 100 : all;
    return next;
}

}  // namespace switchyard::control::edits
