// Requests of one worker that wait for a place at an upstream whose endpoints are all at max_connections: first come,
// first served.
//
// A place is called when something may have become free; who is called tries, and either leaves the queue (served) or
//   stays at its front (another was faster). One that leaves with a call unanswered or served passes it on: a call
//   is never lost while any waits.
// Invariants: at most the front place is called; places leave by themselves when they die.
// Threads: one worker. Owns nothing.
#pragma once

#include <boost/intrusive/list.hpp>

#include "proxy/net/poller.h"

namespace switchyard::upstream {

class WaitQueue {
  public:
    class Place : public boost::intrusive::list_base_hook<> {
      public:
        // Joins at the end.
        Place(WaitQueue& queue, net::Waiter& waiter);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        // True once per call: it is this one's turn to try.
        bool take_call();

      private:
        friend class WaitQueue;
        WaitQueue& queue_;
        net::Waiter& waiter_;
        bool called_ = false;
    };

    WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;

    bool empty() const { return places_.empty(); }
    std::size_t size() const { return places_.size(); }
    // Something may be free: the front is to try.
    void call();

  private:
    boost::intrusive::list<Place> places_;
};

}  // namespace switchyard::upstream
