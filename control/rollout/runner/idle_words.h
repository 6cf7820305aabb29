// Why a test that has a bar does nothing when the bar is full.
//
// Pure.
#pragma once

#include <string>

#include "control/analysis/evidence.h"
#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

// Empty: it acts.
std::string idle_words(const analysis::Row& row, const Plan& plan);

}  // namespace switchyard::control::rollout
