// The book of releases, tied to the controller, its store and the rollouts of this process.
//
// Threads: control. Both outlive it.
#pragma once

#include "control/core/controller.h"
#include "control/release/book/releases.h"
#include "control/rollout/runner/rollouts.h"

namespace switchyard::control {

class OpenedReleases final : release::BookClock, release::RoutesInForce, release::BookPages {
  public:
    OpenedReleases(Controller& controller, rollout::Rollouts& rollouts)
        : controller_(controller), rollouts_(rollouts) {}

  private:
    std::chrono::milliseconds now() const override;
    std::string timestamp() const override;
    const config::Model& model() const override;
    std::uint64_t generation() const override;
    std::string abort_rollout(const release::Release& release) override;
    Result<void> keep(const std::string& id, const std::string& text) override;
    Result<void> forget(const std::vector<std::string>& ids) override;
    void note(const std::string& verb, const Caller& caller, const std::string& line) override;
    void event(nlohmann::ordered_json body) override;
    void give(StoreWriter::Write write);

    Controller& controller_;
    rollout::Rollouts& rollouts_;

  public:
    release::Releases book{{*this, *this, *this}};
};

}  // namespace switchyard::control
