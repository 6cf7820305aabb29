// The state machine of one release: the sum of its journal. It says what comes next; it does nothing and reads no
// clock.
//
// Invariants:
//   - `stop` comes only after `confirm`, and never when anything was unfinished: what may still serve is not stopped,
//     and what could be taken back still has somewhere to go.
//   - Before `confirm` every failure leads to the old release: what was done is taken back, the last first. After it
//     nothing is taken back.
//   - A runner that resumes, or finds a change taken back, goes over the steps from the first again, but for `start`
//     when it is done: each step looks before it acts.
//   - A release that has failed may be tried again, from the beginning, with nothing of the first try left and other
//     steps if need be.
//   - It ends: a step that lapses kMostLapses times fails.
// Threads: one owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/release/record.h"

namespace switchyard::control::release {

// Which steps there are, besides those that every release has.
struct Wanted {
    bool endpoints = false;
    bool start = false;
    bool smoke = false;
    bool smoke_through = false;
    bool judged =
        false;  // a rollout or a watch moves the traffic and judges; else a switch that waits for confirmation
    bool stop = false;
    bool operator==(const Wanted&) const = default;
};

enum class Outcome : std::uint8_t {
    running,
    succeeded,
    failed,      // and everything is as before
    incomplete,  // something could not be taken back, or not drained, or not stopped: `reason` names it
    abandoned,   // its runner stays away (said by the book, not by the machine)
    undone       // taken back after it had ended (likewise)
};
inline constexpr std::array<std::string_view, 6> kOutcomeWords{"running",    "succeeded", "failed",
                                                               "incomplete", "abandoned", "undone"};
inline std::string_view word(Outcome outcome) {
    return kOutcomeWords[static_cast<std::size_t>(outcome)];
}

class Machine {
  public:
    // So often a change is made again that the proxy has taken back: a runner that cannot renew in time never will.
    static constexpr unsigned kMostLapses = 3;

    // `attempts`: of tries before this one.
    explicit Machine(const Wanted& wanted, unsigned attempts = 0);

    struct Next {
        enum class Kind : std::uint8_t { act, take_back, end };
        Kind kind = Kind::act;
        Step step = Step::endpoints;
        bool operator==(const Next&) const = default;
    };
    Next next() const;
    // What does not fit where it stands changes nothing.
    void take(const Record& record);

    Outcome outcome() const;
    const std::string& reason() const { return reason_; }
    // Nothing is taken back any more.
    bool confirmed() const { return confirmed_; }
    bool going_back() const { return phase_ == Phase::back; }
    // How often the traffic's change was made before: taken back by the proxy, or failed and tried again.
    unsigned attempts() const { return attempts_; }
    const std::vector<Step>& steps() const { return steps_; }

  private:
    enum class Phase : std::uint8_t { forward, back, ended };

    void done(Step step);
    void go_back(const std::string& why);
    void over_again();
    void skip();
    void end(Outcome outcome);

    std::vector<Step> steps_;
    Phase phase_ = Phase::forward;
    std::size_t at_ = 0;
    bool started_ = false;  // the start command is done
    bool confirmed_ = false;
    unsigned lapses_ = 0;  // of this try
    unsigned attempts_ = 0;
    std::vector<Step> standing_;     // done and not taken back: only what can be; in order
    std::vector<std::string> left_;  // what is unfinished or could not be taken back
    std::string reason_;
    Outcome outcome_ = Outcome::running;
};

// The machine of such a journal: of its last try.
Machine machine_of(const Wanted& wanted, const std::vector<Record>& records);

}  // namespace switchyard::control::release
