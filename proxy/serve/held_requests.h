// Requests of one worker whose routes are held, in the order they came.
//
// When another generation comes all are called, in that order: each looks for itself whether it is held still.
// Invariants: places leave by themselves when they die. Threads: one worker. Owns nothing.
#pragma once

#include <boost/intrusive/list.hpp>

#include "proxy/net/poller.h"

namespace switchyard::serve {

class HeldRequests {
  public:
    class Place : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
      public:
        // Joins at the end.
        Place(HeldRequests& all, net::Waiter& waiter) : waiter_(waiter) { all.places_.push_back(*this); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

      private:
        friend class HeldRequests;
        net::Waiter& waiter_;
    };

    void call() {
        for (Place& place : places_) place.waiter_.wake();
    }

  private:
    boost::intrusive::list<Place, boost::intrusive::constant_time_size<false>> places_;
};

}  // namespace switchyard::serve
