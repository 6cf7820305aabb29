#include "proxy/serve/attempt.h"

#include "proxy/serve/request_head.h"

namespace switchyard::serve {

using Step = Relay::Step;

namespace {

// An endpoint that sends more interim responses than this is not answering: at one a second, which keeps the fastest of
// progress bars moving, more than a quarter of an hour.
constexpr unsigned kMaxInterim = 1000;

}  // namespace

Attempt::Attempt(Phase& phase, ClientLane& client, route::Asked& asked, const HeadSources& from, Course& course,
                 Lease& lease, Account& account)
    : phase_(phase),
      context_(phase.strand().context()),
      client_(client),
      asked_(asked),
      from_(from),
      course_(course),
      lease_(lease),
      account_(account),
      lane_(context_.buffers),
      text_(context_.buffers),
      upload_(client, lane_) {}

// Another route or endpoint may want another head.
bool Attempt::put_head_again() {
    net::Buffer head(context_.buffers);
    return RequestHead(from_, upload_.trailers.wanted, lane_.shares_connection()).write(head) && text_.put_head(head);
}

[[gnu::always_inline]] inline bool Attempt::put_text() {
    if (!text_.empty()) return put_head_again();
    if (!RequestHead(from_, upload_.trailers.wanted, lane_.shares_connection()).write(text_.block())) return false;
    text_.head_written();
    text_.take_body(client_, asked_.guarded.body);
    if (text_.has_body()) account_.record.bytes_in += asked_.guarded.body.length;
    return true;
}

// False: the head is too large, or what stood behind it does not fit any more.
[[gnu::always_inline]] inline bool Attempt::start_upload() {
    const route::Route& route = *from_.course.route;
    Trailers& trailers = upload_.trailers;
    trailers.wanted.clear();
    // HTTP/2 announces none: what may come is what is allowed.
    if (!route.allow_trailers.empty())
        trailers.wanted = client_.framed() != nullptr
                              ? route.allow_trailers
                              : http::announced_trailers(asked_.facts.base, asked_.head, route.allow_trailers);
    if (!put_text()) return false;
    trailers.lines.clear();
    upload_.start(text_.has_body() ? http::Body{} : asked_.guarded.body, route.limits.body, text_.all(),
                  asked_.guarded.body.kind == http::Body::Kind::chunked ? Coding::chunked : Coding::plain,
                  trailers.wanted.empty() ? nullptr : &trailers);
    phase_.begin_pace();
    upload_.dead = upload_.body_wanted = false;
    return true;
}

[[gnu::always_inline]] inline Failure Attempt::step_upload() {
    if (upload_.over()) return Failure::none;
    Strand& strand = phase_.strand();
    switch (upload_.step(strand.budget)) {
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
            lane_.look_again();
            return Failure::none;
        case Step::others_turn:
            strand.step_back();
            return Failure::none;
        default:
            return Failure::none;
    }
}

net::Task<Failure> Attempt::run() {
    account_.record.attempt_us = context_.now_us;
    account_.record.answer_due_us = 0;
    if (client_left()) co_return Failure::client_closed;
    if (from_.course.upstream->protocol != config::EndpointProtocol::http1 && may_share()) [[unlikely]] {
        if (const Failure failure = co_await share(); failure != Failure::none) co_return failure;
    } else if (!stand_on_kept()) {
        if (const Failure failure = co_await connect(); failure != Failure::none) co_return failure;
    }
    if (!start_upload()) co_return Failure::head_too_large;
    const Course& course = from_.course;
    bool timing_answer = false, uploads = false;
    unsigned interim = 0;
    for (;;) {
        lane_.settle();  // what is held (TLS) goes while the client pauses, too
        if (const Failure failure = step_upload(); failure != Failure::none) co_return failure;
        if (!timing_answer && upload_.over() && lane_.settle()) {
            timing_answer = true;
            account_.record.answer_due_us = context_.now_us;
            phase_.end_pace();
            if (uploads) course_.begin_try(context_.now_ms);
            phase_.at_most(course.response_head_ms());
        }
        for (;;) {
            using Came = EndpointLane::Came;
            const Came came = lane_.read_head(answer_.head);
            if (came == Came::wait) break;
            if (came == Came::malformed) co_return refuse_answer("its head is malformed or too large", lane_.unread());
            if (came != Came::here)
                co_return lane_.shares_connection() ? lane_lost() : gone(came == Came::closed && !upload_.dead);
            if (const char* const why = answer_.check(lane_.base(), asked_, client_.framed() != nullptr))
                co_return refuse_answer(why, lane_.unread());
            if (lane_.shares_connection()) answer_.is_framed();
            if (!answer_.interim()) co_return Failure::none;
            if (++interim > kMaxInterim) co_return Failure::bad_response;
            if (const Failure failure = co_await relay_interim(); failure != Failure::none) co_return failure;
            // It works on it: its time for the head begins anew.
            if (timing_answer) phase_.at_most(course.response_head_ms());
        }
        if (client_left()) co_return Failure::client_closed;
        // While the body flows, either side has `idle` to move; then the endpoint has its time for the head.
        if (!timing_answer) {
            // How long the client takes for its body is no fault of the endpoint's: the attempt's own time begins anew
            // behind it.
            if (!uploads && course.has_try() && !request_is_here()) {
                uploads = true;
                course_.end_try();
            }
            phase_.at_most_paced(takes_more(), course.idle_ms());
        }
        co_await phase_.sleep();
        if (from_.course.must_end()) co_return Failure::drained;
        if (!timing_answer && phase_.pace_is_due() && phase_.too_slow(client_.body_bytes()))
            co_return Failure::body_timeout;
        if (const Failure failure = late(timing_answer); failure != Failure::none) co_return failure;
    }
}

Failure Attempt::late(bool timing_answer) const {
    if (!phase_.is_over() || lane_.readable()) return Failure::none;
    if (from_.course.time_is_up()) return Failure::request_timeout;
    if (timing_answer || from_.course.try_is_up(context_.now_ms)) return Failure::response_timeout;
    // The side that did not move: the endpoint that takes no more, whatever the client still has, or the client that
    // sends no more.
    if (takes_more() && client_.readable()) return Failure::none;
    return takes_more() ? Failure::body_timeout : Failure::response_timeout;
}

// The connection ended before a response head. What may the request have caused?
// `in_order`: by a FIN, not by a reset.
Failure Attempt::gone(bool in_order) const {
    if (const auto* tls = lane_.connection().tls(); tls != nullptr && tls->trouble().refused && !lane_.reused())
        return refused_certificate();
    if (!lane_.unread().empty()) return Failure::reset;  // part of an answer came: the endpoint has seen the request
    if (!lane_.reused()) return Failure::reset;
    // It closed in order, and its FIN acknowledges all that had arrived before: not one byte of this request, so
    // the endpoint cannot have read it. A reset proves nothing: it may overtake the acknowledgement of what was read.
    if (in_order && lane_.nothing_delivered()) return Failure::reused_unread;
    return upload_.finished() ? Failure::reused_reset : Failure::reused_closed;
}

Failure Attempt::refuse_answer(std::string_view why, std::string_view octets) {
    lease_.local()->refused = answer_.refuse(why, octets);
    return Failure::bad_response;
}

void Attempt::step_early_upload() {
    lane_.settle();
    if (upload_.over()) return;
    const Step step = upload_.step(phase_.strand().budget);
    if (step == Step::others_turn) phase_.strand().step_back();
    upload_.dead =
        step != Step::done && step != Step::wait_source && step != Step::wait_sink && step != Step::others_turn;
}

void Attempt::count(const Verdict& verdict) {
    tell_breaker(verdict);
    if (verdict.says_nothing || !lease_.held()) return;
    if (verdict.failed) lease_.observe(true, 0);
    lease_.count(verdict, from_.course.route->id, from_.course.in_force->generation);
}

void Attempt::count(Failure failure) {
    if (!lease_.held()) return;
    lease_.count(verdict_of(failure, answer_.head.status), from_.course.route->id, from_.course.in_force->generation);
}

}  // namespace switchyard::serve
