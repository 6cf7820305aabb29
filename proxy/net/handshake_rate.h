// How many handshakes a listener begins in a second, over all workers: the times at which they may, given away one by
// one.
//
// Invariants: of those that come at once a tenth of a second's number begins at once, the others at even distances.
// Threads: any; one atomic word. Units: microseconds of the monotonic clock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

namespace switchyard::net {

class HandshakeRate {
  public:
    explicit HandshakeRate(std::uint32_t per_second)
        : apart_us_(1'000'000 / std::max<std::uint32_t>(1, per_second)),
          ahead_us_(apart_us_ * (std::max<std::uint32_t>(10, per_second) / 10 - 1)) {}

    // How long this one waits for its time; none is given away where that would be more than `most_us`.
    std::optional<std::int64_t> reserve(std::int64_t now_us, std::int64_t most_us) {
        std::int64_t next = next_us_.load(std::memory_order_relaxed);
        for (;;) {
            const std::int64_t at = std::max(next, now_us - ahead_us_);
            if (at - now_us > most_us) return std::nullopt;
            if (next_us_.compare_exchange_weak(next, at + apart_us_, std::memory_order_relaxed))
                return std::max<std::int64_t>(0, at - now_us);
        }
    }

  private:
    const std::int64_t apart_us_, ahead_us_;
    std::atomic<std::int64_t> next_us_{0};
};

}  // namespace switchyard::net
