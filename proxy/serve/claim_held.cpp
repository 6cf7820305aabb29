// A request of a route that is held waits for it: until another generation lets it go, or its time is over.
#include <algorithm>

#include "proxy/serve/claim.h"
#include "proxy/serve/counted_wait.h"

namespace switchyard::serve {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::int64_t kLookAgainS = 3600;  // no timer is longer
constexpr std::int64_t kMostRetryAfterS = 86'400;

}  // namespace

bool Claim::is_held() const {
    return course_.route->hold && context_.wall_seconds < course_.route->hold->until_s;
}

net::Task<Failure> Claim::wait_for_resume() {
    const std::shared_ptr<const route::Hold> hold = course_.route->hold;
    const std::int64_t left_s = hold->until_s - context_.wall_seconds;
    if (hold->waiting->value.fetch_add(1, std::memory_order_relaxed) >= hold->limit) {
        hold->waiting->value.fetch_sub(1, std::memory_order_relaxed);
        course_.retry_after = static_cast<std::uint32_t>(std::min<std::int64_t>(left_s, kMostRetryAfterS));
        co_return Failure::route_full;
    }
    const CountedWait counted(*hold->waiting, context_.waiting);
    HeldRequests::Place place(context_.held_requests, phase_.strand());
    phase_.at_most(std::min(left_s, kLookAgainS) * kMsPerSecond);
    for (;;) {
        co_await phase_.sleep();
        if (client_.broken() || client_.hung_up()) co_return Failure::client_closed;
        if (course_.outdated() || !is_held()) co_return Failure::none;
        if (!phase_.strand().expired()) continue;
        if (course_.time_is_up()) co_return Failure::request_timeout;
        phase_.at_most(kMsPerSecond);  // a long one, or the wall's clock was set back
    }
}

}  // namespace switchyard::serve
