// The one weight a rollout wants the workers to route by, until they do.
//
// Invariants: a weight that grows is not published before what decided it is durable, and not while another publication
//   is under way; one that falls waits for neither. What failed is tried again until it is made or no longer wanted; an
//   answer to a publication whose place another one has taken changes nothing. A return asks nothing of the store:
//   where that refuses it is put in force all the same. What a person has brought to where it was to go, or has changed
//   since the route was let go, is left as it is.
// Threads: control. Lives in a shared_ptr: answers that come late find it gone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/rollout/machine.h"
#include "control/rollout/runner/doors.h"

namespace switchyard::control::rollout {

class WeightPublication : public std::enable_shared_from_this<WeightPublication> {
  public:
    // `arrived`: every worker routes by the weight.
    WeightPublication(std::string id, const Plan& plan, const Doors& doors, std::function<void(Ppm)> arrived)
        : id_(std::move(id)), plan_(plan), doors_(doors), arrived_(std::move(arrived)) {}

    struct Terms {
        bool returning = false;  // towards the old upstream, whatever it takes
        bool ours = true;        // no other change may touch the route's split
        bool force = false;      // the operator insists on it, whatever the guard finds; a weight that falls needs none
        bool operator==(const Terms&) const = default;
    };
    void want(Ppm weight, Terms terms);
    // After a restart, when nothing is wanted: what the configuration says already.
    void found(Ppm weight) { in_force_ = weight; }
    // Publishes what is wanted, if it may be. `unkept`: the journal that orders it, where that is not durable yet: only
    // a weight that falls does not wait for it, and is stored together with it. `why`: for the audit.
    void publish(const std::string& unkept, const std::string& why);
    // With each look: has the last worker adopted the weight?
    void check_adopted();
    // With each look: publishes as above, but waits for what is under way.
    void go_on(const std::string& unkept, const std::string& why);

    bool wanting() const { return wanted_.has_value(); }
    bool asked() const { return under_way_; }              // for a generation, and not answered yet
    bool behind() const { return awaiting_.has_value(); }  // it is there, but some worker has not adopted it
    Ppm in_force() const { return in_force_; }
    // The first that routes by it; 0: all that there are, as after a restart.
    std::uint64_t generation() const { return generation_; }
    const std::string& problem() const { return problem_; }  // why it is not made yet; empty: nothing is wrong

  private:
    void answered(Ppm weight, std::uint64_t attempt, const Answer& answer);
    void arrive(Ppm weight);

    const std::string id_;
    const Plan plan_;
    const Doors& doors_;
    const std::function<void(Ppm)> arrived_;
    std::optional<Ppm> wanted_;  // to be published, or on its way
    Terms terms_;
    std::optional<config::Split> made_;  // by the last publication that was made
    Ppm in_force_ = 0;
    std::uint64_t generation_ = 0;
    std::uint64_t attempt_ = 0;
    bool under_way_ = false;
    Ppm given_weight_ = 0;  // what is under way
    Terms given_terms_;
    std::optional<std::uint64_t> awaiting_;  // a generation that some worker has not adopted yet
    Monotonic retry_at_{0};
    std::string problem_;
};

}  // namespace switchyard::control::rollout
