// claim → send → receive: one attempt at one endpoint, until its response head is in or the attempt has failed.
#include "proxy/http/characters.h"
#include "proxy/http/writer.h"
#include "proxy/route/balance_key.h"
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

using Step = Relay::Step;

namespace {

// Even a quiet worker may retry this many at once; above it the route's budget holds.
constexpr std::uint64_t kMinRetries = 10;
// An endpoint that sends more interim responses than this is not answering: at one a second, which keeps the fastest of
// progress bars moving, more than a quarter of an hour.
constexpr unsigned kMaxInformational = 1000;

}  // namespace

Failure Exchange::claim() {
    // First come, first served: nobody overtakes those who wait.
    if (context_.waiting != 0 && !called_ && course_.upstream->queue_limit != 0 &&
        !context_.queue(course_.upstream->id).empty()) {
        course_.retry_after = 1;
        return Failure::overflow;
    }
    if (course_.upstream->breaker.failure_percent != 0)
        if (const Failure resting = pass_breaker(); resting != Failure::none) return resting;
    upstream::ChoiceInput input;
    input.now_us = context_.now_us;
    input.tried = course_.tried.all();
    input.key_hash = balance_key(*course_.upstream);
    std::int32_t session = course_.upstream->session_cookie.empty() ? -1 : session_endpoint();
    input.preferred = session;
    if (client_.bound() != nullptr) prefer_bound(input.preferred);
    auto choice = upstream::claim(*course_.upstream, context_, context_.random, input);
    if (choice.status == upstream::Choice::Status::none && course_.tried.none() && go_elsewhere()) return claim();
    if (choice.status == upstream::Choice::Status::none && account_.record.attempts > 0 && !course_.tried_elsewhere &&
        course_.decision.by != route::Decision::By::rule) {
        // Every endpoint of this arm has failed the request: another arm of the split may save it. The failure stays
        // on this arm's account.
        for (std::size_t arm = 0; arm < course_.route->arms.size(); ++arm) {
            const auto& other = *course_.in_force->snapshot->upstreams[course_.route->arms[arm]];
            if (&other == course_.upstream || course_.route->weights[arm] == 0 || !breaker_passes(other)) continue;
            input.tried = {};
            input.preferred = session = -1;
            input.key_hash = balance_key(other);
            choice = upstream::claim(other, context_, context_.random, input);
            if (choice.status != upstream::Choice::Status::claimed) continue;
            course_.tried_elsewhere = true;
            course_.tried.count = 0;
            course_.enter(other);
            break;
        }
    }
    if (choice.status != upstream::Choice::Status::claimed) {
        course_.retry_after = 1;
        return choice.status == upstream::Choice::Status::busy ? Failure::overflow : Failure::no_endpoint;
    }
    course_.tried.add(choice.endpoint);
    lease_.take(*course_.upstream, choice.endpoint);
    // Who is only here because the upstream that was meant is away keeps the session that waits there.
    if (!course_.upstream->session_cookie.empty() && !course_.rerouted) follow_session(session, choice.endpoint);
    return Failure::none;
}

// What this upstream's balancer goes by; anything where its key is absent.
std::uint64_t Exchange::balance_key(const upstream::Upstream& upstream) {
    if (const auto key = route::balance_key(upstream.balance, asked_.facts)) return *key;
    return upstream.balance.kind == config::Balance::Kind::hash ? context_.random.next() : 0;
}

net::Task<Failure> Exchange::connect() {
    if (client_left()) co_return Failure::client_closed;
    // A kept connection may be closed at this very moment. What can be sent again takes the chance.
    const bool may_repeat = asked_.idempotent() && asked_.guarded.body.kind == http::Body::Kind::none;
    const bool own = client_.bound() != nullptr && take_bound();
    if (own) co_return Failure::none;
    const auto& how = course_.upstream->tls;
    if (!force_fresh_ && course_.upstream->send_proxy_protocol == 0) {
        auto& pool = lease_.local->pool;
        if (auto kept = may_repeat ? pool.take(how.get()) : pool.take_safe(how.get())) {
            endpoint_lane_.stand_on(std::move(kept), strand_);
            co_return Failure::none;
        }
    }
    endpoint_lane_.stand_on(lease_.local->pool.fresh(how), strand_);
    using Connecting = net::Stream::Connecting;
    auto connecting = endpoint_lane_.connection().connect(lease_.endpoint->address, context_.poller);
    if (how || connecting == Connecting::again) set_phase_deadline(course_.upstream->connect_ms);
    if (connecting == Connecting::again) {
        while (!endpoint_lane_.writable()) {
            co_await strand_.sleep();
            if (const Failure failure = connect_broken_off(endpoint_lane_.writable()); failure != Failure::none)
                co_return failure;
        }
        connecting = endpoint_lane_.connection().connected();
    }
    const Failure failure = connected(connecting);
    if (failure != Failure::none || !how) co_return failure;
    co_return co_await secure_endpoint();
}

