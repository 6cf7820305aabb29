// A request of a route that is held waits for it: until another generation lets it go, its time is over, or the worker
// ends. Then those that have waited come before those that come now.
#include <algorithm>

#include "proxy/serve/claim.h"
#include "proxy/snapshot/registry.h"

namespace switchyard::serve {
namespace {

constexpr std::int64_t kMostRetryAfterS = 86'400;

}  // namespace

// Requests that were held are on their way still.
bool Claim::flows() const {
    return course_.route->hold && course_.route->hold->waiting->value.load(std::memory_order_relaxed) != 0;
}

Failure Claim::take_unless_held(const HeldPlace* place) {
    if (is_held()) return Failure::overflow;
    const bool waited = place != nullptr && place->counted();
    // Some of this worker have been called, and have not looked yet.
    if (!waited && flows() && !context_.held_requests.empty()) return Failure::overflow;
    return take(false);
}

Failure Claim::refuse_held() {
    const std::int64_t left_s = course_.route->hold->until_s - context_.wall_seconds;
    course_.retry_after = static_cast<std::uint32_t>(std::clamp<std::int64_t>(left_s, 1, kMostRetryAfterS));
    return Failure::held;
}

net::Task<Failure> Claim::wait_for_resume(HeldPlace& place) {
    const std::shared_ptr<const route::Hold> hold = course_.route->hold;
    HeldRequests& line = context_.held_requests;
    if (is_held() && line.gives_up()) co_return refuse_held();
    if (!place.count_at(*hold)) co_return refuse_held();
    course_.step_aside();
    if (is_held())
        place.join();
    else
        place.join_called();
    phase_.at_most(0);
    for (;;) {
        line.call_at(hold->until_s);
        co_await phase_.sleep();
        if (client_.broken() || client_.hung_up()) co_return Failure::client_closed;
        if (course_.time_is_up()) co_return refuse_held();  // no endpoint has a part in it
        if (!place.take_call()) continue;
        if (course_.outdated() || !is_held()) co_return Failure::none;
        if (line.gives_up()) co_return refuse_held();
    }
}

}  // namespace switchyard::serve
