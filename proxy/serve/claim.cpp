#include "proxy/serve/claim.h"

#include <algorithm>
#include <optional>

#include "proxy/route/balance_key.h"
#include "proxy/serve/counted_wait.h"
#include "proxy/snapshot/stand_in.h"
#include "proxy/upstream/breaker_board.h"
#include "proxy/upstream/session_key.h"

namespace switchyard::serve {
namespace {

// A client that has waited through a hold would rather wait on than begin anew; endpoints that free no place for so
// long are no cause to keep it forever.
constexpr std::int64_t kWaitAfterHoldMs = 60'000;

}  // namespace

bool Claim::breaker_passes(const upstream::Upstream& upstream) {
    if (upstream.breaker.failure_percent == 0) return true;
    auto& breaker = context_.breaker(upstream);
    const bool passes = breaker.passes(upstream.breaker, context_.now_ms);
    upstream.breaker_board->show(context_.worker_number, breaker);
    return passes;
}

// While the upstream rests its fallback serves, when there is one that does not rest too.
Failure Claim::pass_breaker() {
    if (breaker_passes(*course_.upstream)) return Failure::none;
    course_.retry_after =
        static_cast<std::uint32_t>(context_.breaker(*course_.upstream).rest_ms(context_.now_ms) / 1000 + 1);
    const auto other = fallback_of(*course_.route, course_.decision, *course_.upstream);
    if (other < 0 || course_.fell_back || course_.rerouted) return Failure::breaker_open;
    const auto& fallback = *course_.in_force->snapshot->upstreams[static_cast<std::size_t>(other)];
    if (!breaker_passes(fallback)) return Failure::breaker_open;
    account_.note_refused(Failure::breaker_open);
    course_.fall_back(fallback);
    return Failure::none;
}

// The upstream has no endpoint that a request could be given to: from here on another upstream serves, if there is one.
// At most once; a request that an endpoint has failed has other ways.
bool Claim::stand_in() {
    if (course_.rerouted || course_.tried_elsewhere) return false;
    const Snapshot& snapshot = *course_.in_force->snapshot;
    const auto other =
        switchyard::stand_in(snapshot, *course_.route, course_.decision, asked_.facts, *course_.upstream,
                             course_.fell_back, [this](const upstream::Upstream& at) { return !breaker_passes(at); });
    if (other < 0) return false;
    account_.note_refused(Failure::no_endpoint);
    account_.note_rerouted(snapshot.upstreams[course_.decision.upstream]->id);
    course_.reroute(*snapshot.upstreams[static_cast<std::size_t>(other)]);
    return true;
}

// Every endpoint of this arm has failed the request: another arm of the split may save it. The failure stays on this
// arm's account.
bool Claim::try_other_arms(upstream::ChoiceInput& input, upstream::Choice& choice) {
    for (std::size_t arm = 0; arm < course_.route->arms.size(); ++arm) {
        const auto& other = *course_.in_force->snapshot->upstreams[course_.route->arms[arm]];
        if (&other == course_.upstream || course_.route->weights[arm] == 0 || !breaker_passes(other)) continue;
        input.tried = {};
        input.preferred = -1;
        input.key_hash = balance_key(other);
        choice = upstream::claim(other, context_, context_.random, input);
        if (choice.status != upstream::Choice::Status::claimed) continue;
        course_.turn_to_other_arm(other);
        return true;
    }
    return false;
}

// Nothing overtakes them. Without a queue of its own an upstream has one of those that were held.
[[gnu::always_inline]] inline bool Claim::others_wait() const {
    return context_.waiting != 0 && may_wait() && !context_.queue(course_.upstream->id).empty();
}

[[gnu::always_inline]] inline upstream::ChoiceInput Claim::wanted(std::int32_t session) {
    upstream::ChoiceInput input;
    input.now_us = context_.now_us;
    input.tried = course_.tried.all();
    input.key_hash = balance_key(*course_.upstream);
    input.preferred = session;
    if (client_.connection().bound != nullptr) prefer_bound(input.preferred);
    return input;
}

[[gnu::always_inline]] inline void Claim::lease(upstream::Choice choice, std::int32_t session) {
    course_.tried.add(choice.endpoint);
    lease_.take(*course_.upstream, choice.endpoint);
    // A request that is only here because the upstream that was meant is away keeps the session that waits there.
    if (!course_.upstream->session_cookie.empty() && !course_.rerouted && mints_session(session, choice.endpoint))
        lease_.begin_session();
}

bool Claim::take_other() {
    if (is_held()) [[unlikely]]
        return false;
    const std::int32_t session = course_.upstream->session_cookie.empty() ? -1 : session_endpoint();
    upstream::ChoiceInput input = wanted(session);
    upstream::Choice choice;
    if (!others_wait() && breaker_passes(*course_.upstream))
        choice = upstream::claim(*course_.upstream, context_, context_.random, input);
    if (choice.status == upstream::Choice::Status::claimed) {
        lease(choice, session);
        return true;
    }
    if (course_.tried_elsewhere || course_.decision.by == route::Decision::By::rule) return false;
    if (!try_other_arms(input, choice)) return false;
    lease(choice, -1);
    return true;
}

Failure Claim::take(bool called) {
    if (!called && others_wait()) {
        course_.retry_after = 1;
        return Failure::overflow;
    }
    if (course_.upstream->breaker.failure_percent != 0)
        if (const Failure resting = pass_breaker(); resting != Failure::none) return resting;
    std::int32_t session = course_.upstream->session_cookie.empty() ? -1 : session_endpoint();
    upstream::ChoiceInput input = wanted(session);
    auto choice = upstream::claim(*course_.upstream, context_, context_.random, input);
    if (choice.status == upstream::Choice::Status::none && course_.tried.none() && stand_in()) return take(called);
    if (choice.status == upstream::Choice::Status::none && account_.record.attempts > 0 && !course_.tried_elsewhere &&
        course_.decision.by != route::Decision::By::rule && try_other_arms(input, choice))
        session = -1;
    if (choice.status != upstream::Choice::Status::claimed) {
        course_.retry_after = 1;
        return choice.status == upstream::Choice::Status::busy ? Failure::overflow : Failure::no_endpoint;
    }
    lease(choice, session);
    return Failure::none;
}

bool Claim::has_other() const {
    const auto rests = [this](const upstream::Upstream& upstream) {
        return upstream.breaker.failure_percent != 0 && context_.breaker(upstream).rest_ms(context_.now_ms) > 0;
    };
    upstream::ChoiceInput input;
    input.now_us = context_.now_us;
    input.tried = course_.tried.all();
    if (!rests(*course_.upstream)) {
        const auto ahead = upstream::outlook(*course_.upstream, input, false);
        if (std::ranges::find(ahead.candidates, true) != ahead.candidates.end()) return true;
    }
    if (course_.tried_elsewhere || course_.decision.by == route::Decision::By::rule) return false;
    for (std::size_t arm = 0; arm < course_.route->arms.size(); ++arm) {
        const auto& other = *course_.in_force->snapshot->upstreams[course_.route->arms[arm]];
        if (&other != course_.upstream && course_.route->weights[arm] != 0 && !rests(other) &&
            upstream::look(other) == upstream::Choice::Status::claimed)
            return true;
    }
    return false;
}

// What this upstream's balancer goes by; anything where its key is absent.
std::uint64_t Claim::balance_key(const upstream::Upstream& upstream) {
    if (const auto key = route::balance_key(upstream.balance, asked_.facts)) return *key;
    return upstream.balance.kind == config::Balance::Kind::hash ? context_.random.next() : 0;
}

std::int32_t Claim::session_endpoint() const {
    return upstream::endpoint_of_session(*course_.upstream, asked_.facts.cookie(course_.upstream->session_cookie));
}

// A new cookie is due when the old one names no endpoint that could serve: that of one that was only full or failed
// once is kept.
bool Claim::mints_session(std::int32_t preferred, std::uint32_t chosen) const {
    if (preferred < 0) return true;
    if (static_cast<std::uint32_t>(preferred) == chosen) return false;
    const auto& wanted = course_.upstream->endpoints[static_cast<std::size_t>(preferred)];
    return wanted.wanted != config::EndpointState::up || !wanted.state->healthy();
}

// The endpoint that the client has a connection of its own to, if it is one of these.
void Claim::prefer_bound(std::int32_t& preferred) const {
    for (std::size_t i = 0; i < course_.upstream->endpoints.size(); ++i)
        if (client_.connection().bound->is_to(course_.upstream->endpoints[i].state))
            preferred = static_cast<std::int32_t>(i);
}

// One that was held is counted where it was held, and its wait there is no other's fault: it stands in the queue beyond
// its limit, and for longer.
net::Task<Failure> Claim::wait_in_queue(HeldPlace& held) {
    std::optional<CountedWait> counted;
    std::int64_t most_ms = course_.upstream->queue_ms;
    if (held.counted()) {
        if (most_ms != 0) most_ms = std::max(most_ms, kWaitAfterHoldMs);
    } else {
        SharedCount& waiting = *course_.upstream->waiting;
        if (waiting.value.fetch_add(1, std::memory_order_relaxed) >= course_.upstream->queue_limit) {
            waiting.value.fetch_sub(1, std::memory_order_relaxed);
            co_return Failure::overflow;
        }
        counted.emplace(waiting, context_.waiting);
    }
    upstream::WaitQueue::Place place(context_.queue(course_.upstream->id), phase_.strand());
    held.leave_line();
    phase_.at_most(most_ms);
    for (;;) {
        co_await phase_.sleep();
        // A client that has closed its side while it waits in a queue has gone away, as far as can be known.
        if (client_.broken() || client_.hung_up()) co_return Failure::client_closed;
        if (course_.time_is_up()) co_return Failure::request_timeout;
        if (course_.outdated()) co_return Failure::none;
        if (place.take_call())
            if (const Failure failure = take(true); failure != Failure::overflow) co_return failure;
        if (phase_.strand().expired()) co_return Failure::overflow;
    }
}

}  // namespace switchyard::serve
