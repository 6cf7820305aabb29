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

// How the answer goes to the client.
struct Exchange::Delivery {
    explicit Delivery(net::BufferPool& buffers) : lead(buffers) {}

    net::Buffer lead;  // its head, and perhaps a small body
    http::Body body;   // what the endpoint sends
    Coding coding = Coding::plain;
    bool uploaded = false;  // the whole request went out before the answer came
    bool tunnel = false;
    bool joined = false;  // the body stands in `lead`
    bool takes_its_time = false;
    Next next = Next::close;  // if all goes well
    Next broken_off = Next::cut;
};

// False: its head does not fit, with the lines that are added.
[[gnu::always_inline]] inline bool Exchange::begin_answer(Delivery& delivery) {
    account_.record.first_byte_us = context_.now_us;
    account_.record.status = answer_.head.status;
    const http::Body& body = delivery.body = answer_.guarded.body;
    const bool chunked_client = asked_.head.minor == 1;
    const bool framed = body.kind == Kind::none || body.kind == Kind::length || chunked_client;
    if (chunked_client && (body.kind == Kind::chunked || body.kind == Kind::until_close))
        delivery.coding = Coding::chunked;
    delivery.uploaded = upload_.finished();
    delivery.tunnel = answer_.opens_tunnel(asked_);
    const bool keep = asked_.guarded.keep_alive && framed && delivery.uploaded && !closing();
    if (keep) delivery.next = Next::keep;
    // Where the client's framing shows by itself that the end is missing, all that came reaches him, and then an end in
    // order. A reset, which may overtake octets on their way, only where a part could be taken for the whole.
    if (body.kind == Kind::length || delivery.coding == Coding::chunked) delivery.broken_off = Next::close;
    if (delivery.uploaded || delivery.tunnel) text_.release();
    const auto& allowed = course_.route->allow_trailers;
    if (!allowed.empty())
        download_.trailers.wanted = http::announced_trailers(endpoint_lane_.base(), answer_.head, allowed);
    // A tunnel is open for as long as it lasts.
    if (!write_response_head(delivery.lead, keep || delivery.tunnel, delivery.coding)) return false;
    if (answer_.binds(endpoint_lane_.base(), asked_)) bound_ = true;
    if (body.kind != Kind::length || body.length > kSmall)
        delivery.takes_its_time = answer_.takes_its_time(endpoint_lane_.base());
    endpoint_lane_.drop_head(answer_.head.size);
    account_.record.answer_started = true;
    return true;
}

[[gnu::always_inline]] inline void Exchange::start_download(Delivery& delivery) {
    const http::Body& body = delivery.body;
    delivery.joined = endpoint_lane_.append_whole_body(body, kSmall, delivery.lead);
    download_.start(delivery.joined ? http::Body{} : body, 0, delivery.lead.unread(), delivery.coding,
                    download_.trailers.wanted.empty() ? nullptr : &download_.trailers);
    if (!delivery.joined && delivery.takes_its_time) account_.stand_outside();
    // The client asked for the end and has said all it had to say.
    if (!asked_.guarded.keep_alive && delivery.uploaded && client_.silent()) delivery.next = Next::done;
    pace_.begin(course_.listener->min_rate);
}

[[gnu::always_inline]] inline void Exchange::end_answer(const Delivery& delivery) {
    Record& record = account_.record;
    record.bytes_out += client_.sent_bytes();
    record.bytes_in += client_.body_bytes();
    const bool whole = record.failure == Failure::none;
    if (whole && record.attempts == 1 && !delivery.joined && endpoint_lane_.body_bytes() == 0 &&
        answer_.ought_to_have_a_body(asked_))
        record.first_answer = AnswerKind::empty;
    // Who answers an expectation without having asked for the body may take what came all the same for a next request.
    const bool body_in_doubt = asked_.guarded.expect_continue && !asked_.guarded.body.empty() && !upload_.invited;
    count_result(record.failure);
    give_back(whole && delivery.uploaded && !body_in_doubt && answer_.guarded.keep_alive &&
              endpoint_lane_.nothing_unread() && delivery.body.kind != Kind::until_close);
}

net::Task<Next> Exchange::return_response() {
    Delivery delivery(context_.buffers);
    if (!begin_answer(delivery)) {
        count_result(Failure::bad_response);
        give_back(false);
        co_return co_await answer_locally(Failure::bad_response);
    }
    if (delivery.tunnel) co_return co_await tunnel(delivery.lead.unread());
    start_download(delivery);
    Failure failure = Failure::none;
    Step step = Step::done;
    for (std::int64_t idle_since_ms = context_.now_ms;;) {
        const auto before = moved();
        step = download_.step(strand_.budget);
        if (step == Step::done) break;
        failure = download_failure(step);
        if (failure != Failure::none) break;
        step_early_upload();
        if (step == Step::others_turn) strand_.step_back();
        if (!delivery.lead.empty() && !client_.head_waits()) delivery.lead.release();
        // Only bytes that moved count as news: a client that chatters meanwhile keeps nothing alive.
        if (moved() != before) idle_since_ms = context_.now_ms;
        failure = download_late(step);
        if (failure != Failure::none) break;
        const std::int64_t idle_ms = course_.upstream->idle_ms;
        set_paced_deadline(step == Step::wait_sink,
                           idle_ms == 0 ? 0 : std::max<std::int64_t>(1, idle_since_ms + idle_ms - context_.now_ms));
        co_await strand_.sleep();
        if (course_.must_end())
            failure = Failure::drained;
        else if (download_too_slow())
            failure = Failure::client_slow;
        if (failure != Failure::none) break;
    }
    if (failure != Failure::none) {
        account_.break_off(failure);
        const bool clients = failure == Failure::client_closed || failure == Failure::client_slow;
        delivery.next = clients || step == Step::wait_sink ? Next::cut : delivery.broken_off;
    }
    end_answer(delivery);
    // Nothing has gone out yet: the client can still be told in words what a cut would leave it to guess.
    if (client_.sent_bytes() == 0 && traits(failure).status != 0) co_return co_await answer_locally(failure);
    co_return delivery.next;
}

Failure Exchange::download_failure(Step step) {
    if (step == Step::source_closed || step == Step::source_failed) return Failure::truncated;
    if (step == Step::source_bad) {
        lease_.local->refused = answer_.refused = "its chunked body is malformed";
        return Failure::bad_response;
    }
    return step == Step::sink_failed || client_left() ? Failure::client_closed : Failure::none;
}

Failure Exchange::download_late(Step step) const {
    if (!time_is_up()) return Failure::none;
    return course_.time_is_up()      ? Failure::request_timeout
           : step == Step::wait_sink ? Failure::client_slow
                                     : Failure::body_idle;
}

// The answer came early: the rest of the request still flows, but its fate no longer matters.
void Exchange::step_early_upload() {
    if (upload_.over()) return static_cast<void>(endpoint_lane_.connection().settle());
    const Step step = upload_.step(strand_.budget);
    if (step == Step::others_turn) strand_.step_back();
    upload_.dead =
        step != Step::done && step != Step::wait_source && step != Step::wait_sink && step != Step::others_turn;
}

// What the kernel still holds has not moved.
bool Exchange::download_too_slow() {
    if (!pace_.due(context_.now_ms)) return false;
    const std::uint64_t sent = client_.sent_bytes();
    return pace_.too_slow(sent - std::min(sent, client_.unsent()));
}

}  // namespace switchyard::serve
