// The course of one request: the generation it is pinned to, its route and what was decided there, the upstream it is
// counted in flight at, and who has been tried.
//
// Invariants: what is taken is given back by leave(), at the latest when the course ends; where a newer generation
//   routes the request anew, it is taken again as a whole, and nothing of the old one is left. A request pays a route's
//   rate once, and its time runs from the first time it was routed.
// Threads: one worker. Owns: the pin, the places in the counts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/route/choose.h"
#include "proxy/serve/worker_context.h"

namespace switchyard::serve {

// The endpoints of one upstream that have failed the request.
struct Tried {
    std::array<std::uint32_t, 4> endpoints;
    std::uint32_t count = 0;

    void add(std::uint32_t endpoint) {
        if (count < endpoints.size()) endpoints[count++] = endpoint;
    }
    // The last one may be asked again.
    void take_back() {
        if (count > 0) --count;
    }
    bool none() const { return count == 0; }
    std::span<const std::uint32_t> all() const { return {endpoints.data(), count}; }
};

struct TakenCourse : route::Choice {
    InForce* in_force = nullptr;
    const ListenerPlan* listener = nullptr;  // of that generation
    const upstream::Upstream* upstream = nullptr;
    InForce::Sent* sent = nullptr;  // where this request is counted in flight
    std::int64_t deadline_ms = 0;   // of the whole request; 0: none
    bool time_is_clients = false;   // it is the client that set it
    std::int64_t ends_ms = 0;       // that, or earlier: of the attempt that is under way
    Tried tried;
    const std::string* proof = nullptr;  // of that generation: what an authority is answered with
    bool entered = false;                // counted in flight at the route
    bool tried_elsewhere = false;        // another arm of the split was asked after this one's endpoints had failed
    bool fell_back = false;              // to the fallback of a resting upstream
    bool rerouted = false;               // the upstream that was meant has no usable endpoint: another one serves

    // The route's own limits of time where it has some, else its upstream's.
    std::int64_t connect_ms() const { return route->connect_ms != 0 ? route->connect_ms : upstream->connect_ms; }
    std::int64_t response_head_ms() const {
        return route->response_head_ms != 0 ? route->response_head_ms : upstream->response_head_ms;
    }
    std::int64_t idle_ms() const { return route->idle_ms != 0 ? route->idle_ms : upstream->idle_ms; }

    bool has_try() const { return ends_ms != deadline_ms; }
    // An attempt has its own end, where the route gives it one; and no more.
    void begin_try(std::int64_t now_ms) {
        const std::int64_t at_ms = now_ms + route->retries.per_try.count();
        if (deadline_ms == 0 || at_ms < deadline_ms) ends_ms = at_ms;
    }
    void end_try() { ends_ms = deadline_ms; }
    bool try_is_up(std::int64_t now_ms) const { return has_try() && now_ms >= ends_ms; }
    // The earlier of a moment (0: none) and the request's own end, or its attempt's.
    std::int64_t at_the_latest(std::int64_t at_ms) const {
        return ends_ms != 0 && (at_ms == 0 || ends_ms < at_ms) ? ends_ms : at_ms;
    }
};

class Course : public TakenCourse {
  public:
    Course(WorkerContext& context, const ListenerPlace& place) : context_(context), place_(place) {}
    ~Course() {
        leave();
        if (kept_ != nullptr) [[unlikely]]
            leave_kept();
    }
    Course(const Course&) = delete;
    Course& operator=(const Course&) = delete;

    // The generation in force, from now until the course is left.
    void pin();
    // Its route and its upstream, where it is not refused and the route does not answer by itself.
    Failure choose(route::Asked& asked, std::string_view request_id);
    // A newer generation is in force: what was chosen may be what it has taken traffic from.
    bool outdated() const { return in_force != context_.in_force; }
    void take_anew() {
        keep_route_place();
        leave();
        static_cast<TakenCourse&>(*this) = {};
        pin();
    }
    void leave();

    // It waits, and is in flight nowhere; it is routed anew before it goes on.
    void step_aside() { leave_upstream(); }

    // Other upstreams than the one that was decided for: the fallback of one that rests, the one that stands in where
    // the one that was meant has no usable endpoint, another arm where the endpoints of this one have failed.
    void fall_back(const upstream::Upstream& other) {
        fell_back = true;
        turn_to(other);
    }
    void reroute(const upstream::Upstream& other) {
        rerouted = true;
        enter(other);
    }
    void turn_to_other_arm(const upstream::Upstream& other) {
        tried_elsewhere = true;
        turn_to(other);
    }
    void become_tunnel();
    bool is_tunnel() const { return tunnel_; }
    // The drain of its upstream is over: whatever is left there ends.
    bool must_end() const { return sent != nullptr && sent->cut; }
    std::int64_t since_routed_ms() const { return context_.now_ms - routed_ms_; }
    bool time_is_up() const { return deadline_ms != 0 && context_.now_ms >= deadline_ms; }
    // It goes to an arm without the key that its route is split by, and says nothing about keys.
    bool keyless() const {
        return route != nullptr && route->has_sticky && !decision.has_hash && decision.rule < 0 &&
               !route->split.single();
    }

    std::uint32_t retry_after = 0;  // seconds, for a client that is refused

  private:
    struct Toll;

    // The client gives its call so much time, from the moment it was first routed.
    void call_ends_by(std::int64_t timeout_ms);
    // Is counted in flight there from now on, and nowhere else.
    void enter(const upstream::Upstream& other);
    void turn_to(const upstream::Upstream& other) {
        tried.count = 0;
        enter(other);
    }
    void leave_upstream();
    // Where it is routed to the same route again, no other request takes its place in that one's limit meanwhile.
    void keep_route_place() {
        if (std::exchange(entered, false)) kept_ = route->in_flight;
    }
    void leave_kept();

    WorkerContext& context_;
    const ListenerPlace& place_;
    std::shared_ptr<SharedCount> kept_;  // from one routing to the next
    std::int64_t routed_ms_ = 0;         // for the first time
    bool paid_ = false;
    bool tunnel_ = false;
};

}  // namespace switchyard::serve
