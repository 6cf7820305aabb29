// Which endpoint is asked: from the upstream that a course has led to, to a lease. On the way stand the upstream's
// breaker and its fallback, the session that holds a client to one endpoint, the balancer, and – where every endpoint
// is at its limit – the queue; where the upstream has no endpoint for the request, another one stands in.
//
// Invariants: first come, first served; one stand-in and one other arm per course at most.
// Threads: one worker. Owns nothing: the lease is filled, and the course led on.
#pragma once

#include <cstdint>

#include "proxy/net/task.h"
#include "proxy/serve/account.h"
#include "proxy/serve/client_lane.h"
#include "proxy/serve/held_requests.h"
#include "proxy/serve/phase.h"

namespace switchyard::serve {

class Claim {
  public:
    Claim(Phase& phase, const ClientLane& client, const route::Asked& asked, Course& course, Lease& lease,
          Account& account)
        : phase_(phase),
          context_(phase.strand().context()),
          client_(client),
          asked_(asked),
          course_(course),
          lease_(lease),
          account_(account) {}

    // `none`: leased. `overflow`: every endpoint is at its limit, or others wait already, or the route is held.
    // `place`: of one that has waited.
    Failure take(const HeldPlace* place = nullptr) {
        if (course_.route->hold) [[unlikely]]
            return take_unless_held(place);
        return take(false);
    }
    // For one that has its answer, and is to have another: an endpoint that has not had it, at once. False: there is
    // none, and nothing has changed.
    bool take_other();
    // Whether one is worth a pause. Claims nothing.
    bool has_other() const;
    // Whether the upstream has a queue, or the route is held, or was until now.
    bool may_wait() const { return course_.upstream->queue_limit != 0 || is_held() || flows(); }
    bool may_wait(const HeldPlace& place) const { return place.counted() || may_wait(); }
    // Waits for it. `none` without a lease: the request is to be routed anew; a newer generation came, or nothing is
    // held any more.
    net::Task<Failure> wait(HeldPlace& place) {
        const bool behind = !place.counted() && flows();  // those that have waited longer
        return is_held() || behind ? wait_for_resume(place) : wait_in_queue(place);
    }

  private:
    // claim_held.cpp
    bool is_held() const { return course_.route->hold && context_.wall_seconds < course_.route->hold->until_s; }
    bool flows() const;
    Failure take_unless_held(const HeldPlace* place);
    Failure refuse_held();
    net::Task<Failure> wait_for_resume(HeldPlace& place);
    net::Task<Failure> wait_in_queue(HeldPlace& place);
    // `called`: from the queue, it is this one's turn.
    Failure take(bool called);
    Failure pass_breaker();
    bool breaker_passes(const upstream::Upstream& upstream);
    bool stand_in();
    bool try_other_arms(upstream::ChoiceInput& input, upstream::Choice& choice);
    bool others_wait() const;
    upstream::ChoiceInput wanted(std::int32_t session);
    void lease(upstream::Choice choice, std::int32_t session);
    std::uint64_t balance_key(const upstream::Upstream& upstream);
    std::int32_t session_endpoint() const;
    bool mints_session(std::int32_t preferred, std::uint32_t chosen) const;
    void prefer_bound(std::int32_t& preferred) const;

    Phase& phase_;
    WorkerContext& context_;
    const ClientLane& client_;
    const route::Asked& asked_;
    Course& course_;
    Lease& lease_;
    Account& account_;
};

}  // namespace switchyard::serve
