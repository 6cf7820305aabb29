// The HTTP checks of one rollout: who is due, who has failed too often in a row, whether all have passed.
//
// Pure: the caller makes the calls and tells what came of them.
// Invariants: a check that is under way is not due; an answer to an earlier step counts for failures, not as passed.
// Threads: control.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/rollout/machine.h"
#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

class Checks {
  public:
    explicit Checks(const std::vector<HttpCheck>& checks) : states_(checks.size()), checks_(checks) {}

    void begin_step() {
        for (State& s : states_) s.passed = false;
    }
    // Indices of the checks to call now; they count as under way until answered().
    std::vector<std::size_t> due(Monotonic now) {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < states_.size(); ++i) {
            if (states_[i].under_way || (states_[i].last && now - *states_[i].last < checks_[i].every)) continue;
            states_[i].under_way = true;
            states_[i].last = now;
            out.push_back(i);
        }
        return out;
    }
    void answered(std::size_t i, bool ok, std::string why) {
        State& s = states_[i];
        s.under_way = false;
        s.passed = s.passed || ok;
        s.failures = ok ? 0 : s.failures + 1;
        s.why = std::move(why);
    }
    bool all_passed() const {
        if (states_.empty()) return false;
        for (const State& s : states_)
            if (!s.passed || s.failures > 0) return false;
        return true;
    }
    std::optional<Findings::Alarm> alarm() const {
        for (std::size_t i = 0; i < states_.size(); ++i)
            if (states_[i].failures >= checks_[i].failures)
                return Findings::Alarm{"check " + checks_[i].name,
                                       "check " + checks_[i].name + " failed " + std::to_string(states_[i].failures) +
                                           " times in a row: " + states_[i].why,
                                       {{"check", checks_[i].name},
                                        {"url", checks_[i].url},
                                        {"failures", states_[i].failures},
                                        {"last", states_[i].why}}};
        return std::nullopt;
    }
    std::uint32_t failures(std::size_t i) const { return states_[i].failures; }
    const std::string& why(std::size_t i) const { return states_[i].why; }

  private:
    struct State {
        std::optional<Monotonic> last;
        bool under_way = false;
        bool passed = false;
        std::uint32_t failures = 0;
        std::string why;
    };
    std::vector<State> states_;
    std::vector<HttpCheck> checks_;
};

}  // namespace switchyard::control::rollout
