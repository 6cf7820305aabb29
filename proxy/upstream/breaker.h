// A circuit breaker: closed → open → half-open → closed or open again.
//
// closed: attempts pass and are counted over a sliding window; when it holds min_requests and failure_percent of them
//   failed, or slow_percent of them took longer than slow_over, the breaker opens. open: nothing passes for open_time.
//   half-open: one attempt at a time passes as a probe; kProbes successes in a row close it, one that it would open for
//   opens it again.
// Each worker has its own per upstream (min_requests counts on one worker), so nothing is shared on the request path.
// Invariants: every ticket of admit() is given back once, by ended(); a ticket of an earlier state changes nothing.
// Pure: time is a parameter. Threads: one worker. Units: milliseconds of the steady clock.
#pragma once

#include <array>
#include <cstdint>

#include "config/model/upstream.h"

namespace switchyard::upstream {

class Breaker {
  public:
    enum class State : std::uint8_t { closed, open, half_open };
    enum class Outcome : std::uint8_t { ok, failed, abandoned };  // abandoned: says nothing, the client left
    // Which state admitted an attempt.
    using Ticket = std::uint32_t;

    // One success may be luck; more than a few would keep a recovered upstream waiting.
    static constexpr std::uint32_t kProbes = 3;
    static constexpr std::int64_t kSlices = 10;  // of the window

    // May an attempt be made now? Moves on from open to half-open when its time is over.
    bool passes(const config::Breaker& rule, std::int64_t now_ms);
    // One is made; only after passes().
    Ticket admit();
    // `took_ms`: to its answer, or until it failed.
    void ended(const config::Breaker& rule, Ticket ticket, Outcome outcome, std::int64_t now_ms,
               std::int64_t took_ms = 0);

    // As another one that was open until then.
    void begin_open(std::int64_t until_ms);

    State state() const { return state_; }
    std::int64_t open_until_ms() const { return open_until_ms_; }  // while it is open
    // Until the next probe may pass; 0 unless open.
    std::int64_t rest_ms(std::int64_t now_ms) const;

  private:
    struct Slice {
        std::uint32_t all = 0, failed = 0, slow = 0;
    };
    void enter(State state);
    void open(const config::Breaker& rule, std::int64_t now_ms);
    void slide(const config::Breaker& rule, std::int64_t now_ms);

    State state_ = State::closed;
    Ticket epoch_ = 0;
    std::int64_t open_until_ms_ = 0;
    bool probing_ = false;
    std::uint32_t probes_ok_ = 0;
    std::array<Slice, kSlices> slices_{};
    Slice sum_;
    std::int64_t slice_number_ = 0;  // of the newest slice: now / slice length
    std::int64_t slice_ms_ = 0;
};

}  // namespace switchyard::upstream
