// What an exchange waits for now, and how long at most: never beyond the end of its request, and where it is the
// client's turn never longer than the pace that its listener asks for allows.
//
// Threads: one worker. Owns: the pace. Units: milliseconds; 0 as a duration: no limit but the request's own.
#pragma once

#include <cstdint>

#include "proxy/serve/course.h"
#include "proxy/serve/pace.h"
#include "proxy/serve/strand.h"

namespace switchyard::serve {

class Phase {
  public:
    Phase(Strand& strand, const Course& course) : strand_(strand), course_(course) {}

    Strand& strand() const { return strand_; }
    std::int64_t now_ms() const { return strand_.context().now_ms; }

    // Before a sleep.
    void at_most(std::int64_t milliseconds) {
        strand_.set_deadline(course_.at_the_latest(milliseconds == 0 ? 0 : now_ms() + milliseconds));
    }
    // `client_turn`: nothing but the client can move things on.
    void at_most_paced(bool client_turn, std::int64_t milliseconds) {
        at_most(pace_.wait(course_.listener->min_rate != 0 && client_turn, milliseconds, now_ms()));
    }
    Strand::Sleep sleep() { return strand_.sleep(); }

    // After it. A deadline that only wakes the pace is no end.
    bool is_over() const {
        return strand_.expired() && (!pace_.wakes() || course_.time_is_up() || course_.try_is_up(now_ms()));
    }
    bool pace_is_due() { return pace_.due(now_ms()); }
    // `moved`: where the count of the client's octets stands.
    bool too_slow(std::uint64_t moved) { return pace_.too_slow(moved); }

    // The client's octets count from here on; no more.
    void begin_pace() { pace_.begin(course_.listener->min_rate); }
    void end_pace() { pace_.stop(); }

  private:
    Strand& strand_;
    const Course& course_;
    Pace pace_;
};

}  // namespace switchyard::serve
