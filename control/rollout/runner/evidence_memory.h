// What a restart must not forget: the state of every test that can roll back, and what it was counted from.
//
// Restored is a value that each test had, so its false alarm rate holds across restarts; what was counted between the
// last writing and the end of the process is lost. What permits a step is not in here: promotion, the sample ratio and
// the bake begin anew, so nothing advances on evidence of before; a process that is replaced while it serves hands that
// on as well (remember_step). Why: docs/decisions/0007-evidence-survives.md.
// Invariants: all or nothing – text of another version, or for another kind of split, changes nothing.
// Threads: pure. Errors: recall() says no.
#pragma once

#include <nlohmann/json.hpp>

#include "control/analysis/analysis.h"
#include "control/rollout/runner/intake.h"

namespace switchyard::control::rollout {

// To be raised when a number in here begins to mean something else, such as another grid of bets.
inline constexpr unsigned kEvidenceVersion = 4;

nlohmann::ordered_json remember(const analysis::Analysis& analysis, const Intake& intake);
bool recall(const nlohmann::ordered_json& kept, analysis::Analysis& analysis, Intake& intake);

// What permits a step: for a process that goes on with it while its requests are still counted, so nothing is missing.
// After the step has begun there.
nlohmann::ordered_json remember_step(const analysis::Analysis& analysis, const Intake& intake);
bool recall_step(const nlohmann::ordered_json& told, analysis::Analysis& analysis, Intake& intake);

}  // namespace switchyard::control::rollout
