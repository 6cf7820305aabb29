#include "proxy/serve/course.h"

#include <utility>

#include "proxy/route/rate_key.h"
#include "proxy/route/rate_table.h"

namespace switchyard::serve {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

// What a worker takes on the way that route::choose() goes.
struct Course::Toll {
    Course& course;

    bool enter(const route::Route& of) {
        if (course.kept_ == of.in_flight) [[unlikely]] {
            course.kept_.reset();
            return course.entered = true;
        }
        auto& in_flight = of.in_flight->value;
        course.entered = in_flight.fetch_add(1, std::memory_order_relaxed) < of.limits.in_flight;
        if (course.entered) return true;
        in_flight.fetch_sub(1, std::memory_order_relaxed);
        course.retry_after = 1;
        return false;
    }
    bool pay(const route::Route& to, const route::RequestFacts& facts) {
        if (std::exchange(course.paid_, true)) return true;
        const std::int64_t wait_ns =
            to.rate_table->take(route::rate_key(to, facts), to.rate, course.context_.now_us * 1000);
        if (wait_ns == 0) return true;
        course.retry_after = static_cast<std::uint32_t>((wait_ns + kNsPerSecond - 1) / kNsPerSecond);
        return false;
    }
    // Another generation in the middle of it gives no new time.
    void passed(const route::Route& at) {
        if (course.routed_ms_ == 0) course.routed_ms_ = course.context_.now_ms;
        course.deadline_ms = course.ends_ms = at.request_ms == 0 ? 0 : course.routed_ms_ + at.request_ms;
    }
    std::int64_t wall_seconds() const { return course.context_.wall_seconds; }
    route::Turn turn(const route::Route& of) {
        SplitCursor& cursor = *of.cursor;
        return {cursor.salt, cursor.next.fetch_add(1, std::memory_order_relaxed)};
    }
};

// A little later than the client: its endpoint, which was told the same, is to have the first word.
void Course::call_ends_by(std::int64_t timeout_ms) {
    constexpr std::int64_t kGrace = 100;
    const std::int64_t at = routed_ms_ + timeout_ms + kGrace;
    if (deadline_ms != 0 && at >= deadline_ms) return;
    deadline_ms = ends_ms = at;
    time_is_clients = true;
}

void Course::pin() {
    in_force = context_.in_force;
    listener = &place_.plan();
    ++in_force->pins;
}

Failure Course::choose(route::Asked& asked, std::string_view request_id) {
    const Snapshot& snapshot = *in_force->snapshot;
    Toll toll{*this};
    const Failure refused = route::choose(snapshot.routes, {listener->connections.get(), listener->access.get()}, asked,
                                          request_id, toll, *this);
    if (kept_ != nullptr) [[unlikely]]
        leave_kept();
    if (asked.grpc.timeout_ms >= 0 && routed_ms_ != 0) [[unlikely]]
        call_ends_by(asked.grpc.timeout_ms);
    if (refused == Failure::none && !answers()) enter(*snapshot.upstreams[decision.upstream]);
    return refused;
}

void Course::leave_kept() {
    kept_->value.fetch_sub(1, std::memory_order_relaxed);
    kept_.reset();
}

void Course::leave() {
    if (entered) route->in_flight->value.fetch_sub(1, std::memory_order_relaxed);
    entered = false;
    leave_upstream();
    if (in_force == nullptr) return;
    InForce* held = std::exchange(in_force, nullptr);
    if (--held->pins == 0 && held->replaced) context_.retired(held);
}

void Course::enter(const upstream::Upstream& other) {
    leave_upstream();
    upstream = &other;
    sent = &in_force->sent[other.index];
    ++(tunnel_ ? sent->tunnels : sent->requests);
}

void Course::leave_upstream() {
    if (sent == nullptr) return;
    --(tunnel_ ? sent->tunnels : sent->requests);
    sent = nullptr;
}

// From here on it lasts as long as it lasts.
void Course::become_tunnel() {
    leave_upstream();
    tunnel_ = true;
    enter(*upstream);
    deadline_ms = ends_ms = 0;
}

}  // namespace switchyard::serve