// Woken while a connection is being made.
Failure Exchange::connect_broken_off(bool made) const {
    if (course_.must_end()) return Failure::drained;
    if (client_left()) return Failure::client_closed;
    if (!strand_.expired() || made) return Failure::none;
    return course_.time_is_up() ? Failure::request_timeout : Failure::connect_timeout;
}

Failure Exchange::connected(net::Stream::Connecting how) {
    if (how == net::Stream::Connecting::done) return introduce_client();
    if (how != net::Stream::Connecting::shortage) return Failure::connect_failed;
    course_.retry_after = 1;
    return Failure::shortage;
}

// Another route or endpoint may want another head.
bool Exchange::put_request_head_again() {
    net::Buffer head(context_.buffers);
    return write_request_head(head) && text_.put_head(head);
}

[[gnu::always_inline]] inline bool Exchange::put_request_text() {
    if (!text_.empty()) return put_request_head_again();
    if (!write_request_head(text_.block())) return false;
    text_.head_written();
    text_.take_body(client_, asked_.guarded.body);
    if (text_.has_body()) account_.record.bytes_in += asked_.guarded.body.length;
    return true;
}

// False: the head is too large, or what stood behind it does not fit any more.
[[gnu::always_inline]] inline bool Exchange::start_upload() {
    const auto& allowed = course_.route->allow_trailers;
    Trailers& trailers = upload_.trailers;
    trailers.wanted.clear();
    if (!allowed.empty()) trailers.wanted = http::announced_trailers(base(), asked_.head, allowed);
    if (!put_request_text()) return false;
    trailers.lines.clear();
    upload_.start(text_.has_body() ? http::Body{} : asked_.guarded.body, course_.route->limits.body, text_.all(),
                  asked_.guarded.body.kind == http::Body::Kind::chunked ? Coding::chunked : Coding::plain,
                  trailers.wanted.empty() ? nullptr : &trailers);
    pace_.begin(course_.listener->min_rate);
    upload_.dead = upload_.invited = false;
    return true;
}

[[gnu::always_inline]] inline Failure Exchange::step_upload() {
    if (upload_.over()) return Failure::none;
    switch (upload_.step(strand_.budget)) {
        case Step::source_closed:
        case Step::source_failed:
            return Failure::client_closed;
        case Step::source_bad:
            asked_.refusal = "the chunked body is malformed";
            return Failure::bad_request;
        case Step::too_large:
            return Failure::body_too_large;
        case Step::sink_failed:
            upload_.dead = true;  // it may have answered before it closed: read on
            endpoint_lane_.look_again();
            return Failure::none;
        case Step::others_turn:
            strand_.step_back();
            return Failure::none;
        default:
            return Failure::none;
    }
}

net::Task<Failure> Exchange::attempt() {
    account_.record.attempt_us = context_.now_us;
    if (const Failure failure = co_await connect(); failure != Failure::none) co_return failure;
    if (!start_upload()) co_return Failure::head_too_large;
    bool timing_response = false;
    unsigned informational = 0;
    for (;;) {
        if (const Failure failure = step_upload(); failure != Failure::none) co_return failure;
        if (!timing_response && upload_.over() && endpoint_lane_.connection().settle()) {
            timing_response = true;
            pace_.stop();
            set_phase_deadline(course_.upstream->response_head_ms);
        }
        for (;;) {
            using Came = EndpointLane::Came;
            const Came came = endpoint_lane_.read_head(answer_.head);
            if (came == Came::wait) break;
            if (came == Came::malformed) co_return refuse_answer("its head is malformed or too large");
            if (came != Came::here) co_return endpoint_gone(came == Came::closed && !upload_.dead);
            if (const char* const why = answer_.check(endpoint_lane_.base(), asked_)) co_return refuse_answer(why);
            if (!answer_.interim()) co_return Failure::none;
            if (++informational > kMaxInformational) co_return Failure::bad_response;
            if (const Failure failure = co_await relay_informational(); failure != Failure::none) co_return failure;
            // It works on it: its time for the head begins anew.
            if (timing_response) set_phase_deadline(course_.upstream->response_head_ms);
        }
        if (client_left()) co_return Failure::client_closed;
        // While the body flows, either side has `idle` to move; then the endpoint has its time for the head.
        if (!timing_response) set_paced_deadline(endpoint_lane_.writable(), course_.upstream->idle_ms);
        co_await strand_.sleep();
        if (course_.must_end()) co_return Failure::drained;
        if (!timing_response && pace_.due(context_.now_ms) && pace_.too_slow(client_.body_bytes()))
            co_return Failure::body_timeout;
        if (const Failure late = attempt_late(timing_response); late != Failure::none) co_return late;
    }
}

