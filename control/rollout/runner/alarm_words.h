// What an alarm says to the person who is woken by it: what, how much, against what, how sure, where.
//
// Threads: pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/analysis/evidence.h"
#include "control/analysis/frozen_quantiles.h"
#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

// `endpoints`: of the new upstream, address → failures, most first.
std::string alarm_words(const analysis::Alarm& alarm, const Plan& plan,
                        const std::optional<analysis::FrozenQuantiles>& frozen,
                        const nlohmann::ordered_json& endpoints);

}  // namespace switchyard::control::rollout
