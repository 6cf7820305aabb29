#include "control/edits/hold.h"

#include <fmt/format.h>

#include "config/model.h"
#include "config/text/moment.h"

namespace switchyard::control::edits {

Result<config::Model> apply(const config::Model& model, const Facts&, const SetHold& wanted) {
    const auto index = route_index(model, wanted.route);
    if (!index) return index.error();
    const config::Route& route = model.routes[*index];
    if (route.split.empty() && route.rules.empty())
        return problems::conflict(fmt::format("route {} answers by itself: there is nothing to hold", wanted.route));
    config::Model next = model;
    next.routes[*index].hold = wanted.hold;
    return next;
}

Result<config::Model> apply(const config::Model& model, const Facts&, const Resume& wanted) {
    const auto index = route_index(model, wanted.route);
    if (!index) return index.error();
    if (!model.routes[*index].hold.on()) return problems::conflict(fmt::format("route {} is not held", wanted.route));
    config::Model next = model;
    next.routes[*index].hold = {};
    return next;
}

std::vector<std::string> end_holds(config::Model& model, std::int64_t now_unix_s) {
    std::vector<std::string> out;
    for (auto& route : model.routes) {
        if (!route.hold.on() || config::parse_moment(route.hold.until).value_or(0) > now_unix_s) continue;
        route.hold = {};
        out.push_back(route.name);
    }
    return out;
}

std::optional<std::int64_t> first_end_of_holds(const config::Model& model) {
    std::optional<std::int64_t> first;
    for (const auto& route : model.routes) {
        if (!route.hold.on()) continue;
        const auto end = config::parse_moment(route.hold.until).value_or(0);
        if (!first || end < *first) first = end;
    }
    return first;
}

}  // namespace switchyard::control::edits