Failure Exchange::attempt_late(bool timing_response) const {
    if (!time_is_up() || endpoint_lane_.readable()) return Failure::none;
    if (course_.time_is_up()) return Failure::request_timeout;
    if (timing_response) return Failure::response_timeout;
    if (client_.readable()) return Failure::none;
    // Whoever did not move: the endpoint that takes no more, or the client that sends no more.
    return endpoint_lane_.writable() ? Failure::body_timeout : Failure::response_timeout;
}

// The connection ended before a response head. What may the request have caused?
// `in_order`: by a FIN, not by a reset.
Failure Exchange::endpoint_gone(bool in_order) const {
    if (const auto* tls = endpoint_lane_.connection().tls();
        tls != nullptr && tls->refused() && !endpoint_lane_.reused())
        return refused_certificate();
    if (!endpoint_lane_.unread().empty())
        return Failure::reset;  // part of an answer came: the endpoint has seen the request
    if (!endpoint_lane_.reused()) return Failure::reset;
    // It closed in order, and its FIN acknowledges all that had arrived before: not one byte of this request, so
    // nobody can have read it. A reset proves nothing: it may overtake the acknowledgement of what was read.
    if (in_order && endpoint_lane_.nothing_delivered()) return Failure::reused_unread;
    return upload_.finished() ? Failure::reused_reset : Failure::reused_closed;
}

Failure Exchange::refuse_answer(std::string_view why) {
    lease_.local->refused = answer_.refuse(why, endpoint_lane_.unread());
    return Failure::bad_response;
}

bool Exchange::may_retry(Failure failure) const {
    const Retry retry = traits(failure).retry;
    if (retry == Retry::never || account_.record.answer_started) return false;
    if (retry == Retry::if_idempotent && !asked_.idempotent()) return false;
    // What has been taken from the client's body, be it only the size of a chunk, cannot be sent again (a small body
    // travels with the head and can).
    if (client_.body_touched()) return false;
    // A stale kept connection says nothing about the endpoint and costs no attempt of the budget; the next one is
    // fresh.
    if (verdict_of(failure, 0).stale) return true;
    if (account_.record.attempts > course_.route->retries.attempts) return false;
    const std::uint64_t allowed =
        std::max<std::uint64_t>(kMinRetries, context_.active_exchanges * course_.route->retries.budget_percent / 100);
    return course_.route->retries.attempts > 0 && (account_.retrying() || context_.active_retries < allowed);
}

void Exchange::note_attempt_end(Failure failure) {
    using Outcome = upstream::Breaker::Outcome;
    const Verdict verdict = verdict_of(failure, answer_.head.status);
    lease_.tell_breaker(verdict.says_nothing || verdict.stale ? Outcome::abandoned
                        : verdict.failed                      ? Outcome::failed
                                                              : Outcome::ok);
    // A stale kept connection is not the endpoint's answer: the same endpoint may be asked again, on a fresh one, and
    // it costs no attempt. One that ended after the whole request had gone out may be: it counts as the endpoint's
    // failure.
    if (verdict.stale) {
        const bool again = asked_.idempotent() || failure == Failure::reused_unread;
        force_fresh_ = true;
        course_.tried.forgive();
        account_.forgive_attempt(again);
        if (again && failure != Failure::reused_reset) return;
    }
    if (verdict.says_nothing) return;
    account_.note_attempt(verdict, failure, answer_.head.status);
    lease_.observe(verdict.failed, context_.now_us - account_.record.attempt_us);
    // A response counts when it is over: it may still break.
    if (failure != Failure::none) count_result(failure);
}

// What the endpoint made of an attempt, once, when nothing of it can change any more.
void Exchange::count_result(Failure failure) {
    if (!lease_.held()) return;
    lease_.count(verdict_of(failure, answer_.head.status), course_.route->id, course_.in_force->generation);
}

void Exchange::give_back(bool reusable) {
    if (!lease_.held()) return;
    if (endpoint_lane_.is_open()) {
        if (reusable) {
            if (bound_)
                keep_for_client();
            else
                lease_.local->pool.give(endpoint_lane_.leave(), course_.upstream->max_idle);
        }
        endpoint_lane_.close();
    }
    lease_.give_back();
}

}  // namespace switchyard::serve
