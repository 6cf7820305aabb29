// What the workers' breakers of one upstream are doing, for those that only look: status, metrics, explain.
//
// Each worker writes its own place when its breaker has moved; a look may be a moment old.
// Threads: all; relaxed atomics. Units: milliseconds of the steady clock.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "proxy/upstream/breaker.h"

namespace switchyard::upstream {

class BreakerBoard {
  public:
    explicit BreakerBoard(unsigned workers) : places_(workers) {}

    // As the board of another process was: a worker's breaker begins as its place says.
    using Places = std::vector<std::int64_t>;
    BreakerBoard(unsigned workers, const Places& before);
    Places places() const;
    bool all_closed() const;
    void begin(unsigned worker, Breaker& breaker) const;

    void show(unsigned worker, const Breaker& breaker);

    struct Sight {
        unsigned open = 0;         // workers on which nothing passes
        unsigned half_open = 0;    // workers on which one attempt at a time passes
        unsigned workers = 0;      // of all of them
        std::int64_t rest_ms = 0;  // until the first of the open ones lets an attempt pass
        bool all_open() const { return open == workers; }
    };
    Sight look(std::int64_t now_ms) const;

  private:
    // When it will be half open: in the past while it is; kClosed.
    static constexpr std::int64_t kClosed = 0;
    static constexpr std::int64_t kHalfOpen = 1;
    std::vector<std::atomic<std::int64_t>> places_;
};

}  // namespace switchyard::upstream
