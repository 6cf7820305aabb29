// An answer after which the route has another endpoint asked, and the pause before that.
#include <algorithm>

#include "proxy/serve/exchange.h"

namespace switchyard::serve {
namespace {

constexpr unsigned kMostDoublings = 4;  // of a pause: 16 times the first

}  // namespace

// The client may send it again by itself (idempotent), all of it is still here, the budget allows it, and there is an
// endpoint that has not answered yet: else the answer is passed on. True: what it came to has been counted.
bool Exchange::answer_again() {
    const config::Retries& retries = course_.route->retries;
    if (!contains(retries.on, attempt_.answer().head.status)) return false;
    if (!asked_.idempotent() || !attempt_.may_repeat() || !retries_left() || !claim_.has_other()) return false;
    if (course_.deadline_ms != 0 && context_.now_ms + longest_pause_ms() >= course_.deadline_ms) return false;
    attempt_.count(Failure::none);
    attempt_.give_back(false);
    return true;
}

std::int64_t Exchange::longest_pause_ms() const {
    const unsigned before = account_.record.attempts > 0 ? account_.record.attempts - 1u : 0u;
    return course_.route->retries.backoff.count() << std::min(before, kMostDoublings);
}

// Drawn by chance, so that those who failed together do not come together again.
net::Task<void> Exchange::pause() {
    const auto most = static_cast<std::uint32_t>(longest_pause_ms());
    const std::uint32_t pause_ms = context_.random.below(most + 1);
    if (pause_ms == 0) co_return;
    phase_.at_most(pause_ms);
    while (!phase_.strand().expired() && !attempt_.client_left() && !course_.must_end()) co_await phase_.sleep();
}

}  // namespace switchyard::serve
