// Plan → JSON in its canonical form: parse_plan(render_plan(p)) == p, and every value is written out.
//
// Threads: pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

nlohmann::ordered_json render_plan(const Plan& plan);
nlohmann::ordered_json render_step(const Step& step);
// "5 %", "0.1 %", "100 %".
std::string percent_text(Ppm weight);
// What the plan states about releases that are no worse.
std::string promise_words(const Plan& plan);

}  // namespace switchyard::control::rollout
