// account: one record per exchange becomes counters, histograms, at most one log line. Exactly once.
#include <algorithm>

#include "proxy/serve/exchange.h"

namespace switchyard::serve {
namespace {

// Requests that no route took are counted under this id; Registry hands out ids from 0 up.
constexpr std::uint32_t kNoRoute = 0;

}  // namespace

void Exchange::account() {
    --context_.active_exchanges;
    counted_active_ = false;
    if (retrying_) --context_.active_retries;
    retrying_ = false;
    if (route_counted_) route_->in_flight->value.fetch_sub(1, std::memory_order_relaxed);
    route_counted_ = false;
    give_back(false);

    // Ids 0 stand for "no route" and "no upstream": control reserves them.
    const std::uint32_t route = route_ != nullptr ? route_->id : kNoRoute;
    Cell& cell = context_.cell(route, upstream_ != nullptr ? upstream_->id : 0);
    const std::int64_t duration = context_.now_us - record_.started_us;
    ++cell.by_class[std::min(record_.status / 100u, 5u)];  // from 600 on: see the head parser
    cell.bytes_in += record_.bytes_in;
    cell.bytes_out += record_.bytes_out;
    cell.duration.record(static_cast<std::uint64_t>(duration));
    if (record_.failure == Failure::client_closed) ++cell.aborted;
    if (record_.first_done) {
        Cell& first = upstream_ != nullptr && record_.first_upstream == upstream_->id
                          ? cell
                          : context_.cell(route, record_.first_upstream);
        ++first.attempts;
        first.first_byte.record(static_cast<std::uint64_t>(record_.first_head_us));
        if (record_.first_failed) ++first.failures;
        // With one arm alone there is nothing to compare, and nothing is noted.
        if (decision_.has_hash && !route_->split.single())
            context_.note_bucket(route, decision_.hash, decision_.arm == 0, record_.first_failed, record_.first_head_us,
                                 record_.first_answer);
        if (record_.first_answer != AnswerKind::ordinary)
            ++first.answers[static_cast<std::size_t>(record_.first_answer)];
    }
    if (context_.access_log != nullptr) write_access_line();
    unpin();
}

}  // namespace switchyard::serve
