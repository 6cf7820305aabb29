#include "control/rollout/runner/idle_words.h"

#include <fmt/format.h>

namespace switchyard::control::rollout {

std::string idle_words(const analysis::Row& row, const Plan& plan) {
    if (row.gated && row.holds)
        return "held by the gate: the risk is beyond the tolerance as it looks, but not for certain; holds the step";
    if (row.gated) return "held by the gate: by requests the risk is not beyond the tolerance";
    if (row.test.starts_with("answers_") && !plan.answers_roll_back) return "holds the step, does not roll back";
    if (row.acts) return {};
    if (row.test == "raw") return "holds the step, never rolls back";
    if (row.test == "extra_failures") return fmt::format("acts from half the cap of {} on", plan.max_extra_failures);
    if (row.test.ends_with("_shift")) return "acts only while the risk is beyond the tolerance for certain";
    if (row.test.starts_with("slo_")) return fmt::format("acts only while {} is alone", plan.to);
    if (row.test == "sample_ratio") return "asks a person, does not roll back";
    return "does not roll back";
}

}  // namespace switchyard::control::rollout
