// Requests of one worker whose routes are held, in the order they came, and how they are let go: called one after the
// other, so many at a time that a thousand of them keep no other client from the worker.
//
// A request has one place from its first wait until it has an endpoint: what is held anew, or by another route, stays
//   where it is in the line and in a count. One that is called looks whether it may go; then it leaves the line, and where
//   every endpoint is busy stands in its upstream's queue, still counted here.
// Invariants: counted at one route at most; one that leaves while called passes the call on; kAtOnce are called at most.
// Threads: one worker; the counts are shared by all. Owns nothing.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <limits>
#include <memory>

#include "proxy/net/poller.h"
#include "proxy/route/route.h"

namespace switchyard::serve {

class HeldRequests;

class HeldPlace : public boost::intrusive::list_base_hook<> {
  public:
    // `own`: how many of this worker's requests wait.
    HeldPlace(HeldRequests& line, net::Waiter& waiter, std::uint64_t& own) : line_(line), waiter_(waiter), own_(own) {}
    ~HeldPlace();
    HeldPlace(const HeldPlace&) = delete;
    HeldPlace& operator=(const HeldPlace&) = delete;

    // Among those that this route keeps waiting, and no other. False: they are as many as may.
    bool count_at(const route::Hold& hold);
    bool counted() const { return count_ != nullptr; }
    // At the end of the line; where it stands already, if it does.
    void join();
    // In its turn, at once if no other is before it: for one that need not be waited for.
    void join_called();
    void leave_line();
    // True once per call.
    bool take_call();

  private:
    friend class HeldRequests;
    HeldRequests& line_;
    net::Waiter& waiter_;
    std::uint64_t& own_;
    std::shared_ptr<SharedCount> count_;
    bool called_ = false;
};

class HeldRequests {
  public:
    static constexpr unsigned kAtOnce = 64;  // called and not yet heard: some milliseconds of a worker's time

    HeldRequests() = default;
    HeldRequests(const HeldRequests&) = delete;
    HeldRequests& operator=(const HeldRequests&) = delete;

    bool empty() const { return places_.empty(); }
    // Each is to look whether it may go, in their order.
    void call_all();
    // They are called at this moment by the wall's clock, too.
    void call_at(std::int64_t wall_seconds) {
        if (wall_seconds < due_s_) due_s_ = wall_seconds;
    }
    // Once a tick.
    void tick(std::int64_t wall_seconds) {
        if (wall_seconds < due_s_) return;
        due_s_ = kNever;
        call_all();
    }
    // The worker ends: what is held is answered, and nothing is held any more.
    void give_up() {
        if (!gives_up_) gives_up_ = true, call_all();
    }
    bool gives_up() const { return gives_up_; }

  private:
    friend class HeldPlace;
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

    void call_some();
    HeldPlace* after(HeldPlace& place);

    boost::intrusive::list<HeldPlace, boost::intrusive::constant_time_size<false>> places_;
    HeldPlace* next_ = nullptr;  // to be called; null: all have been
    unsigned calls_ = 0;         // that have not been heard
    std::int64_t due_s_ = kNever;
    bool gives_up_ = false;
};

}  // namespace switchyard::serve
