#include "proxy/serve/lease.h"

#include "proxy/upstream/breaker_board.h"

namespace switchyard::serve {

void Lease::tell_its_breaker(upstream::Breaker::Outcome outcome, std::int64_t took_us) {
    auto& breaker = context_.breaker(*upstream_);
    breaker.ended(upstream_->breaker, ticket_, outcome, context_.now_ms, took_us / 1000);
    upstream_->breaker_board->show(context_.worker_number, breaker);
}

void Lease::count_failed(const Verdict& verdict, std::uint32_t route, std::uint64_t generation) {
    ++(verdict.unreachable ? local_->counts.unreachable : local_->counts.failed);
    ++local_->consecutive_failures;
    context_.note_failure(route, local_->state->id, generation);
    if (upstream_->ejection.consecutive_failures != 0 &&
        local_->consecutive_failures % upstream_->ejection.consecutive_failures == 0)
        context_.suspect({local_->state->id, local_->consecutive_failures});
}

}  // namespace switchyard::serve
