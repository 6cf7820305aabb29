#include "proxy/serve/delivery.h"

#include <algorithm>

#include "proxy/serve/response_head.h"

namespace switchyard::serve {

using Step = Relay::Step;
using Kind = http::Body::Kind;

namespace {

// A body that is not larger and is here already is copied behind its head: one plain send instead of a gathered one.
// Above it the copy costs more than the gathering.
constexpr std::size_t kSmall = 4096;

}  // namespace

Delivery::Delivery(Attempt& attempt, Phase& phase, ClientLane& client, const HeadSources& from, Course& course,
                   Account& account)
    : attempt_(attempt),
      phase_(phase),
      client_(client),
      from_(from),
      course_(course),
      account_(account),
      relay_(attempt.lane(), client),
      lead_(phase.strand().context().buffers) {}

// False: its head does not fit, with the lines that are added.
[[gnu::always_inline]] inline bool Delivery::begin() {
    const route::Asked& asked = from_.asked;
    const EndpointAnswer& answer = attempt_.answer();
    const char* const base = attempt_.lane().base();
    account_.record.first_byte_us = context().now_us;
    account_.record.status = answer.head.status;
    body_ = answer.guarded.body;
    if (course_.route->compress) [[unlikely]]
        code();
    const bool chunked_client = asked.head.minor == 1;
    const bool framed = body_.kind == Kind::none || body_.kind == Kind::length || chunked_client;
    if (chunked_client && (body_.kind == Kind::chunked || body_.kind == Kind::until_close || coded_.body))
        coding_ = Coding::chunked;
    uploaded_ = attempt_.upload().finished();
    opens_tunnel_ = answer.opens_tunnel(asked);
    if (answer.head.status == 101 && client_.framed() != nullptr) account_.record.status = 200;  // RFC 8441 §5
    if (asked.grpc.is) [[unlikely]]
        begin_call();
    const bool keep = asked.guarded.keep_alive && framed && uploaded_ && !client_.closing();
    if (keep) next_ = Next::keep;
    // Where the client's framing shows by itself that the end is missing, all that came reaches it, and then an end in
    // order. A reset, which may overtake octets on their way, only where a part could be taken for the whole.
    if (body_.kind == Kind::length || coding_ == Coding::chunked) broken_off_ = Next::close;
    if (uploaded_ || opens_tunnel_) attempt_.release_text();
    const auto& allowed = course_.route->allow_trailers;
    if (!allowed.empty())
        trailers_.wanted =
            attempt_.lane().shares_connection() ? allowed : http::announced_trailers(base, answer.head, allowed);
    // A tunnel is open for as long as it lasts.
    const ResponseHead head{from_, answer, base, context().date(), trailers_.wanted, coded_.lines};
    if (!head.write(lead_, keep || opens_tunnel_, coding_)) return false;
    if (answer.binds(base, asked)) attempt_.bind();
    if (body_.kind != Kind::length || body_.length > kSmall) takes_its_time_ = answer.takes_its_time(base);
    attempt_.lane().drop_head(answer.head.size);
    account_.record.answer_started = true;
    return true;
}

[[gnu::always_inline]] inline void Delivery::start_relay() {
    relay_.pass_through(coded_.body.get());
    joined_ = coded_.body == nullptr && attempt_.lane().append_whole_body(body_, kSmall, lead_);
    relay_.start(joined_ ? http::Body{} : body_, 0, lead_.unread(), coding_, trailers_.any() ? &trailers_ : nullptr);
    if (!joined_ && takes_its_time_) account_.stand_outside();
    // The client asked for the end and has said all it had to say.
    if (!from_.asked.guarded.keep_alive && uploaded_ && client_.silent()) next_ = Next::done;
    phase_.begin_pace();
}

[[gnu::always_inline]] inline void Delivery::end() {
    Record& record = account_.record;
    const EndpointAnswer& answer = attempt_.answer();
    record.bytes_out += client_.sent_bytes();
    record.bytes_in += client_.body_bytes();
    if (record.failure == Failure::none && record.attempts == 1 && !joined_ && attempt_.lane().body_bytes() == 0 &&
        !from_.asked.grpc.is && answer.ought_to_have_a_body(from_.asked))
        account_.note_empty_answer();
    if (from_.asked.grpc.is) [[unlikely]]
        end_call();
    else
        attempt_.count(record.failure);
    if (coded_.body != nullptr) [[unlikely]]
        count_coded({1, coded_.body->octets_in(), coded_.body->octets_out(), 0});
    attempt_.give_back(record.failure == Failure::none && fit_for_reuse());
}

// Whether the endpoint's connection stands at a message boundary, by what both sides have said.
[[gnu::always_inline]] inline bool Delivery::fit_for_reuse() const {
    // An endpoint that answers an expectation without having asked for the body may take what came all the same for a
    // next request.
    const http::Guarded& asked = from_.asked.guarded;
    const bool body_in_doubt = asked.expect_continue && !asked.body.empty() && !attempt_.upload().body_wanted;
    return uploaded_ && !body_in_doubt && attempt_.answer().guarded.keep_alive && attempt_.lane().nothing_unread() &&
           body_.kind != Kind::until_close;
}

net::Task<Next> Delivery::run() {
    if (!begin()) {
        untold_ = Failure::bad_response;
        if (call_.is)
            attempt_.count(verdict_of(untold_, 0));
        else
            attempt_.count(untold_);
        attempt_.give_back(false);
        co_return Next::close;
    }
    if (opens_tunnel_) co_return co_await tunnel();
    start_relay();
    Failure failure = Failure::none;
    Step step = Step::done;
    for (std::int64_t idle_since_ms = context().now_ms;;) {
        const auto before = moved();
        step = relay_.step(phase_.strand().budget);
        if (step == Step::done) break;
        failure = failure_of(step);
        if (failure != Failure::none) break;
        attempt_.step_early_upload();
        if (step == Step::others_turn) phase_.strand().step_back();
        if (!lead_.empty() && !client_.waits_for_run()) lead_.release();
        // Only bytes that moved count as news: a client that chatters meanwhile keeps nothing alive.
        if (moved() != before) idle_since_ms = context().now_ms;
        failure = late(step);
        if (failure != Failure::none) break;
        const std::int64_t idle_ms = course_.idle_ms();
        std::int64_t wait_ms = idle_ms == 0 ? 0 : std::max<std::int64_t>(1, idle_since_ms + idle_ms - context().now_ms);
        if (call_.is) [[unlikely]]
            wait_ms = watch_long_call(wait_ms);
        phase_.at_most_paced(step == Step::wait_sink, wait_ms);
        co_await phase_.sleep();
        if (course_.must_end())
            failure = Failure::drained;
        else if (client_too_slow())
            failure = Failure::client_slow;
        if (failure != Failure::none) break;
    }
    if (failure != Failure::none) {
        account_.break_off(failure);
        const bool clients = failure == Failure::client_closed || failure == Failure::client_slow;
        next_ = clients || step == Step::wait_sink ? Next::cut : broken_off_;
        if (call_.is && !clients) say_status(failure);
    }
    end();
    // Nothing has gone out yet: the client can still be told in words what a cut would leave it to guess.
    if (client_.sent_bytes() == 0 && traits(failure).status != 0) untold_ = failure;
    co_return next_;
}

Failure Delivery::failure_of(Step step) {
    if (step == Step::source_closed || step == Step::source_failed)
        return attempt_.call().timed_out() ? Failure::request_timeout : Failure::truncated;
    if (step == Step::short_of_memory) return Failure::shortage;
    if (step == Step::source_bad) return attempt_.refuse_answer("its chunked body is malformed");
    return step == Step::sink_failed || attempt_.client_left() ? Failure::client_closed : Failure::none;
}

Failure Delivery::late(Step step) const {
    if (!phase_.is_over() || (call_.looks_again && !course_.time_is_up())) return Failure::none;
    return course_.time_is_up()      ? Failure::request_timeout
           : step == Step::wait_sink ? Failure::client_slow
                                     : Failure::body_idle;
}

// What the kernel still holds has not moved.
bool Delivery::client_too_slow() {
    if (!phase_.pace_is_due()) return false;
    const std::uint64_t sent = client_.sent_bytes();
    return phase_.too_slow(sent - std::min(sent, client_.unsent()));
}

}  // namespace switchyard::serve
