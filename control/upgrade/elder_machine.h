// The phases of a process whose place another one is to take, and what it does as it goes from one to the next.
//
// Invariants (each is tested over every path): what was frozen is thawed when the upgrade fails; listeners that were
//   parked are served again when the other one dies on probation; nothing is let go of for good before the probation
//   is over; the other one is ended before this one goes on as if nothing had been.
// Pure: no clock, no I/O. Threads: plain value.
#pragma once

#include <cstdint>
#include <vector>

namespace switchyard::control::upgrade {

class ElderMachine {
  public:
    enum class Phase : std::uint8_t {
        hello,      // it was started, and has said nothing yet
        rehearsal,  // it tries what it will have to do, on copies
        freeze,     // nothing is changed any more: what is under way is finished
        takeover,   // it has all there is, and begins
        probation,  // it serves who is new; this one only who is here, and would take all back
        drain,      // it is in charge for good; this one finishes what it has
        over,
    };
    enum class Event : std::uint8_t {
        hello,
        ready,  // the rehearsal went well
        frozen,
        serving,  // its workers have adopted what is in force
        refused,  // by it, or by what this one had to do itself
        gone,     // it has ended, or what it says makes no sense
        late,     // the phase has taken too long; on probation: it has not been heard of
        steady,   // the probation is over
        ends,     // it ends because it was told to, and this one with it
        drained,
    };
    enum class Act : std::uint8_t {
        rehearse,
        freeze,
        hand_over,
        park,
        let_go,
        end_it,
        thaw,
        take_back,
        failed,
        done,
        exit
    };

    // What follows from the event. One that has no meaning in this phase changes nothing.
    std::vector<Act> on(Event event);

    Phase phase() const { return phase_; }
    // Another process writes to the store and decides.
    bool follows() const { return phase_ == Phase::probation || phase_ == Phase::drain; }

  private:
    std::vector<Act> to(Phase next, std::vector<Act> acts);
    Phase phase_ = Phase::hello;
};

const char* word(ElderMachine::Phase phase);

}  // namespace switchyard::control::upgrade
