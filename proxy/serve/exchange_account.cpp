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
    Cell& cell = context_.cell(route, upstream_ != nullptr ? upstream_->id : 0, in_force_->generation, keyless());
    const std::int64_t duration = context_.now_us - record_.started_us;
    ++cell.by_class[std::min(record_.status / 100u, 5u)];  // from 600 on: see the head parser
    cell.bytes_in += record_.bytes_in;
    cell.bytes_out += record_.bytes_out;
    cell.duration.record(static_cast<std::uint64_t>(duration));
    if (record_.failure == Failure::client_closed) ++cell.aborted;
    if (record_.first_done && !record_.first_counted)
        count_first(upstream_ != nullptr && record_.first_upstream == upstream_->id ? cell : first_cell());
    if (context_.access_log != nullptr) write_access_line();
    unpin();
}

// The first attempt, for the analysis: with the generation that routed it, so before another one routes the rest.
void Exchange::count_first(Cell& first) {
    record_.first_counted = true;
    ++first.attempts;
    first.first_byte.record(static_cast<std::uint64_t>(record_.first_head_us));
    if (record_.first_failed) ++first.failures;
    // With one arm alone there is nothing to compare, and nothing is noted.
    if (decision_.has_hash && !route_->split.single())
        context_.note_bucket(route_->id, in_force_->generation, decision_.hash, decision_.arm == 0,
                             record_.first_failed, record_.first_head_us, record_.first_answer);
    if (record_.first_answer != AnswerKind::ordinary) ++first.answers[static_cast<std::size_t>(record_.first_answer)];
    if (const auto slow_us = route_->marks->slow_us.load(std::memory_order_relaxed); slow_us != 0) [[unlikely]]
        note_marks(slow_us);
}

Cell& Exchange::first_cell() {
    return context_.cell(route_->id, record_.first_upstream, in_force_->generation, keyless());
}

// A request without the key that its route is split by goes to an arm all the same, and says nothing about keys.
bool Exchange::keyless() const {
    return route_ != nullptr && route_->has_sticky && !decision_.has_hash && decision_.rule < 0 &&
           !route_->split.single();
}

// A rollout wants to say where what it counts against a release came from.
void Exchange::note_marks(std::uint32_t slow_us) {
    using Group = MarkNote::Group;
    const auto note = [&](Group group, AnswerKind kind) {
        context_.note_mark(
            route_->id, record_.first_upstream,
            {group, kind, record_.first_failure, record_.first_status, record_.first_endpoint, method(), target_.path});
    };
    if (record_.first_failed) note(Group::failed, AnswerKind::ordinary);
    if (record_.first_answer != AnswerKind::ordinary) note(Group::answer, record_.first_answer);
    if (record_.first_head_us > static_cast<std::int64_t>(slow_us)) note(Group::slow, AnswerKind::ordinary);
}

}  // namespace switchyard::serve
