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
#include "control/rollout/runner/mark_places.h"

namespace switchyard::control::rollout {

// Which group of MarkPlaces a test counts; empty: none.
std::string marks_of(const std::string& test);
// `endpoints`: of the new upstream, address → failures, most first: said where nothing better was noted. `users`: of a
// sticky split, how many have what the test counts, in words.
std::string alarm_words(const analysis::Alarm& alarm, const Plan& plan,
                        const std::optional<analysis::FrozenQuantiles>& frozen, const nlohmann::ordered_json& endpoints,
                        const MarkPlaces& places = {}, const std::string& users = {});

}  // namespace switchyard::control::rollout
