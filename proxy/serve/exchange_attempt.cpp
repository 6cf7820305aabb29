// claim → send → receive: one attempt at one endpoint, until its response head is in or the attempt has failed.
#include <cstring>

#include "proxy/http/characters.h"
#include "proxy/http/writer.h"
#include "proxy/route/balance_key.h"
#include "proxy/serve/exchange.h"
#include "proxy/upstream/breaker_board.h"

namespace switchyard::serve {

using Step = Relay::Step;

namespace {

// Even a quiet worker may retry this many at once; above it the route's budget holds.
constexpr std::uint64_t kMinRetries = 10;
// An endpoint that sends more interim responses than this is not answering: at one a second, which keeps the fastest of
// progress bars moving, more than a quarter of an hour.
constexpr unsigned kMaxInformational = 1000;

// It may have been closed because nobody had used it for long: another try is free.
bool stale_connection(Failure failure) {
    return failure == Failure::reused_closed || failure == Failure::reused_unread || failure == Failure::reused_reset;
}

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
    if (choice.status == upstream::Choice::Status::none && record_.attempts > 0 && !course_.tried_elsewhere &&
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
    endpoint_ = last_endpoint_ = &course_.upstream->endpoints[choice.endpoint];
    course_.tried.add(choice.endpoint);
    local_ = &context_.local(*endpoint_);
    local_->max_idle = course_.upstream->max_idle;
    local_->keep_idle_ms = course_.upstream->keep_idle_ms;
    ++local_->pool.leased;
    // Who is only here because the upstream that was meant is away keeps the session that waits there.
    if (!course_.upstream->session_cookie.empty() && !course_.rerouted) follow_session(session, choice.endpoint);
    if (course_.upstream->breaker.failure_percent != 0)
        breaker_ticket_ = context_.breaker(course_.upstream->id).admit();
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
    if (!force_fresh_ && course_.upstream->send_proxy_protocol == 0) {
        if (auto kept = may_repeat ? local_->pool.take() : local_->pool.take_safe()) {
            endpoint_lane_.stand_on(std::move(kept), strand_);
            co_return Failure::none;
        }
    }
    endpoint_lane_.stand_on(local_->pool.fresh(), strand_);
    using Connecting = net::Stream::Connecting;
    const auto connecting = endpoint_lane_.connect(endpoint_->address, context_.poller);
    if (connecting != Connecting::again) co_return connected(connecting);
    set_phase_deadline(course_.upstream->connect_ms);
    while (!endpoint_lane_.writable()) {
        co_await strand_.sleep();
        if (course_.must_end()) co_return Failure::drained;
        if (client_left()) co_return Failure::client_closed;
        if (strand_.expired() && !endpoint_lane_.writable())
            co_return course_.time_is_up() ? Failure::request_timeout : Failure::connect_timeout;
    }
    co_return connected(endpoint_lane_.connected());
}

Failure Exchange::connected(net::Stream::Connecting how) {
    if (how == net::Stream::Connecting::done) return introduce_client();
    if (how != net::Stream::Connecting::shortage) return Failure::connect_failed;
    course_.retry_after = 1;
    return Failure::shortage;
}

net::Task<Failure> Exchange::attempt() {
    record_.attempt_us = context_.now_us;
    if (const Failure failure = co_await connect(); failure != Failure::none) co_return failure;
    request_trailers_.wanted.clear();
    if (!course_.route->allow_trailers.empty())
        request_trailers_.wanted = http::announced_trailers(base(), asked_.head, course_.route->allow_trailers);
    if (out_.empty()) {
        if (!write_request_head(out_)) co_return Failure::head_too_large;
        request_head_size_ = out_.size();
        take_small_body();
    } else if (!write_request_head_again()) {
        co_return Failure::head_too_large;
    }
    request_trailers_.lines.clear();
    upload_.start(body_with_head_ ? http::Body{} : asked_.guarded.body, course_.route->limits.body, out_.unread(),
                  asked_.guarded.body.kind == http::Body::Kind::chunked ? Coding::chunked : Coding::plain,
                  request_trailers_.wanted.empty() ? nullptr : &request_trailers_);
    if (course_.listener->min_rate != 0) pace_.start(course_.listener->min_rate, 0);
    upload_dead_ = invited_ = false;
    bool timing_response = false;
    unsigned informational = 0;
    for (;;) {
        if (!upload_.finished() && !upload_dead_) {
            const Step step = upload_.step(strand_.budget);
            switch (step) {
                case Step::source_closed:
                case Step::source_failed:
                    co_return Failure::client_closed;
                case Step::source_bad:
                    asked_.refusal = "the chunked body is malformed";
                    co_return Failure::bad_request;
                case Step::too_large:
                    co_return Failure::body_too_large;
                case Step::sink_failed:
                    upload_dead_ = true;  // it may have answered before it closed: read on
                    endpoint_lane_.look_again();
                    break;
                case Step::others_turn:
                    strand_.step_back();
                    break;
                default:
                    break;
            }
        }
        if (!timing_response && (upload_.finished() || upload_dead_)) {
            timing_response = true;
            paced_since_ms_ = 0;
            pacing_ = false;
            set_phase_deadline(course_.upstream->response_head_ms);
        }
        for (;;) {
            using Answer = EndpointLane::Answer;
            const Answer answer = endpoint_lane_.read_head(response_);
            if (answer == Answer::wait) break;
            if (answer == Answer::malformed) co_return refuse_answer("its head is malformed or too large");
            if (answer != Answer::here) co_return endpoint_gone(answer == Answer::closed && !upload_dead_);
            if (const Failure failure = guard_answer(); failure != Failure::none) co_return failure;
            if (response_.status >= 200 || response_.status == 101) co_return Failure::none;
            if (++informational > kMaxInformational) co_return Failure::bad_response;
            if (const Failure failure = co_await relay_informational(); failure != Failure::none) co_return failure;
            // It works on it: its time for the head begins anew.
            if (timing_response) set_phase_deadline(course_.upstream->response_head_ms);
        }
        if (client_left()) co_return Failure::client_closed;
        // While the body flows, either side has `idle` to move; then the endpoint has its time for the head.
        if (!timing_response)
            set_paced_deadline(course_.listener->min_rate != 0 && endpoint_lane_.writable(), course_.upstream->idle_ms);
        co_await strand_.sleep();
        if (course_.must_end()) co_return Failure::drained;
        if (!timing_response && upload_too_slow()) co_return Failure::body_timeout;
        if (time_is_up() && !endpoint_lane_.readable()) {
            if (course_.time_is_up()) co_return Failure::request_timeout;
            if (timing_response) co_return Failure::response_timeout;
            if (client_.readable()) continue;
            // Whoever did not move: the endpoint that takes no more, or the client that sends no more.
            co_return endpoint_lane_.writable() ? Failure::body_timeout : Failure::response_timeout;
        }
    }
}

// A small body that is here already goes out with the head, from one piece of memory that stays: so the request can be
// sent again when a kept connection turns out to be dead.
void Exchange::take_small_body() {
    body_with_head_ = client_.append_whole_body(asked_.guarded.body, net::BufferPool::kBlock, out_);
    if (body_with_head_) record_.bytes_in += asked_.guarded.body.length;
}

// Another route or endpoint may want another head. The body behind it has left the client's buffer and comes along.
// False: it does not fit, and what was written before is for somebody else.
bool Exchange::write_request_head_again() {
    net::Buffer again(context_.buffers);
    if (!write_request_head(again)) return false;
    const auto body = out_.unread().substr(request_head_size_);
    if (body.size() > again.room().size()) return false;
    request_head_size_ = again.size();
    if (!body.empty()) std::memcpy(again.room().data(), body.data(), body.size());
    again.filled(body.size());
    out_.swap(again);
    return true;
}

// The connection ended before a response head. What may the request have caused?
// `in_order`: by a FIN, not by a reset.
Failure Exchange::endpoint_gone(bool in_order) const {
    if (!endpoint_lane_.unread().empty())
        return Failure::reset;  // part of an answer came: the endpoint has seen the request
    if (!endpoint_lane_.reused()) return Failure::reset;
    // It closed in order, and its FIN acknowledges all that had arrived before: not one byte of this request, so
    // nobody can have read it. A reset proves nothing: it may overtake the acknowledgement of what was read.
    if (in_order && endpoint_lane_.nothing_delivered()) return Failure::reused_unread;
    return upload_.finished() ? Failure::reused_reset : Failure::reused_closed;
}

Failure Exchange::guard_answer() {
    response_guard_ = http::guard_response(endpoint_lane_.base(), response_, asked_.method());
    if (response_guard_.refused != nullptr) return refuse_answer(response_guard_.refused);
    if (response_.status == 101 && !(asked_.guarded.upgrade && response_guard_.upgrade &&
                                     http::offered_upgrade(base(), asked_.head, endpoint_lane_.base(), response_)))
        return refuse_answer("it switches to what was not offered");
    return Failure::none;
}

// The endpoint's people need to see what it was: the reason and the first octets, which hold no secret of a client.
Failure Exchange::refuse_answer(std::string_view why) {
    constexpr std::size_t kShown = 64;
    refused_answer_ = why;
    refused_answer_ += ": ";
    refused_answer_ += endpoint_lane_.unread().substr(0, kShown);
    local_->refused = refused_answer_;
    return Failure::bad_response;
}

bool Exchange::may_retry(Failure failure) const {
    const Retry retry = traits(failure).retry;
    if (retry == Retry::never || answer_started_) return false;
    if (retry == Retry::if_idempotent && !asked_.idempotent()) return false;
    // What has been taken from the client's body, be it only the size of a chunk, cannot be sent again (a small body
    // travels with the head and can).
    if (client_.body_touched()) return false;
    // A stale kept connection says nothing about the endpoint and costs no attempt of the budget; the next one is
    // fresh.
    if (stale_connection(failure)) return true;
    if (record_.attempts > course_.route->retries.attempts) return false;
    const std::uint64_t allowed =
        std::max<std::uint64_t>(kMinRetries, context_.active_exchanges * course_.route->retries.budget_percent / 100);
    return course_.route->retries.attempts > 0 && (retrying_ || context_.active_retries < allowed);
}

void Exchange::note_attempt_end(Failure failure) {
    // None says anything about the endpoint: the client left, or we did, or had nothing left to ask with.
    const Source source = traits(failure).source;
    const bool left = failure == Failure::drained || source == Source::downstream || source == Source::internal;
    const bool answered_5xx = failure == Failure::none && response_.status >= 500;
    const bool failed = answered_5xx || traits(failure).blames_endpoint;
    const bool stale = failure != Failure::none && stale_connection(failure);
    if (course_.upstream->breaker.failure_percent != 0) {
        using Outcome = upstream::Breaker::Outcome;
        const bool says_nothing = left || stale;
        auto& breaker = context_.breaker(course_.upstream->id);
        breaker.ended(course_.upstream->breaker, breaker_ticket_,
                      says_nothing ? Outcome::abandoned
                      : failed     ? Outcome::failed
                                   : Outcome::ok,
                      context_.now_ms);
        course_.upstream->breaker_board->show(context_.worker_number, breaker);
    }
    // A stale kept connection is not the endpoint's answer: the same endpoint may be asked again, on a fresh one, and
    // it costs no attempt. One that ended after the whole request had gone out may be: it counts as the endpoint's
    // failure.
    if (stale) {
        const bool again = asked_.idempotent() || failure == Failure::reused_unread;
        force_fresh_ = true;
        course_.tried.forgive();
        if (again) --record_.attempts;
        record_.told_head = record_.told_whole = 0;  // the next one begins anew
        if (again && failure != Failure::reused_reset) return;
    }
    const std::int64_t took = context_.now_us - record_.attempt_us;
    if (!record_.first_done && !left) {
        record_.first_done = true;
        record_.first_failed = failed;
        record_.first_upstream = course_.upstream->id;
        record_.first_failure = failure;
        if (local_ != nullptr) record_.first_endpoint = local_->state->id;
        if (failure == Failure::none) {
            record_.first_status = response_.status;
            record_.first_answer = answer_of(response_.status);
        }
        record_.first_head_us = took;
    }
    if (left) return;
    if (failed)
        local_->ewma.observe(std::max(static_cast<double>(took), upstream::PeakEwma::kPenaltyUs), context_.now_us);
    else if (course_.upstream->balance.kind == config::Balance::Kind::peak_ewma)
        local_->ewma.observe(static_cast<double>(took), context_.now_us);
    // A response counts when it is over: it may still break.
    if (failure != Failure::none) count_result(failure);
}

// What the endpoint made of an attempt, once, when nothing of it can change any more.
void Exchange::count_result(Failure failure) {
    if (local_ == nullptr) return;
    context_.count_endpoint(*local_);
    const bool unreachable = traits(failure).blames_endpoint;
    if (!unreachable && response_.status < 500) {
        ++local_->counts.ok;
        local_->consecutive_failures = 0;
        return;
    }
    ++(unreachable ? local_->counts.unreachable : local_->counts.failed);
    ++local_->consecutive_failures;
    context_.note_failure(course_.route->id, local_->state->id, course_.in_force->generation);
    if (course_.upstream->ejection.consecutive_failures != 0 &&
        local_->consecutive_failures % course_.upstream->ejection.consecutive_failures == 0)
        context_.suspect({local_->state->id, local_->consecutive_failures});
}

void Exchange::give_back(bool reusable) {
    if (endpoint_ == nullptr) return;
    --local_->pool.leased;
    if (endpoint_lane_.is_open()) {
        if (reusable) {
            if (bound_)
                keep_for_client();
            else
                local_->pool.give(endpoint_lane_.leave(), course_.upstream->max_idle);
        }
        endpoint_lane_.close();
    }
    upstream::release(*endpoint_);
    if (context_.waiting != 0) context_.queue(course_.upstream->id).call();
    endpoint_ = nullptr;
    local_ = nullptr;
}

}  // namespace switchyard::serve
