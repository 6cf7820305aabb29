#include "control/edits/operator_part.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unordered_map>

#include "config/diff.h"

namespace switchyard::control::edits {

Result<void> operator_part_only(const config::Model& before, const config::Model& after) {
    // Taken out of the comparison by being set to what they were.
    config::Model rest = after;
    std::unordered_map<std::string, const config::Route*> routes;
    for (const auto& route : before.routes) routes.emplace(route.name, &route);
    for (auto& route : rest.routes)
        if (const auto old = routes.find(route.name); old != routes.end()) {
            route.split = old->second->split;
            route.rules = old->second->rules;
        }
    for (auto& [name, upstream] : rest.upstreams) {
        const auto old = before.upstreams.find(name);
        if (old == before.upstreams.end()) continue;
        for (auto& endpoint : upstream.endpoints)
            for (const auto& known : old->second.endpoints)
                if (known.address == endpoint.address) endpoint.state = known.state;
    }
    if (rest == before) return {};
    return problems::conflict(
        fmt::format("it would change more than the splits, rules and endpoint states that an operator may: {}; ask an "
                    "admin, or undo to another generation; nothing was changed",
                    fmt::join(config::diff(before, rest), "; ")));
}

}  // namespace switchyard::control::edits
