// An answer after which the route has another endpoint asked, and the pause before that.
#include <algorithm>
#include <utility>

#include "proxy/http/grpc.h"
#include "proxy/serve/exchange.h"

namespace switchyard::serve {
namespace {

constexpr unsigned kMostDoublings = 4;  // of a pause: 16 times the first

}  // namespace

// The client may send it again by itself (idempotent), all of it is still here, the budget allows it, and there is an
// endpoint that has not answered yet: else the answer is passed on. True: as ask_other_after().
net::Task<bool> Exchange::answer_again() {
    const config::Retries& retries = course_.route->retries;
    if (!contains(retries.on, attempt_.answer().head.status)) co_return false;
    if (!asked_.idempotent() || !attempt_.may_repeat() || !retries_left() || !claim_.has_other()) co_return false;
    if (!time_for_another()) co_return false;
    co_return co_await ask_other_after(drawn_pause_ms());
}

// The answer that is here stays the client's until another endpoint is leased in place of the one that gave it: who
// could take the request before the pause may be full after it, or its breaker open by this very answer. True: it is
// thrown away and has been counted; nothing is leased where a newer generation is to route the rest.
net::Task<bool> Exchange::ask_other_after(std::int64_t pause_ms) {
    if (pause_ms != 0) co_await pause(pause_ms);
    if (course_.outdated()) {
        drop_answer();
        co_return true;
    }
    if (attempt_.client_left() || course_.must_end() || course_.time_is_up()) co_return false;
    Lease answered(context_);
    answered.swap(lease_);
    const bool taken = claim_.take_other();
    lease_.swap(answered);
    if (!taken) co_return false;
    drop_answer();
    lease_.swap(answered);
    co_return true;
}

void Exchange::drop_answer() {
    if (!asked_.grpc.is) {
        attempt_.count(Failure::none);
    } else if (const auto status = http::grpc_status_of(attempt_.lane().base(), attempt_.answer().head)) {
        attempt_.count(verdict_of(*status, course_.route->grpc_failures));
    }
    attempt_.give_back(false);
}

std::int64_t Exchange::longest_pause_ms() const {
    const unsigned before = account_.record.attempts > 0 ? account_.record.attempts - 1u : 0u;
    return course_.route->retries.backoff.count() << std::min(before, kMostDoublings);
}

// The pause before it included, whatever is drawn: an attempt that begins when the time is up is in vain, and blames
// whom it asks.
bool Exchange::time_for_another() const {
    return course_.deadline_ms == 0 || context_.now_ms + longest_pause_ms() < course_.deadline_ms;
}

// By chance, so that those who failed together do not come together again.
std::int64_t Exchange::drawn_pause_ms() {
    const std::int64_t longest_ms = longest_pause_ms();
    return longest_ms == 0 ? 0 : context_.random.below(static_cast<std::uint32_t>(longest_ms) + 1);
}

// It came ahead of its route's rate, within the burst: it waits for its time, and is routed by what is in force then.
net::Task<Failure> Exchange::wait_for_turn() {
    // A process that ends has no time for it to wait its turn.
    const std::int64_t delay_ms = std::exchange(course_.delay_ms, 0);
    if (!context_.stopping) co_await pause(delay_ms);
    if (attempt_.client_left()) co_return Failure::client_closed;
    if (course_.time_is_up()) co_return Failure::request_timeout;
    co_return course_.outdated() ? route_again() : Failure::none;
}

net::Task<void> Exchange::pause(std::int64_t pause_ms) {
    phase_.at_most(pause_ms);
    while (!phase_.strand().expired() && !attempt_.client_left() && !course_.must_end()) co_await phase_.sleep();
}

}  // namespace switchyard::serve
