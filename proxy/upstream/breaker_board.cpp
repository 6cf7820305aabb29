#include "proxy/upstream/breaker_board.h"

#include <algorithm>

namespace switchyard::upstream {

void BreakerBoard::show(unsigned worker, const Breaker& breaker) {
    const bool open = breaker.state() == Breaker::State::open;
    const std::int64_t place = open                                           ? breaker.open_until_ms()
                               : breaker.state() == Breaker::State::half_open ? kHalfOpen
                                                                              : kClosed;
    // Nearly always nothing has moved: then the line stays with the core that reads it.
    if (places_[worker].load(std::memory_order_relaxed) != place)
        places_[worker].store(place, std::memory_order_relaxed);
}

BreakerBoard::Sight BreakerBoard::look(std::int64_t now_ms) const {
    Sight out;
    out.workers = static_cast<unsigned>(places_.size());
    for (const auto& place : places_) {
        const auto until = place.load(std::memory_order_relaxed);
        if (until == kClosed) continue;
        if (until <= now_ms) {  // the next attempt is the probe
            ++out.half_open;
            continue;
        }
        out.rest_ms = out.open == 0 ? until - now_ms : std::min(out.rest_ms, until - now_ms);
        ++out.open;
    }
    return out;
}

}  // namespace switchyard::upstream
