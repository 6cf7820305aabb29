// JSON → Plan, with every error at once and its JSON pointer.
//
// Threads: pure. Errors: unknown keys (with the nearest known one), missing keys, wrong types and ranges, steps that
// do not grow or do not end at 100 %. Whether route and upstreams exist is not known here; see fit_plan.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "config/text/error.h"
#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

struct PlanResult {
    std::optional<Plan> plan;  // set exactly when there are no errors
    Plan draft;                // whatever could be read, so that more can be found wrong with it at once
    std::vector<config::Error> errors;
};

PlanResult parse_plan(const nlohmann::ordered_json& document);

// What is wrong with a place that nothing has been said about yet: the first mistake there explains the others.
void add_unless_told(std::vector<config::Error>& errors, std::vector<config::Error> more);

}  // namespace switchyard::control::rollout
