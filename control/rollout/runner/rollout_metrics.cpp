#include "control/rollout/runner/rollout_metrics.h"

namespace switchyard::control::rollout {

void write_rollout_metrics(Exposition& out, const Rollouts& rollouts) {
    out.family("switchyard_rollout_evidence", "gauge", "ln E of each test of a rollout; acts at its threshold");
    for (const auto& live : rollouts.newest_first())
        if (live->machine().holds_route())
            for (const analysis::Row& row : live->analysis().rows())
                out.sample({{"rollout", live->id()}, {"metric", row.test}}, row.ln_e);
    out.family("switchyard_rollout_evidence_threshold", "gauge", "ln E at which the test acts");
    for (const auto& live : rollouts.newest_first())
        if (live->machine().holds_route())
            for (const analysis::Row& row : live->analysis().rows())
                out.sample({{"rollout", live->id()}, {"metric", row.test}}, row.threshold);
    out.family("switchyard_rollout_weight", "gauge", "Share of the new upstream that every worker routes by, percent");
    for (const auto& live : rollouts.newest_first())
        if (live->machine().holds_route())
            out.sample({{"rollout", live->id()}, {"route", live->machine().plan().route}},
                       static_cast<double>(live->weight_in_force()) / 10'000.0);
}

}  // namespace switchyard::control::rollout
