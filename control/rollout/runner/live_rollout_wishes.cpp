// What a person wishes of a rollout.
#include <fmt/format.h>

#include "control/rollout/runner/live_rollout.h"

namespace switchyard::control::rollout {

Result<void> LiveRollout::wished(Effects effects, const std::string& refusal) {
    if (!refusal.empty()) return problems::conflict(fmt::format("rollout {}: {}", id_, refusal));
    perform(std::move(effects));
    return {};
}

Result<void> LiveRollout::promote(const std::string& by, bool force) {
    // An operator who promotes again because nothing happened would skip a step.
    if (machine_.active() && publication_->wanting() && !publish_problem().empty())
        return problems::conflict(fmt::format(
            "rollout {}: its weight is not in force yet ({}); promote goes on from there", id_, publish_problem()));
    std::string refusal;
    auto effects = machine_.promote(doors_.clock.now(), by, refusal);
    insists_ = force;
    auto done = wished(std::move(effects), refusal);
    insists_ = false;
    return done;
}

Result<void> LiveRollout::pause(const std::string& by) {
    std::string refusal;
    auto effects = machine_.pause(by, refusal);
    return wished(std::move(effects), refusal);
}

Result<void> LiveRollout::resume(const std::string& by) {
    std::string refusal;
    auto effects = machine_.resume(doors_.clock.now(), by, refusal);
    return wished(std::move(effects), refusal);
}

Result<void> LiveRollout::abort(const std::string& by) {
    std::string refusal;
    auto effects = machine_.abort(doors_.clock.now(), by, refusal);
    return wished(std::move(effects), refusal);
}

}  // namespace switchyard::control::rollout
