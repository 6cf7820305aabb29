#include "proxy/upstream/breaker_board.h"

#include <algorithm>

namespace switchyard::upstream {

BreakerBoard::BreakerBoard(unsigned workers, const Places& before) : places_(workers) {
    // The other process may have had more workers, or fewer: open on one of them is open on one of these.
    for (std::size_t i = 0; i < before.size(); ++i) {
        auto& place = places_[i % workers];
        place.store(std::max(place.load(std::memory_order_relaxed), before[i]), std::memory_order_relaxed);
    }
}

BreakerBoard::Places BreakerBoard::places() const {
    Places out;
    for (const auto& place : places_) out.push_back(place.load(std::memory_order_relaxed));
    return out;
}

bool BreakerBoard::all_closed() const {
    return std::all_of(places_.begin(), places_.end(),
                       [](const auto& place) { return place.load(std::memory_order_relaxed) == kClosed; });
}

void BreakerBoard::begin(unsigned worker, Breaker& breaker) const {
    const auto until = places_[worker].load(std::memory_order_relaxed);
    if (until != kClosed) breaker.begin_open(until);
}

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
