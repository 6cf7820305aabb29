// The state machine of one rollout: told what time it is, what the evidence says and what people want, it answers
// with what is to be done, in order. It does nothing itself and reads no clock.
//
// Invariants:
//   - A weight grows only on fresh evidence of the step it leaves, by a person's promote, or by a policy a person
//     wrote into the plan – never by time alone, and never in paused or inconclusive.
//   - An alarm takes the traffic away in running, paused and inconclusive alike. After that the weight never grows.
//   - What was taken back is `rolling_back` until every worker routes so; then it is `rolled_back`. Until then, and
//   after
//     an abort likewise, abort lets the route go: the return is still wanted, but a person may do otherwise.
//   - A pause that wants approvals ends with the last of them: each name counts once, and who began it never.
//   - Nothing succeeds by itself without a counted request.
//   - Every change of state comes with its Journal effect FIRST; the state can be rebuilt from any prefix of the
//     records, and from a prefix it holds the weights of that prefix.
//   - Only differences of the monotonic clock count, each at most kLongestTick: a stopped process, a suspended
//     machine or a clock step does not make time pass for a bake.
//   - Evidence counts only when it belongs to the current epoch (each BeginStep opens one) and is fresh.
// Threads: one owner. Errors: a refused wish says why. Units: milliseconds since any fixed moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "control/rollout/announcement.h"
#include "control/rollout/plan.h"
#include "control/rollout/record.h"

namespace switchyard::control::rollout {

enum class State : std::uint8_t { running, paused, inconclusive, rolling_back, succeeded, rolled_back, aborted };
std::string_view word(State state);
inline bool active(State s) {
    return s == State::running || s == State::paused || s == State::inconclusive;
}

using Monotonic = std::chrono::milliseconds;
// Longer ago than anything; differences with it do not overflow.
inline constexpr Monotonic kNever = Monotonic::min() / 2;

// What the analysis and the checks say at one moment.
struct Findings {
    std::uint64_t epoch = 0;   // of the BeginStep the evidence was gathered under
    Monotonic as_of = kNever;  // every worker's counts are at least this fresh
    bool promotable = false;
    std::string why;             // what promotion rests on, or waits for
    bool canary_asked = false;   // at least one request reached the new upstream in this step
    bool canary_failed = false;  // at least one of them failed
    bool mismatch = false;       // the split does not deliver its shares
    bool checks_passed = false;  // there are checks, and each has passed in this step
    double extra_failures = 0;   // beyond what the old upstream's rate explains
    std::string unseen;          // what a success would leave unsaid; empty: nothing, or it is not near
    std::string hold;            // why the step may not end well now, whatever the evidence; empty: nothing
    struct Alarm {
        std::string by;   // evidence, check smoke, health
        std::string why;  // one sentence
        nlohmann::ordered_json detail;
    };
    std::optional<Alarm> alarm;
};

namespace effect {
struct Journal {
    Record record;
    bool operator==(const Journal&) const = default;
};
struct SetWeight {  // of the new upstream; the rest stays with the old one
    Ppm weight = 0;
    bool operator==(const SetWeight&) const = default;
};
struct BeginStep {  // evidence starts anew as `epoch`, once the weight is in force
    std::uint64_t epoch = 0;
    std::size_t step = 0;
    bool operator==(const BeginStep&) const = default;
};
struct Announce {
    Announcement announcement;
    bool operator==(const Announce&) const = default;
};
}  // namespace effect
using Effect = std::variant<effect::Journal, effect::SetWeight, effect::BeginStep, effect::Announce>;
using Effects = std::vector<Effect>;

class Machine {
  public:
    static constexpr Monotonic kFresh{2000};             // ten ticks: evidence older than this advances nothing
    static constexpr Monotonic kLongestTick{1000};       // what one tick can add to a bake
    static constexpr unsigned kReturnStages = 20;        // of a gradual return
    static constexpr std::string_view kBakes = "bakes";  // why() while it does

