#include "control/edits/split.h"

#include <algorithm>

namespace switchyard::control::edits {

Result<config::Model> apply(const config::Model& model, const Facts&, const SetSplit& wanted) {
    const auto index = route_index(model, wanted.route);
    if (!index) return index.error();
    std::vector<config::Error> errors;
    for (const auto& [upstream, weight] : wanted.weights)
        if (auto why = unknown_upstream(model, upstream); !why.empty()) errors.push_back({"/" + upstream, why});
    if (wanted.weights.empty()) errors.push_back({"", "a split names at least one upstream with its weight"});
    if (!errors.empty()) return problems::invalid(std::move(errors));

    config::Model next = model;
    auto& split = next.routes[*index].split;
    // The order of the members is kept: it decides which requests move, and an edit should move as few as it can.
    for (auto& part : split) part.second = 0;
    for (const auto& [upstream, weight] : wanted.weights) {
        const auto it =
            std::find_if(split.begin(), split.end(), [&name = upstream](const auto& p) { return p.first == name; });
        if (it == split.end())
            split.emplace_back(upstream, weight);
        else
            it->second = weight;
    }
    return next;
}

}  // namespace switchyard::control::edits
