// What may keep a request from being sent now: breaker, and the queue for a place at an endpoint.
#include "proxy/serve/exchange.h"
#include "proxy/snapshot/stand_in.h"
#include "proxy/upstream/breaker_board.h"
#include "proxy/upstream/session_key.h"

namespace switchyard::serve {
// Gives the place in the count of waiting requests back, also when the worker stops in the middle. Not in the unnamed
// namespace: it lives in the frame of a coroutine that has external linkage.
class CountedWait {
  public:
    CountedWait(SharedCount& shared, std::uint64_t& own) : shared_(shared), own_(own) { ++own_; }
    ~CountedWait() {
        shared_.value.fetch_sub(1, std::memory_order_relaxed);
        --own_;
    }
    CountedWait(const CountedWait&) = delete;
    CountedWait& operator=(const CountedWait&) = delete;

  private:
    SharedCount& shared_;
    std::uint64_t& own_;
};

bool Exchange::breaker_passes(const upstream::Upstream& upstream) {
    if (upstream.breaker.failure_percent == 0) return true;
    auto& breaker = context_.breaker(upstream.id);
    const bool passes = breaker.passes(upstream.breaker, context_.now_ms);
    upstream.breaker_board->show(context_.worker_number, breaker);
    return passes;
}

// While the upstream rests its fallback serves, when there is one that does not rest too.
Failure Exchange::pass_breaker() {
    if (breaker_passes(*course_.upstream)) return Failure::none;
    course_.retry_after =
        static_cast<std::uint32_t>(context_.breaker(course_.upstream->id).rest_ms(context_.now_ms) / 1000 + 1);
    const auto other = fallback_of(*course_.route, course_.decision, *course_.upstream);
    if (other < 0 || course_.fell_back || course_.rerouted) return Failure::breaker_open;
    const auto& fallback = *course_.in_force->snapshot->upstreams[static_cast<std::size_t>(other)];
    if (!breaker_passes(fallback)) return Failure::breaker_open;
    note_refused(Failure::breaker_open);
    course_.fell_back = true;
    course_.tried.count = 0;
    course_.enter(fallback);
    return Failure::none;
}

// The upstream has nobody whom a request could be given to: from here on another one serves, if there is one. At most
// once; a request that an endpoint has failed has other ways (claim()).
bool Exchange::go_elsewhere() {
    if (course_.rerouted || course_.tried_elsewhere) return false;
    const Snapshot& snapshot = *course_.in_force->snapshot;
    const auto other =
        stand_in(snapshot, *course_.route, course_.decision, asked_.facts, *course_.upstream, course_.fell_back,
                 [this](const upstream::Upstream& upstream) { return !breaker_passes(upstream); });
    if (other < 0) return false;
    note_refused(Failure::no_endpoint);
    course_.rerouted = true;
    ++context_
          .cell(course_.route->id, snapshot.upstreams[course_.decision.upstream]->id, course_.in_force->generation,
                course_.keyless())
          .rerouted;
    course_.enter(*snapshot.upstreams[static_cast<std::size_t>(other)]);
    return true;
}

std::int32_t Exchange::session_endpoint() const {
    if (course_.upstream->session_cookie.empty()) return -1;
    return upstream::endpoint_of_session(*course_.upstream, asked_.facts.cookie(course_.upstream->session_cookie));
}

// A new cookie is due when the old one names nobody who could serve: one that was only full or failed once is kept.
void Exchange::follow_session(std::int32_t preferred, std::uint32_t chosen) {
    if (preferred >= 0 && static_cast<std::uint32_t>(preferred) != chosen) {
        const auto& wanted = course_.upstream->endpoints[static_cast<std::size_t>(preferred)];
        mint_session_ = wanted.wanted != config::EndpointState::up || !wanted.state->healthy();
    } else {
        mint_session_ = preferred < 0;
    }
}

// Claims; where every endpoint is at its limit and the upstream has a queue, waits in it. `none` without a claimed
// endpoint: a newer generation answers this request by itself.
net::Task<Failure> Exchange::claim_or_wait() {
    record_.attempt_us = context_.now_us;
    Failure failure = claim();
    while (failure == Failure::overflow && course_.upstream->queue_limit != 0) {
        failure = co_await wait_for_place();
        if (failure != Failure::none || endpoint_ != nullptr) break;
        failure = route_again();
        if (failure != Failure::none || course_.answers()) break;
        failure = claim();
    }
    if (failure != Failure::none && course_.upstream != nullptr && traits(failure).source == Source::upstream)
        note_refused(failure);
    co_return failure;
}

// The upstream that the request was meant for has nobody to take it: none usable, a full queue, a resting breaker. To
// the analysis that is a first attempt that failed, and whoever serves it instead gets no credit for it.
void Exchange::note_refused(Failure failure) {
    if (record_.first_done) return;
    record_.first_done = record_.first_failed = true;
    record_.first_failure = failure;
    stand_outside();  // whoever answers instead is not the one that is compared
    record_.first_upstream = course_.upstream->id;
    record_.first_head_us = context_.now_us - record_.attempt_us;
}

// `none` without a claimed endpoint: a newer generation came, and the request must be routed anew.
net::Task<Failure> Exchange::wait_for_place() {
    SharedCount& waiting = *course_.upstream->waiting;
    if (waiting.value.fetch_add(1, std::memory_order_relaxed) >= course_.upstream->queue_limit) {
        waiting.value.fetch_sub(1, std::memory_order_relaxed);
        co_return Failure::overflow;
    }
    const CountedWait counted(waiting, context_.waiting);
    upstream::WaitQueue::Place place(context_.queue(course_.upstream->id), strand_);
    set_phase_deadline(course_.upstream->queue_ms);
    for (;;) {
        co_await strand_.sleep();
        // Whoever has closed his side while waiting in a queue has gone away, as far as anybody can tell.
        if (client_.broken() || client_.hung_up()) co_return Failure::client_closed;
        if (course_.outdated()) co_return Failure::none;
        if (place.take_call()) {
            called_ = true;
            const Failure failure = claim();
            called_ = false;
            if (failure != Failure::overflow) co_return failure;
        }
        if (strand_.expired()) co_return course_.time_is_up() ? Failure::request_timeout : Failure::overflow;
    }
}

}  // namespace switchyard::serve
