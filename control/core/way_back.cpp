#include "control/core/way_back.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchyard::control {
namespace {

const config::Route* route_named(const config::Model& model, const std::string& name) {
    const auto it =
        std::find_if(model.routes.begin(), model.routes.end(), [&](const auto& r) { return r.name == name; });
    return it == model.routes.end() ? nullptr : &*it;
}

bool same_way(const config::Route& a, const config::Route& b) {
    return a.split == b.split && a.sticky == b.sticky;
}

Problem nothing_earlier() {
    return problems::conflict("there is no earlier generation to return to");
}

Result<WayBack> before_rollout(Store& store, const Generation& last) {
    const auto made = store.made_by(last.who, last.verb);
    if (!made) return made.error();
    const auto first = store.generation(made->first);
    if (!first) return first.error();
    if (!*first || (*first)->parent == 0) return nothing_earlier();
    WayBack back{(*first)->parent, "before " + last.who, 0};
    const bool alone = last.number - made->first + 1 == made->count;
    if (!alone) back.only_since = made->first;
    return back;
}

}  // namespace

Result<WayBack> way_back(Store& store, std::uint64_t in_force) {
    const auto found = store.generation(in_force);
    if (!found) return found.error();
    if (!*found) return nothing_earlier();
    const Generation& last = **found;
    if (last.verb == kRolloutVerb) return before_rollout(store, last);
    if (last.verb == kWatchVerb || last.verb == kUnconfirmedVerb)
        return WayBack{in_force,
                       fmt::format("generation {} has taken the last change back by itself; name an earlier one to "
                                   "go further back",
                                   in_force),
                       0};
    // What was held goes on already: an undo that is meant for the hold must not take back what was before it.
    if (last.verb == kHoldEndedVerb)
        return WayBack{in_force,
                       fmt::format("a hold has ended by itself with generation {}, and nothing of it is left to undo; "
                                   "name an earlier one to go further back",
                                   in_force),
                       0};
    if (last.parent == 0) return nothing_earlier();
    return WayBack{last.parent, "", 0};
}

config::Model with_routes_back(config::Model now, const config::Model& earlier, const config::Model& begun) {
    for (auto& route : now.routes) {
        const auto* was = route_named(earlier, route.name);
        const auto* then = route_named(begun, route.name);
        if (was == nullptr || then == nullptr || same_way(*was, *then)) continue;
        route.split = was->split;
        route.sticky = was->sticky;
    }
    return now;
}

}  // namespace switchyard::control
