// Whether the new upstream can be asked at all, and what follows when it cannot.
//
// A release whose endpoints are all down is the clearest failure there is: no comparison is needed. When its last
// usable
//   endpoint goes down while the old upstream has one, that is an alarm; otherwise the step holds and says so.
// Invariants: no alarm from what was never seen usable (a start by force, a restart before the first checks), none
// while
//   an endpoint of it is yet to be checked, and none towards an old upstream that is as badly off: without a usable
//   endpoint, or with more than half of its last kLastRequests failed. Outside false_alarm: it is no statistic.
// Pure: told the time, and what is usable. Threads: control.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/rollout/machine.h"
#include "control/rollout/runner/world.h"

namespace switchyard::control::rollout {

class Presence {
  public:
    static constexpr std::uint64_t kLastRequests = 20;
    // An endpoint that goes down so often within kCrashSpan is crashing: it starts, serves, dies, and nothing that is
    // counted between is worth a step.
    static constexpr std::size_t kCrashes = 3;
    static constexpr Monotonic kCrashSpan{60'000};

    // A part of the arm that is out says something of the release, and what is counted comes from the rest: from a
    // third of it on the step holds.
    static constexpr std::uint32_t kThird = 3;
    static constexpr Monotonic kStory{500};  // between two looks at all endpoints

    Presence(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}

    // An endpoint of the new upstream has gone down.
    void went_down(const std::string& address, Monotonic now);
    // First attempts at the old upstream since the last call.
    void add_baseline(std::uint64_t attempts, std::uint64_t failures);
    // Whether one is usable is asked every time, the whole story when none is, and now and then.
    void look(Monotonic now, const World& world);

    const std::optional<Findings::Alarm>& alarm() const { return alarm_; }
    const std::string& hold() const { return hold_; }  // empty: enough of them are there
    // Endpoints of the new upstream that checks or ejection have taken out: address, and why.
    const std::vector<std::pair<std::string, std::string>>& taken_out() const { return taken_out_; }
    std::uint32_t wanted() const { return wanted_; }  // of how many

  private:
    bool baseline_fails() const;
    std::string crashing(Monotonic now);
    std::string thinned() const;

    const std::string from_, to_;
    bool seen_usable_ = false;
    std::map<std::string, std::deque<Monotonic>> downs_;  // by address, the latest kCrashes of each
    struct Attempts {
        std::uint64_t attempts, failures;
    };
    std::deque<Attempts> last_;  // of the old upstream, kLastRequests of them or a little more
    std::uint64_t last_attempts_ = 0, last_failures_ = 0;
    std::optional<Findings::Alarm> alarm_;
    std::string hold_;
    std::vector<std::pair<std::string, std::string>> taken_out_;
    std::uint32_t wanted_ = 0;
    std::optional<Monotonic> story_;  // when all endpoints were looked at
};

}  // namespace switchyard::control::rollout
