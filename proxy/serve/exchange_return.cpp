// return: the response's body to the client.
#include <algorithm>

#include "proxy/serve/exchange.h"

namespace switchyard::serve {

using Next = Exchange::Next;
using Step = Relay::Step;
using Kind = http::Body::Kind;

namespace {

// A body that is not larger and is here already is copied behind its head: one plain send instead of a gathered one.
// Above it the copy costs more than the gathering.
constexpr std::size_t kSmall = 4096;

}  // namespace

net::Task<Next> Exchange::return_response() {
    record_.first_byte_us = context_.now_us;
    record_.status = response_.status;
    const bool uploaded = upload_.finished();
    const http::Body body = response_guard_.body;
    const bool chunked_client = asked_.head.minor == 1;
    const bool framed = body.kind == Kind::none || body.kind == Kind::length || chunked_client;
    const bool keep = asked_.guarded.keep_alive && framed && uploaded && !closing();
    const auto coding = chunked_client && (body.kind == Kind::chunked || body.kind == Kind::until_close)
                            ? Coding::chunked
                            : Coding::plain;
    const bool becomes_tunnel = response_.status == 101 || (asked_.method() == "CONNECT" && response_.status < 300);
    if (uploaded || becomes_tunnel) out_.release();
    if (!course_.route->allow_trailers.empty())
        response_trailers_.wanted =
            http::announced_trailers(endpoint_lane_.base(), response_, course_.route->allow_trailers);
    net::Buffer lead(context_.buffers);
    // A tunnel is open for as long as it lasts.
    if (!write_response_head(lead, keep || becomes_tunnel, coding)) {
        count_result(Failure::bad_response);
        give_back(false);
        co_return co_await answer_locally(Failure::bad_response);
    }
    constexpr std::uint32_t kAuthentication = 1u << static_cast<unsigned>(http::FieldName::authorization) |
                                              1u << static_cast<unsigned>(http::FieldName::proxy_authorization) |
                                              1u << static_cast<unsigned>(http::FieldName::www_authenticate) |
                                              1u << static_cast<unsigned>(http::FieldName::proxy_authenticate);
    if (((asked_.head.known | response_.known) & kAuthentication) != 0 && binds()) bound_ = true;
    endpoint_lane_.drop_head(response_.size);
    answer_started_ = true;
    if (becomes_tunnel) co_return co_await tunnel(lead.unread());

    const bool joined = endpoint_lane_.append_whole_body(body, kSmall, lead);
    if (!joined && duration_stands_outside()) stand_outside();
    download_.start(joined ? http::Body{} : body, 0, lead.unread(), coding,
                    response_trailers_.wanted.empty() ? nullptr : &response_trailers_);
    const bool said_all = !asked_.guarded.keep_alive && uploaded && client_.silent();
    if (course_.listener->min_rate != 0) pace_.start(course_.listener->min_rate, 0);
    Next next = keep ? Next::keep : said_all ? Next::done : Next::close;
    // Where the client's framing shows by itself that the end is missing, all that came reaches him, and then an end in
    // order. A reset, which may overtake octets on their way, only where a part could be taken for the whole.
    const Next broken_off = body.kind == Kind::length || coding == Coding::chunked ? Next::close : Next::cut;
    std::int64_t idle_since_ms = context_.now_ms;
    for (;;) {
        const auto before = client_.sent_bytes() + endpoint_lane_.sent_bytes();
        const Step step = download_.step(strand_.budget);
        if (step == Step::done) break;
        if (step == Step::source_closed || step == Step::source_failed) {
            stop_at_failure(Failure::truncated);
            next = broken_off;
            break;
        }
        if (step == Step::source_bad) {
            local_->refused = refused_answer_ = "its chunked body is malformed";
            stop_at_failure(Failure::bad_response);
            next = broken_off;
            break;
        }
        if (step == Step::sink_failed || client_left()) {
            stop_at_failure(Failure::client_closed);
            next = Next::cut;
            break;
        }
        if (!upload_.finished() && !upload_dead_) {
            // An early answer: the rest of the request still flows, but its fate no longer matters.
            const Step up = upload_.step(strand_.budget);
            if (up == Step::source_closed || up == Step::source_failed || up == Step::source_bad ||
                up == Step::sink_failed || up == Step::too_large)
                upload_dead_ = true;
            if (up == Step::others_turn) strand_.step_back();
        }
        if (step == Step::others_turn) strand_.step_back();
        if (!lead.empty() && !client_.head_waits()) lead.release();
        // Only bytes that moved count as news: a client that chatters meanwhile keeps nothing alive.
        if (client_.sent_bytes() + endpoint_lane_.sent_bytes() != before) idle_since_ms = context_.now_ms;
        if (time_is_up()) {
            stop_at_failure(course_.time_is_up()      ? Failure::request_timeout
                            : step == Step::wait_sink ? Failure::client_slow
                                                      : Failure::body_idle);
            next = step == Step::wait_sink ? Next::cut : broken_off;
            break;
        }
        set_paced_deadline(
            course_.listener->min_rate != 0 && step == Step::wait_sink,
            course_.upstream->idle_ms == 0
                ? 0
                : std::max<std::int64_t>(1, idle_since_ms + course_.upstream->idle_ms - context_.now_ms));
        co_await strand_.sleep();
        if (course_.must_end()) {
            stop_at_failure(Failure::drained);
            next = step == Step::wait_sink ? Next::cut : broken_off;
            break;
        }
        if (download_too_slow()) {
            stop_at_failure(Failure::client_slow);
            next = Next::cut;
            break;
        }
    }
    record_.bytes_out += client_.sent_bytes();
    record_.bytes_in += client_.body_bytes();
    const bool whole = record_.failure == Failure::none;
    if (whole && record_.attempts == 1 && !joined && endpoint_lane_.body_bytes() == 0 && may_be_empty_by_mistake())
        record_.first_answer = AnswerKind::empty;
    // Who answers an expectation without having asked for the body may take what came all the same for a next request.
    const bool body_in_doubt = asked_.guarded.expect_continue && !asked_.guarded.body.empty() && !invited_;
    count_result(record_.failure);
    give_back(whole && uploaded && !body_in_doubt && response_guard_.keep_alive && endpoint_lane_.nothing_unread() &&
              body.kind != Kind::until_close);
    // Nothing has gone out yet: the client can still be told in words what a cut would leave it to guess.
    if (!whole && client_.sent_bytes() == 0 && traits(record_.failure).status != 0)
        co_return co_await answer_locally(record_.failure);
    co_return next;
}

// A good answer that ought to say something.
bool Exchange::may_be_empty_by_mistake() const {
    const auto status = response_.status;
    return status >= 200 && status < 300 && status != 204 && status != 205 && asked_.method() != "HEAD";
}

// After the first byte of the answer, the endpoint's failures count but cannot be told to the client any more.
void Exchange::stop_at_failure(Failure failure) {
    record_.failure = failure;
    if (!traits(failure).blames_endpoint || local_ == nullptr) return;
    if (record_.first_upstream != course_.upstream->id || record_.attempts != 1) return;
    record_.first_failed = true;
    record_.first_failure = failure;
    record_.first_answer = AnswerKind::cut;
}

}  // namespace switchyard::serve
