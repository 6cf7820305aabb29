#include "control/made_again.h"

#include <algorithm>

#include "config/model/candidate.h"

namespace switchyard::control {

std::map<std::string, std::string> led_by(const rollout::Rollouts& rollouts) {
    std::map<std::string, std::string> out;
    for (const auto& rollout : rollouts.newest_first())
        if (const auto& machine = rollout->machine(); machine.holds_route())
            out.emplace(machine.plan().route, machine.plan().to);
    return out;
}

bool speaks_of_candidates(const config::Model& model) {
    return std::ranges::any_of(model.routes, [](const config::Route& route) {
        return std::ranges::any_of(route.rules, [](const auto& rule) { return rule.upstream == config::kCandidate; });
    });
}

bool refers_to_secrets(const config::Model& model) {
    return std::ranges::any_of(model.routes,
                               [](const auto& route) { return route.jwt.key.from != config::Secret::From::here; });
}

}  // namespace switchyard::control
