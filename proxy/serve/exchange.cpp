#include "proxy/serve/exchange.h"

#include <algorithm>

#include "proxy/serve/challenge.h"
#include "proxy/serve/delivery.h"
#include "proxy/serve/http2_request.h"
#include "proxy/serve/own_answer.h"

namespace switchyard::serve {
namespace {

// Even a quiet worker may retry this many at once; above it the route's budget holds.
constexpr std::uint64_t kMinRetries = 10;

}  // namespace

Exchange::Exchange(ClientConnection& connection)
    : context_(connection.context()),
      client_(connection),
      course_(context_, connection.place()),
      lease_(context_),
      account_(context_, asked_, course_, lease_),
      head_(context_.buffers),
      phase_(connection, course_),
      sources_{asked_, course_, lease_, client_, request_id_},
      claim_(phase_, client_, asked_, course_, lease_, account_),
      attempt_(phase_, client_, asked_, sources_, course_, lease_, account_) {
    client_.connection().exchange = this;
}

Exchange::~Exchange() {
    client_.connection().exchange = nullptr;
}

net::Task<Next> Exchange::serve(ClientConnection& connection) {
    Exchange exchange(connection);
    exchange.account_.begin();
    ClientLane::Request came;
    Failure failure = exchange.read_head(came);
    if (came != ClientLane::Request::here && failure == Failure::none) failure = co_await exchange.wait_for_head(came);
    if (failure == Failure::none)
        failure = connection.is_lane ? exchange.check_framed() : exchange.asked_.check(exchange.head_.data());
    if (failure == Failure::client_closed) co_return Next::close;  // nothing was asked, nothing is recorded
    Next next;
    exchange.course_.pin();
    if (failure != Failure::none && exchange.was_reset()) {
        exchange.finish();
        co_return Next::close;
    }
    bool answered_here = failure != Failure::none;
    if (!answered_here && exchange.course_.listener->answers_challenges() && asks_for_token(exchange.asked_))
        [[unlikely]]
        answered_here = co_await exchange.asks_for_challenge();
    if (!answered_here) {
        failure = exchange.choose_route();
        answered_here = failure != Failure::none || exchange.course_.answers();
    }
    if (answered_here) {
        next = co_await exchange.answer_locally(failure);
    } else {
        exchange.account_.watch();
        next = co_await exchange.proxy();
    }
    exchange.finish();
    co_return next;
}

Failure Exchange::check_framed() {
    asked_.look_for_grpc(head_.data());
    const Failure failure = asked_.check(head_.data());
    return failure == Failure::none ? settle_body() : failure;
}

// Where no length is said the frames tell: a body of unknown length is chunked on its way to HTTP/1.
Failure Exchange::settle_body() {
    http::Body& body = asked_.guarded.body;
    const bool tunnel = asked_.method() == "CONNECT" || asked_.guarded.upgrade;  // what comes is for its other end
    if (body.kind != http::Body::Kind::none || !client_.framed()->has_body() || tunnel) return Failure::none;
    if (asked_.method() == "TRACE") {
        asked_.refusal = "TRACE with a body";
        return Failure::bad_request;
    }
    body.kind = http::Body::Kind::chunked;
    return Failure::none;
}

void Exchange::finish() {
    attempt_.give_back(false);
    if (was_reset()) [[unlikely]]
        note_reset();
    if (asked_.grpc.is && account_.record.grpc_status < 0) [[unlikely]]
        account_.record.grpc_status = static_cast<std::int8_t>(call_status(account_.record.failure));
    account_.close();
    if (context_.access_log != nullptr) write_access_line();
    if (context_.recent.due(context_.now_ms)) [[unlikely]]
        note_recent();
}

bool Exchange::was_reset() const {
    return client_.framed() != nullptr && client_.framed()->refused != nullptr;
}

// What HTTP/1 is answered 400 for has its stream reset in HTTP/2, whether an endpoint was asked by then or not; it is
// recorded as the same.
void Exchange::note_reset() {
    Record& record = account_.record;
    if (record.failure != Failure::none && record.failure != Failure::client_closed) return;
    if (record.failure == Failure::none && record.status != 0) return;  // the answer was whole before
    record.failure = Failure::bad_request;
    asked_.refusal = client_.framed()->refused;
    if (record.status == 0) record.status = traits(record.failure).status;
}

// Nearly every head is here at once.
Failure Exchange::read_head(ClientLane::Request& came) {
    Failure why = Failure::none;
    came = client_.read_head(asked_.head, head_, why);
    if (came == ClientLane::Request::bad && why == Failure::bad_request)
        asked_.refusal = client_.framed() != nullptr ? client_.framed()->why_bad() : "the request head is malformed";
    return why;
}

net::Task<Failure> Exchange::wait_for_head(ClientLane::Request came) {
    Strand& strand = phase_.strand();
    strand.set_deadline(context_.now_ms + client_.connection().place().plan().head_timeout_ms);
    for (;;) {
        if (came == ClientLane::Request::others_turn) strand.step_back();
        co_await strand.sleep();
        if (strand.expired()) co_return client_.nothing_unread() ? Failure::client_closed : Failure::head_timeout;
        const Failure why = read_head(came);
        if (came == ClientLane::Request::here || why != Failure::none) co_return why;
    }
}

// Who asks, and for which upstream; by the generation that the course is pinned to.
Failure Exchange::choose_route() {
    const ListenerPlan& listener = *course_.listener;
    asked_.believe(client_.address(), listener.trusted_proxies, listener.client_header);
    name_request();
    if (client_.tls() != nullptr)
        if (const Failure refused = check_certificate(); refused != Failure::none) return refused;
    return course_.choose(asked_, request_id_.text());
}

// A connection speaks for the client that was let in by the handshake: a host that asks for other certificates is not
// reached on it. Where the host that it is for asks for others since, it ends with this answer.
Failure Exchange::check_certificate() {
    net::Tls& tls = *client_.tls();
    const net::ClientCheck* const passed = tls.hello().client_check();
    if (passed != nullptr && passed->asks()) asked_.facts.certificate = &tls.claims();
    const net::TlsPolicy* const policy = course_.listener->tls.get();
    if (policy == nullptr || passed == nullptr) return Failure::none;
    const net::ClientCheck& wanted = *policy->client_for(asked_.facts.host);
    if (&wanted == passed || wanted.id() == passed->id()) return Failure::none;
    if (wanted.id() != policy->client_for(tls.hello().server_name())->id()) return Failure::misdirected;
    if (asked_.guarded.upgrade) return Failure::misdirected;  // a tunnel would outlive its answer
    client_.make_last();
    return Failure::none;
}

// An authority asks whether the host is ours: what it is answered with is no route's.
net::Task<bool> Exchange::asks_for_challenge() {
    const bool found = co_await find_challenge(phase_, client_, asked_, course_);
    if (found) name_request();
    co_return found;
}

void Exchange::name_request() {
    if (!request_id_.empty()) return;
    const http::Field* const given = asked_.trusted_peer ? asked_.head.find(http::FieldName::x_request_id) : nullptr;
    if (given != nullptr && request_id_.take(given->value.of(asked_.facts.base))) return;
    const std::uint64_t high = context_.random.next(), low = context_.random.next();
    request_id_.make(high, low);
}

// By the generation that is in force now.
Failure Exchange::route_again() {
    account_.settle_first();
    lease_.forget();
    course_.take_anew();
    asked_.forget_route();
    return choose_route();
}

net::Task<Next> Exchange::proxy() {
    Failure failure, before = Failure::none;
    for (;; before = failure) {
        bool again = false;
        failure = lease_.held() ? Failure::none : claim();  // in place of one whose answer was not good enough
        if (failure == Failure::overflow && claim_.may_wait()) failure = co_await wait_for_place();
        failure = claimed(failure);
        if (failure != Failure::none && before != Failure::none && traits(failure).source != Source::downstream) {
            // There is no endpoint left to ask: what went wrong at the one that was asked is the answer.
            failure = before;
            course_.retry_after = failure == Failure::shortage ? 1 : 0;  // ours passes
            break;
        }
        if (failure == Failure::none) {
            if (!lease_.held()) co_return co_await answer_locally(Failure::none);
            ++account_.record.attempts;
            if (before != Failure::none) [[unlikely]]
                asked_.refusal = {};  // why the endpoint before was not asked
            if (course_.route->retries.per_try.count() != 0) [[unlikely]]
                course_.begin_try(context_.now_ms);
            failure = co_await attempt_.run();
            course_.end_try();
            judge_attempt(failure);
            if (failure == Failure::none && asked_.grpc.is) [[unlikely]]
                again = co_await call_again();
            else if (failure == Failure::none && course_.route->retries_answers) [[unlikely]]
                again = co_await answer_again();
            if (failure == Failure::none && !again) {
                Delivery delivery(attempt_, phase_, client_, sources_, course_, account_);
                const Next next = co_await delivery.run();
                if (delivery.untold() == Failure::none) co_return next;
                co_return co_await answer_locally(delivery.untold());
            }
            if (!again) attempt_.give_back(false);
        }
        if (!again && !may_retry(failure)) break;
        account_.retry(failure);
        if (!again && course_.route->retries.backoff.count() != 0 && !verdict_of(failure, 0).stale) [[unlikely]] {
            if (const std::int64_t pause_ms = drawn_pause_ms(); pause_ms != 0) co_await pause(pause_ms);
            if (course_.time_is_up()) break;
        }
        if (asked_.grpc.is && !verdict_of(failure, 0).stale) [[unlikely]]
            asked_.count_grpc_attempt(
                asked_.grpc.timeout_ms < 0
                    ? -1
                    : std::max<std::int64_t>(0, asked_.grpc.timeout_ms - course_.since_routed_ms()));
        // A retry routes by what is in force now: after a rollback it must not go where the rollback took traffic from.
        if (course_.outdated())
            if (const Failure refused = route_again(); refused != Failure::none || course_.answers())
                co_return co_await answer_locally(refused);
        attempt_.start_anew(verdict_of(failure, 0).stale);
    }
    // A client that is gone gets nothing; the endpoint's connection is dropped with the lease.
    if (traits(failure).status == 0) {
        account_.record.failure = failure;
        co_return Next::close;
    }
    co_return co_await answer_locally(failure);
}

Failure Exchange::claim() {
    account_.record.attempt_us = context_.now_us;
    return claim_.take();
}

// Every endpoint is at its limit, or the route is held. `none` without a lease: a newer generation answers this request
// by itself.
net::Task<Failure> Exchange::wait_for_place() {
    Failure failure = Failure::overflow;
    HeldPlace place(context_.held_requests, phase_.strand(), context_.waiting);
    while (failure == Failure::overflow && claim_.may_wait(place)) {
        failure = co_await claim_.wait(place);
        if (failure != Failure::none || lease_.held()) break;
        failure = route_again();
        if (failure != Failure::none || course_.answers()) break;
        failure = claim_.take(&place);
    }
    co_return failure;
}

Failure Exchange::claimed(Failure failure) {
    if (failure != Failure::none && course_.upstream != nullptr && traits(failure).source == Source::upstream)
        account_.note_refused(failure);
    return failure;
}

bool Exchange::may_retry(Failure failure) const {
    const Retry retry = traits(failure).retry;
    if (retry == Retry::never || account_.record.answer_started) return false;
    if (retry == Retry::if_idempotent && !asked_.idempotent()) return false;
    if (!attempt_.may_repeat()) return false;
    // A stale kept connection says nothing about the endpoint and costs no attempt of the budget; the next one is
    // fresh.
    if (verdict_of(failure, 0).stale) return true;
    return retries_left() && time_for_another();
}

bool Exchange::retries_left() const {
    const auto& retries = course_.route->retries;
    if (account_.record.attempts > retries.attempts) return false;
    const std::uint64_t allowed =
        std::max<std::uint64_t>(kMinRetries, context_.active_exchanges * retries.budget_percent / 100);
    return retries.attempts > 0 && (account_.retrying() || context_.active_retries < allowed);
}

// An attempt has come to its answer, or failed: what that says, to all who count it.
void Exchange::judge_attempt(Failure failure) {
    const std::uint16_t status = attempt_.answer().head.status;
    const Verdict verdict = verdict_of(failure, status);
    if (asked_.grpc.is) [[unlikely]]
        if (judge_call(failure, status)) return;
    lease_.tell_breaker(verdict);
    if (failure == Failure::shortage) course_.retry_after = 1;
    // A stale kept connection is not the endpoint's answer: the same endpoint may be asked again, on a fresh one, and
    // it costs no attempt. One that ended after the whole request had gone out may be: it counts as the endpoint's
    // failure.
    if (verdict.stale) {
        const bool again = asked_.idempotent() || failure == Failure::reused_unread;
        course_.tried.take_back();
        account_.take_back_attempt(again);
        if (again && failure != Failure::reused_reset) return;
    }
    if (verdict.says_nothing) return;
    account_.note_attempt(verdict, failure, status);
    lease_.observe(verdict.failed, context_.now_us - account_.record.attempt_us);
    // A response counts when it is over: it may still break.
    if (failure != Failure::none) attempt_.count(failure);
}

net::Task<Next> Exchange::answer_locally(Failure failure) {
    account_.record.failure = failure;
    OwnAnswer answer(sources_, failure, call_status(failure), context_);
    account_.record.status = answer.status();
    if (asked_.grpc.is && failure == Failure::none) [[unlikely]]
        account_.record.grpc_status = static_cast<std::int8_t>(http::grpc_status_of_http(answer.status()));
    attempt_.release_text();
    net::Buffer block(context_.buffers);
    Strand& strand = phase_.strand();
    phase_.at_most(course_.listener->idle_timeout_ms);
    for (std::string_view left = answer.write(block); !left.empty();) {
        if (!client_.writable()) {
            if (strand.expired() || client_.broken() || course_.must_end()) co_return Next::cut;
            co_await phase_.sleep();
            continue;
        }
        const auto wrote = client_.say(left);
        if (wrote.status == net::Transfer::Status::failed) co_return Next::close;
        left.remove_prefix(wrote.bytes);
        account_.record.bytes_out += wrote.bytes;
    }
    co_return answer.keeps() ? Next::keep : Next::close;
}

}  // namespace switchyard::serve
