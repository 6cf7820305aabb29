#include "control/edits/switch.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "control/edits/guard.h"
#include "control/edits/require.h"

namespace switchyard::control::edits {

Result<config::Model> apply(const config::Model& model, const Facts& facts, const Switch& wanted) {
    const auto index = route_index(model, wanted.route);
    if (!index) return index.error();
    if (auto why = unknown_upstream(model, wanted.to); !why.empty())
        return problems::invalid({config::Error{"/to", std::move(why)}});
    if (!wanted.force) {
        if (auto held = require(facts, {wanted.to, wanted.healthy, {}}); !held) {
            auto problem = held.error();
            problem.detail += kForceHint;
            return problem;
        }
    }
    config::Model next = model;
    auto& split = next.routes[*index].split;
    std::uint64_t sum = 0;
    for (auto& [upstream, weight] : split) {
        sum += weight;
        weight = 0;
    }
    const auto all =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, std::numeric_limits<std::uint32_t>::max()));
    auto target = std::find_if(split.begin(), split.end(), [&](const auto& part) { return part.first == wanted.to; });
    if (target == split.end()) target = split.insert(split.end(), {wanted.to, 0});
    target->second = all == 0 ? 100 : all;
    return next;
}

}  // namespace switchyard::control::edits
