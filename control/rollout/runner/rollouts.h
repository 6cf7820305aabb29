// All rollouts of the process: starts them, feeds them, keeps them, finds them, and says which routes they hold.
//
// Invariants: at most one rollout holds a route; ids r1, r2, … are never used twice; a rollout can be looked at, across
//   restarts, until it has ended and as many others as are to be kept have ended after it. The latest that ended on a
//   route there is can always be looked at, and so can one that the disk does not know the end of yet.
// Threads: control. Owns: the rollouts, and the recent traffic they take their baselines from.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/base/result.h"
#include "control/core/change.h"
#include "control/rollout/runner/doors.h"
#include "control/rollout/runner/live_rollout.h"
#include "control/rollout/runner/recent_traffic.h"

namespace switchyard::control::rollout {

class Rollouts {
  public:
    using Json = nlohmann::ordered_json;
    static constexpr std::size_t kMostActive = 64;  // each holds up to 600 KiB and is looked at twenty times a second
    static constexpr Monotonic kSoonest{20};        // between two looks, however often workers report
    static constexpr Monotonic kOverdue{400};       // since the last look: two rounds of reports

    // `keep`: ended rollouts; 0: all.
    explicit Rollouts(const Doors& doors, std::size_t keep = 0) : doors_(doors), keep_(keep) {}

    // What keep() was given before the restart, by id. Rollouts that had not ended go on; call once.
    // `told`: by id, what another process has handed on while it served (handed_on()); null: it was a restart.
    void restore(const std::map<std::string, std::string>& kept, const Json& told = {});
    // Of those that are active. Nothing more is reported to them.
    Json handed_on();
    // Of another process; they are gone.
    void forget_workers(unsigned from, unsigned to);

    // The plan of a document, when it could begin now: else 422 with pointers, or 409 when there is no room for it or
    // no endpoint to send to. `force`: whatever the new upstream's health.
    Result<Plan> check(const Json& document, bool force = false) const;
    // Begins what check() lets pass.
    Result<std::shared_ptr<LiveRollout>> start(const Json& document, const std::string& by, bool force = false);
    // Guards a switch from `from` to `to` that has just been made; may_watch() before it.
    Result<void> may_watch(const std::string& route, const std::string& to, std::string& from,
                           bool force = false) const;
    std::shared_ptr<LiveRollout> watch(const std::string& route, const std::string& from, const std::string& to,
                                       Duration length, const std::string& by);

    // Looks at all of them as soon as every worker has reported, so that evidence is acted upon when it is there.
    void report(const WorkerReport& report);
    // Only these are: what was counted of others is of no use.
    void configured(const std::set<std::uint32_t>& routes, const std::set<std::uint32_t>& upstreams) {
        recent_.keep(routes, upstreams);
    }
    // A health check or an ejection has taken an endpoint out.
    void went_down(const std::string& upstream, const std::string& address);
    // For a timer: time also passes while a worker is silent.
    void look_if_overdue();

    // Some release is on trial: what the workers count should come soon.
    bool any_active() const;

    std::shared_ptr<LiveRollout> find(const std::string& id) const;
    std::vector<std::shared_ptr<LiveRollout>> newest_first() const;
    // Name of the rollout that holds the route, or empty.
    std::string held_by(const std::string& route) const;
    Holder holder(const std::string& route) const;

  private:
    // 409 while the route is held, or while as many as there may be are active.
    Result<void> has_room(const std::string& route) const;
    Result<void> require_served(const std::string& upstream, bool force) const;
    std::shared_ptr<LiveRollout> begin(Plan plan, const std::string& by, bool force = false);
    std::string next_id();
    void look();
    void forget_oldest();

    const Doors doors_;
    const std::size_t keep_;
    RecentTraffic recent_;
    std::vector<std::shared_ptr<LiveRollout>> all_;  // oldest first
    std::uint64_t last_number_ = 0;
    std::size_t ended_ = 0;        // of all_, when some were last forgotten
    std::set<unsigned> reported_;  // workers, since the last look
    Monotonic last_look_ = kNever;
    std::shared_ptr<char> alive_ = std::make_shared<char>();  // the disk may answer when this is gone
};

}  // namespace switchyard::control::rollout
