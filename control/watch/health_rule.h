// Rise and fall: when the results of health checks make an endpoint up or down.
//
// Invariants: an endpoint that was never checked is not up. The very first result decides at once, so that a start
//   does not wait for `rise` intervals; after that it takes `rise` successes or `fall` failures in a row. While an
//   endpoint starts, a failure decides nothing.
// Pure: no clock, no I/O.
#pragma once

#include <cstdint>
#include <optional>

namespace switchyard::control {

class HealthRule {
  public:
    enum class State : std::uint8_t { unknown, up, down };

    State state() const { return state_; }
    std::uint32_t successes() const { return successes_; }  // in a row
    std::uint32_t failures() const { return failures_; }    // in a row

    // As another process has found it.
    void go_on_from(State state) { state_ = state; }
    // The new state when this result changes it.
    std::optional<State> result(bool ok, std::uint32_t rise, std::uint32_t fall, bool starts = false) {
        if (state_ == State::unknown && !ok && starts) return std::nullopt;
        successes_ = ok ? successes_ + 1 : 0;
        failures_ = ok ? 0 : failures_ + 1;
        const State before = state_;
        if (state_ == State::unknown)
            state_ = ok ? State::up : State::down;
        else if (state_ == State::down && successes_ >= rise)
            state_ = State::up;
        else if (state_ == State::up && failures_ >= fall)
            state_ = State::down;
        if (state_ == before) return std::nullopt;
        return state_;
    }

  private:
    State state_ = State::unknown;
    std::uint32_t successes_ = 0;
    std::uint32_t failures_ = 0;
};

}  // namespace switchyard::control
