// The least rate of a client (Listener::min_rate), as an exchange waits: measured while it is the client's turn, on
// what reached the other side.
//
// Invariants: a deadline that only wakes the pace ends nothing.
// Pure. Units: milliseconds, bytes.
#pragma once

#include <cstdint>

#include "proxy/serve/rate_floor.h"

namespace switchyard::serve {

class Pace {
  public:
    // 0: none is asked for.
    void begin(std::uint64_t bytes_per_second) {
        if (bytes_per_second != 0) floor_.start(bytes_per_second, 0);
    }
    void stop() {
        since_ms_ = 0;
        wakes_ = false;
    }
    // Before a sleep that lasts `idle_ms` at most (0: without end): how long it lasts. `client_turn`: only the
    // client can move things on.
    std::int64_t wait(bool client_turn, std::int64_t idle_ms, std::int64_t now_ms) {
        since_ms_ = client_turn ? now_ms : 0;
        wakes_ = client_turn && (idle_ms == 0 || floor_.patience_ms() < idle_ms);
        return wakes_ ? floor_.patience_ms() : idle_ms;
    }
    // After it: so much of the client's time has passed that a verdict is due, which too_slow() gives.
    bool due(std::int64_t now_ms) { return since_ms_ != 0 && floor_.waited(now_ms - since_ms_); }
    // `moved`: where the count of bytes stands.
    bool too_slow(std::uint64_t moved) { return floor_.too_slow(moved); }
    // The deadline that was set is this one's.
    bool wakes() const { return wakes_; }

  private:
    RateFloor floor_;
    std::int64_t since_ms_ = 0;
    bool wakes_ = false;
};

}  // namespace switchyard::serve
