// The phases of a process that takes another one's place.
//
// Invariants (each is tested over every path): it takes charge at most once, and never before its workers serve; it
//   ends where the other one says so or is gone before it has given anything; once it holds everything it goes on,
//   whatever becomes of the other one, since no other is left.
// Pure: no clock, no I/O. Threads: plain value.
#pragma once

#include <cstdint>
#include <vector>

namespace switchyard::control::upgrade {

class HeirMachine {
  public:
    enum class Phase : std::uint8_t {
        meeting,    // it has said hello
        waiting,    // its rehearsal went well
        taking,     // it holds everything, and its workers begin
        orphaned,   // … and the other one is gone
        serving,    // they serve; the other one has not said yet that it has stopped
        probation,  // it is in charge, and the other one would take all back
        alone,      // for good
        over,
    };
    enum class Event : std::uint8_t {
        rehearse,
        refused,  // by this one: the rehearsal has failed
        state,
        adopted,
        committed,
        alone,
        abort,  // the other one goes on by itself
        gone,   // nothing is heard of it any more
    };
    enum class Act : std::uint8_t { rehearse, take, say_serving, take_charge, settle, exit };

    std::vector<Act> on(Event event);
    Phase phase() const { return phase_; }

  private:
    std::vector<Act> to(Phase next, std::vector<Act> acts);
    Phase phase_ = Phase::meeting;
};

}  // namespace switchyard::control::upgrade