    explicit Machine(Plan plan) : plan_(std::move(plan)) {}

    Effects start(Monotonic now, const std::string& by);
    // Rebuilds the state from what the journal kept and re-issues the weight that holds. The first record must be
    // `started`; nothing is done for a closed rollout.
    Effects restore(const std::vector<Record>& records, Monotonic now);
    // How far a step has come in the process that has handed it on: it goes on there.
    struct Passed {
        Monotonic baked{0}, waited{0};
    };
    // As restore(), but nothing was interrupted.
    Effects take_over(const std::vector<Record>& records, Passed passed, Monotonic now);
    // The step's evidence did not come with it: its time counts anew as well.
    void forget_passed() { baked_ = waited_ = Monotonic{0}; }

    Effects tick(Monotonic now, const Findings& findings);

    // Wishes of people. Refused: the effects are empty and `refusal` says why.
    Effects promote(Monotonic now, const std::string& by, std::string& refusal);
    Effects pause(const std::string& by, std::string& refusal);
    Effects resume(Monotonic now, const std::string& by, std::string& refusal);
    Effects abort(Monotonic now, const std::string& by, std::string& refusal);

    // Every worker routes by this weight now.
    Effects in_force(Ppm weight);

    const Plan& plan() const { return plan_; }
    State state() const { return state_; }
    std::size_t step() const { return step_; }
    const Step& current() const { return plan_.steps[step_]; }
    Ppm weight() const { return weight_; }
    std::uint64_t epoch() const { return epoch_; }
    bool closed() const { return closed_; }
    // A watch that came to no end is over all the same: inconclusive, and closed.
    bool active() const { return !closed_ && rollout::active(state_); }
    // The traffic is to go back, and some of it is not yet.
    bool returning() const { return !closed_ && (state_ == State::rolling_back || state_ == State::aborted); }
    // No other change may touch the route's split meanwhile, but for an undo while it is returning.
    bool holds_route() const { return !closed_ && !let_go_; }
    const std::string& why() const { return why_; }  // of the state; what a running step waits for
    Monotonic baked() const { return baked_; }
    Monotonic waited() const { return waited_; }  // in this step, running
    // Until a running step is given up.
    Monotonic patience_left() const { return std::max(Monotonic{0}, current().bake + plan_.patience - waited_); }
    // Who has approved this step, in their order.
    const std::vector<std::string>& approved() const { return approved_; }

  private:
    void replay(const Record& record);
    Effects come_up(const std::vector<Record>& records, Monotonic now, bool interrupted);
    void enter(std::size_t step, const std::string& by, const std::string& why, Effects& out);
    void begin(Effects& out);
    void leave(State state, Record::Kind kind, const std::string& by, const std::string& why,
               nlohmann::ordered_json detail, Effects& out);
    void set_weight(Ppm weight, Effects& out);
    void advance(const std::string& by, const std::string& why, Effects& out);
    void give_up(const Findings& findings, const std::string& why, Effects& out);
    void come_back(Effects& out);
    bool approve(const std::string& by, Effects& out, std::string& refusal);
    std::string awaits_approvals() const;
    Monotonic passed(Monotonic now);
    std::string refused(std::string_view wish) const;
    Record record(Record::Kind kind, const std::string& by, const std::string& why) const;

    Plan plan_;
    State state_ = State::running;
    std::size_t step_ = 0;
    Ppm weight_ = 0;
    std::uint64_t epoch_ = 0;
    bool closed_ = false;
    bool let_go_ = false;  // returning, but an operator has taken the route over
    std::string why_;
    std::string begun_by_;
    std::vector<std::string> approved_;
    std::optional<Monotonic> last_tick_;
    Monotonic baked_{0};      // time with fresh evidence in this step
    Monotonic waited_{0};     // time in this step
    Monotonic returning_{0};  // time since a gradual rollback began
    Ppm return_from_ = 0;
    std::string unseen_;  // as of the last tick
};

}  // namespace switchyard::control::rollout
