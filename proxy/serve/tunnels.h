// The open tunnels of one worker, and when those must end whose endpoint is being drained.
//
// A tunnel is left alone as long as the generation in force still sends requests to its upstream and wants its
//   endpoint up. Else it gets a moment to end by: not before kGraceMs, so that clients can finish, and spread at random
//   over kSpreadMs, so that a thousand of them do not come back at once. A generation that wants the endpoint again
//   takes the moment away.
// Threads: one worker. Owns nothing; a tunnel takes itself out when it ends. Units: milliseconds of the steady clock.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "proxy/net/poller.h"
#include "proxy/snapshot/snapshot.h"
#include "proxy/upstream/balancer.h"

namespace switchyard::serve {

class Tunnels {
  public:
    // Together the 30 seconds that an operator waits for a drain by default.
    static constexpr std::int64_t kGraceMs = 5000;
    static constexpr std::int64_t kSpreadMs = 25000;

    class Tunnel : public boost::intrusive::list_base_hook<> {
      public:
        Tunnel(Tunnels& all, net::Waiter& waiter, std::uint32_t endpoint);
        ~Tunnel();
        Tunnel(const Tunnel&) = delete;
        Tunnel& operator=(const Tunnel&) = delete;

        // The earlier of this deadline (0: none) and the tunnel's end.
        std::int64_t deadline(std::int64_t at_ms) const;
        bool must_end(std::int64_t now_ms) const { return end_at_ms_ != 0 && now_ms >= end_at_ms_; }

      private:
        friend class Tunnels;
        Tunnels& all_;
        net::Waiter& waiter_;
        const std::uint32_t endpoint_;  // Registry id
        std::int64_t end_at_ms_ = 0;    // 0: stays
    };

    // A generation was adopted.
    void follow(const Snapshot& snapshot, std::int64_t now_ms, upstream::Random& random);
    // The worker ends: all of them, spread over this time; later ones at its end.
    void end_within(std::int64_t milliseconds, std::int64_t now_ms, upstream::Random& random);
    bool empty() const { return open_.empty(); }

  private:
    boost::intrusive::list<Tunnel> open_;
    std::int64_t all_end_at_ms_ = 0;
};

}  // namespace switchyard::serve
