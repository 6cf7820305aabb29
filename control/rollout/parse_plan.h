// JSON → Plan, with every error at once and its JSON pointer.
//
// Threads: pure. Errors: unknown keys (with the nearest known one), missing keys, wrong types and ranges, steps that
// do not grow or do not end at 100 %. Whether route and upstreams exist is not known here; see fit_plan.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "config/error.h"
#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

struct PlanResult {
    std::optional<Plan> plan;  // set exactly when there are no errors
    std::vector<config::Error> errors;
};

PlanResult parse_plan(const nlohmann::ordered_json& document);

}  // namespace switchyard::control::rollout
