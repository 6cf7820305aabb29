// How much one connection may do before the others of its worker have their turn.
//
// A wake ends where a socket has nothing more to give or take. Between fast peers that is never: a client that
//   pipelines faster than its requests are answered, or a download over a fast network, would keep the worker from
//   all others, from its timers, its clock and the next generation. One that has used its budget up is woken again
//   behind all who wait now.
// Threads: one worker. A plain value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace switchyard::serve {

class TurnBudget {
  public:
    // What one read brings (net::BufferPool::kBlock), some 15 microseconds of copying: one that has just sent something
    // waits for one such turn at most (net/poller.h).
    static constexpr std::size_t kOctets = 20 * 1024;
    // Of a long body, where a turn begins with it: some 20 microseconds of copying.
    static constexpr std::size_t kLongOctets = 64 * 1024;
    // About the same time as kOctets in requests that are answered without waiting.
    static constexpr std::size_t kExchanges = 4;

    void renew() { left_ = kOctets; }
    void moved(std::size_t octets) { left_ -= static_cast<std::uint32_t>(std::min<std::size_t>(left_, octets)); }
    void served() { moved(kOctets / kExchanges); }
    bool over() const { return left_ == 0; }
    bool untouched() const { return left_ == kOctets; }

  private:
    std::uint32_t left_ = kOctets;
};

}  // namespace switchyard::serve
