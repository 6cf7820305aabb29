#include "proxy/serve/exchange.h"

#include <cstring>

#include "proxy/http/characters.h"
#include "proxy/http/guard_failure.h"
#include "proxy/route/said_client.h"
#include "proxy/route/token_verifier.h"

namespace switchyard::serve {

using Next = Exchange::Next;

namespace {

// No chain of proxies is as long; a route that leads back to its own proxy would go round until the head is full.
constexpr unsigned kMostPasses = 10;

// What clients may send raw in a query, and what has no place in the URL of a Location.
void add_escaped(std::string& to, std::string_view query) {
    for (const char c : query) {
        if (http::is(c, http::kTarget)) {
            to += c;
            continue;
        }
        to += '%';
        to += http::kHexDigits[static_cast<unsigned char>(c) >> 4];
        to += http::kHexDigits[static_cast<unsigned char>(c) & 15];
    }
}

}  // namespace

Exchange::Exchange(Session& session)
    : session_(session),
      context_(session.context()),
      head_(context_.buffers),
      out_(context_.buffers),
      back_(context_.buffers) {
    session_.exchange = this;
}

Exchange::~Exchange() {
    session_.exchange = nullptr;
    // Only when the worker stops in the middle is anything left here.
    give_back(false);
    if (counted_active_) --context_.active_exchanges;
    if (retrying_) --context_.active_retries;
    if (route_counted_) route_->in_flight->value.fetch_sub(1, std::memory_order_relaxed);
    unpin();
}

net::Task<Next> Exchange::serve(Session& session) {
    Exchange exchange(session);
    Failure failure = co_await exchange.read_head();
    if (failure == Failure::none) failure = exchange.guard();
    if (failure == Failure::client_closed) co_return Next::close;  // nothing was asked, nothing is recorded
    Next next;
    exchange.pin();
    if (failure == Failure::none) failure = exchange.choose_route();
    if (failure != Failure::none || exchange.route_answers()) {
        next = co_await exchange.answer_locally(failure);
    } else {
        if (session.context().ages_wanted) session.context().under_way.push_back(exchange);
        next = co_await exchange.proxy();
    }
    exchange.account();
    co_return next;
}

net::Task<Failure> Exchange::read_head() {
    record_.started_us = context_.now_us;
    ++context_.active_exchanges;
    counted_active_ = true;
    net::Buffer& in = session_.in;
    bool armed = false;
    for (bool first = true;;) {
        if (first) in.consume(http::HeadParser::skip_empty_lines(in.unread()));
        const bool half_empty_line = first && in.unread() == "\r";
        if (!in.empty() && !half_empty_line) {
            first = false;
            switch (parser_.request(in.unread(), request_)) {
                case http::HeadParser::Outcome::done:
                    take_head();
                    co_return Failure::none;
                case http::HeadParser::Outcome::more:
                    break;
                case http::HeadParser::Outcome::bad:
                    refusal_ = "the request head is malformed";
                    co_return Failure::bad_request;
                case http::HeadParser::Outcome::target_long:
                    co_return Failure::target_too_long;
                case http::HeadParser::Outcome::too_large:
                    co_return Failure::head_too_large;
                case http::HeadParser::Outcome::bad_version:
                    co_return Failure::bad_version;
            }
        }
        if (!session_.stream.readable || session_.budget.over()) {
            if (session_.stream.readable) session_.step_back();
            if (!armed) session_.set_deadline(context_.now_ms + session_.place().plan().head_timeout_ms);
            armed = true;
            co_await session_.sleep();
            if (session_.expired()) co_return in.empty() ? Failure::client_closed : Failure::head_timeout;
            continue;
        }
        in.compact();
        const auto got = session_.stream.read(in.room());
        if (got.status == net::Transfer::Status::closed || got.status == net::Transfer::Status::failed)
            co_return Failure::client_closed;
        session_.budget.moved(got.bytes);
        in.filled(got.bytes);
    }
}

// The head stands in one place until the end, in a block of its own. Of head and rest the smaller is copied, so that a
// pipeline of small requests is not moved by each of them.
void Exchange::take_head() {
    net::Buffer& in = session_.in;
    if (in.size() == request_.size) return head_.swap(in);
    if (in.size() >= 2 * request_.size) {
        std::memcpy(head_.room().data(), in.data(), request_.size);
        head_.filled(request_.size);
        in.consume(request_.size);
        return;
    }
    head_.swap(in);
    const auto rest = head_.unread().substr(request_.size);
    std::memcpy(in.room().data(), rest.data(), rest.size());
    in.filled(rest.size());
    head_.truncate(request_.size);
}

Failure Exchange::guard() {
    request_guard_ = http::guard_request(base(), request_);
    if (request_guard_.refused != nullptr) {
        refusal_ = request_guard_.refused;
        return http::failure_of(request_guard_);
    }
    target_ = http::read_target(base(), request_);
    if (target_.refused != nullptr) {
        refusal_ = target_.refused;
        return Failure::bad_request;
    }
    host_ = target_.host;
    for (char c : host_) {
        if (c < 'A' || c > 'Z') continue;
        lower_host_ = host_;
        for (char& l : lower_host_) l = http::lower(l);
        host_ = lower_host_;
        break;
    }
    path_ = target_.path;
    if (http::needs_normalizing(path_)) {
        if (!http::normalize_path(target_.path, normalized_path_)) {
            refusal_ = "a path with a broken escape, or one that climbs above the root";
            return Failure::bad_request;
        }
        path_ = normalized_path_;
    }
    if (request_.has(http::FieldName::max_forwards) && counts_forwards()) {
        if (!http::parse_max_forwards(base(), request_, forwards_left_)) {
            refusal_ = "a Max-Forwards that is not one number";
            return Failure::bad_request;
        }
        // RFC 9110 §7.6.2: whoever gets zero is the last recipient.
        if (forwards_left_ == 0) {
            refusal_ = "Max-Forwards is used up";
            return Failure::not_allowed;
        }
    }
    if (request_.has(http::FieldName::via) && http::passes_by(base(), request_, "switchyard") > kMostPasses)
        return Failure::loop;
    if (method() == "TRACE" && !request_guard_.body.empty()) {
        refusal_ = "TRACE with a body";
        return Failure::bad_request;
    }
    return Failure::none;
}

Failure Exchange::choose_route() {
    const auto& listener = *listener_;
    trusted_peer_ = !listener.trusted_proxies.empty() && listener.trusted_proxies.contains(session_.client_address());
    facts_ = {base(), &request_, method(), host_, path_, target_.query, session_.client_address(), nullptr};
    if (trusted_peer_) {
        const auto said = route::said_client(base(), request_, listener.client_header, listener.trusted_proxies,
                                             session_.client_address());
        facts_.client = said.client;
        said_scheme_ = route::parameter_of(said.element, "proto");
        if (!http::all(said_scheme_, http::kToken)) said_scheme_ = {};
    }
    make_request_id();
    const Snapshot& snapshot = *in_force_->snapshot;
    route_ = snapshot.routes.find(host_, path_, method(), listener.connections.get());
    if (route_ == nullptr) return Failure::no_route;
    if (method() == "CONNECT" && !route_->allow_connect) return Failure::not_allowed;
    if (route_->limits.body != 0 && request_guard_.body.kind == http::Body::Kind::length &&
        request_guard_.body.length > route_->limits.body)
        return Failure::body_too_large;
    if (route_->in_flight) {
        if (route_->in_flight->value.fetch_add(1, std::memory_order_relaxed) >= route_->limits.in_flight) {
            route_->in_flight->value.fetch_sub(1, std::memory_order_relaxed);
            retry_after_ = 1;
            return Failure::route_full;
        }
        route_counted_ = true;
    }
    if (route_->verifier) {
        const auto token = facts_.header(route_->verifier->header());
        if (token.data() != nullptr && route_->verifier->verify(token, context_.wall_seconds, claims_))
            facts_.claims = &claims_;
    }
    if (route_->rate_table)
        if (const Failure refused = take_rate(); refused != Failure::none) return refused;
    // From the first time it is routed: another generation in the middle of it gives no new time.
    if (routed_ms_ == 0) routed_ms_ = context_.now_ms;
    request_deadline_ms_ = route_->request_ms == 0 ? 0 : routed_ms_ + route_->request_ms;
    if (route_->answers()) {
        // What a rule takes goes where the rule leads; all else is answered here.
        if (!route::decide_by_rule(*route_, facts_, decision_)) return Failure::none;
    } else {
        if (route_->arms.empty() && route_->rules.empty()) return Failure::no_route;
        decision_ = route::decide(*route_, facts_, {request_id_, request_id_size_}, [this] {
            SplitCursor& cursor = *route_->cursor;
            return route::Turn{cursor.salt, cursor.next.fetch_add(1, std::memory_order_relaxed)};
        });
    }
    if (decision_.by == route::Decision::By::refused_rule) return Failure::rule_refused;
    if (by_answering_rule()) return Failure::none;
    enter_upstream(*snapshot.upstreams[decision_.upstream]);
    return Failure::none;
}

// By the generation that is in force now.
Failure Exchange::route_again() {
    count_first_now();
    if (route_counted_) route_->in_flight->value.fetch_sub(1, std::memory_order_relaxed);
    route_counted_ = false;
    unpin();
    pin();
    tried_count_ = 0;
    tried_elsewhere_ = fell_back_ = rerouted_ = false;
    route_ = nullptr;
    upstream_ = nullptr;
    decision_ = {};
    return choose_route();
}

bool Exchange::by_answering_rule() const {
    return decision_.rule >= 0 && route_->rules[static_cast<std::size_t>(decision_.rule)].answers();
}

bool Exchange::route_answers() const {
    return route_ != nullptr && (decision_.rule >= 0 ? by_answering_rule() : route_->answers());
}

net::Task<Next> Exchange::proxy() {
    Failure failure, before = Failure::none;
    for (;; before = failure) {
        failure = co_await claim_or_wait();
        if (failure != Failure::none && before != Failure::none && traits(failure).source != Source::downstream) {
            // Nobody is left to ask: what went wrong at the one who was asked is the answer.
            failure = before;
            retry_after_ = 0;
            break;
        }
        if (failure == Failure::none) {
            if (endpoint_ == nullptr) co_return co_await answer_locally(Failure::none);
            ++record_.attempts;
            failure = co_await attempt();
            note_attempt_end(failure);
            if (failure == Failure::none) co_return co_await return_response();
            give_back(false);
        }
        if (!may_retry(failure)) break;
        if (!retrying_) {
            retrying_ = true;
            ++context_.active_retries;
        }
        (failure == Failure::reused_closed || failure == Failure::reused_unread || failure == Failure::reused_reset
             ? context_.counts.retries_reused
         : failure == Failure::connect_failed ? context_.counts.retries_connect
                                              : context_.counts.retries_other)++;
        // A retry routes by what is in force now: after a rollback it must not go where the rollback took traffic from.
        if (in_force_ != context_.in_force)
            if (const Failure refused = route_again(); refused != Failure::none || route_answers())
                co_return co_await answer_locally(refused);
        back_.release();
    }
    // A client that is gone gets nothing; the endpoint's connection is dropped with the lease.
    if (traits(failure).status == 0) {
        record_.failure = failure;
        co_return Next::close;
    }
    co_return co_await answer_locally(failure);
}

net::Task<Next> Exchange::answer_locally(Failure failure) {
    record_.failure = failure;
    const FailureTraits& trait = traits(failure);
    // Where the request's body has not been read, the boundary of the next request is unknown.
    const bool clean = request_guard_.body.kind == http::Body::Kind::none && !request_guard_.expect_continue;
    const bool malformed = trait.source == Source::downstream && failure != Failure::no_route &&
                           failure != Failure::rate_limited && failure != Failure::not_allowed;
    const bool keep = clean && !malformed && request_guard_.keep_alive && !closing() && request_.size > 0;
    http::LocalReply reply;
    std::string location, scratch;
    reply.status = trait.status;
    reply.detail = refusal_.empty() ? trait.detail : refusal_;
    if (failure == Failure::none) {
        const config::Respond& respond =
            by_answering_rule() ? route_->rules[static_cast<std::size_t>(decision_.rule)].respond : route_->respond;
        if (!by_answering_rule() && !route_->redirect.to.empty()) {
            reply.status = route_->redirect.status;
            location = "Location: " + std::string(redirect_target(scratch)) + "\r\n";
            reply.extra_lines = location;
            reply.content_type = "text/plain";
        } else {
            reply.status = respond.status;
            reply.body = respond.body;
            reply.content_type = respond.content_type;
        }
    }
    if (failure == Failure::breaker_open) {
        reply.status = upstream_->breaker.static_status;
        if (!upstream_->breaker.static_body.empty()) {
            reply.body = upstream_->breaker.static_body;
            reply.content_type = "text/plain";
        }
    }
    if (failure == Failure::not_allowed) reply.extra_lines = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
    reply.request_id = {request_id_, request_id_size_};
    reply.date_line = context_.date();
    reply.retry_after = retry_after_;
    reply.close = !keep;
    reply.head_only = request_.size > 0 && method() == "HEAD";
    record_.status = reply.status;
    out_.release();
    http::Writer writer(out_.room());
    write_own_answer(writer, reply);
    if (writer.overflow()) {
        std::string large(largest_own_answer(reply), '\0');
        http::Writer second(large);
        write_own_answer(second, reply);
        co_return co_await send_reply(second.text(), keep);
    }
    co_return co_await send_reply(writer.text(), keep);
}

net::Task<Next> Exchange::send_reply(std::string_view bytes, bool keep) {
    set_phase_deadline(listener_->idle_timeout_ms);
    while (!bytes.empty()) {
        if (!session_.stream.writable) {
            if (session_.expired() || session_.stream.broken || must_end()) co_return Next::cut;
            co_await session_.sleep();
            continue;
        }
        const auto wrote = session_.stream.write(bytes.data(), bytes.size());
        if (wrote.status == net::Transfer::Status::failed) co_return Next::close;
        bytes.remove_prefix(wrote.bytes);
        record_.bytes_out += wrote.bytes;
    }
    co_return keep ? Next::keep : Next::close;
}

std::string_view Exchange::redirect_target(std::string& scratch) const {
    const std::string& pattern = route_->redirect.to;
    for (std::size_t i = 0; i < pattern.size();) {
        const auto starts = [&](std::string_view name) { return pattern.compare(i, name.size(), name) == 0; };
        if ((starts("?{query}") || starts("&{query}")) && target_.query.empty()) {
            i += 8;  // no bare mark
        } else if (starts("{host}")) {
            scratch += host_;
            i += 6;
        } else if (starts("{path}")) {
            // The server as a whole has no address of its own.
            scratch += target_.form == http::Target::Form::asterisk ? std::string_view("/") : target_.path;
            i += 6;
        } else if (starts("{query}")) {
            add_escaped(scratch, target_.query);
            i += 7;
        } else {
            scratch += pattern[i++];
        }
    }
    return scratch;
}

void Exchange::pin() {
    in_force_ = context_.in_force;
    listener_ = &session_.place().plan();
    ++in_force_->pins;
}

void Exchange::unpin() {
    leave_upstream();
    asked_ = nullptr;
    if (in_force_ == nullptr) return;
    InForce* held = std::exchange(in_force_, nullptr);
    if (--held->pins == 0 && held->replaced) context_.retired(held);
}

void Exchange::enter_upstream(const upstream::Upstream& upstream) {
    leave_upstream();
    upstream_ = &upstream;
    sent_ = &in_force_->sent[upstream.index];
    ++(record_.tunnel ? sent_->tunnels : sent_->requests);
}

void Exchange::leave_upstream() {
    if (sent_ == nullptr) return;
    --(record_.tunnel ? sent_->tunnels : sent_->requests);
    sent_ = nullptr;
}

void Exchange::set_phase_deadline(std::int64_t milliseconds) {
    std::int64_t at = milliseconds == 0 ? 0 : context_.now_ms + milliseconds;
    if (request_deadline_ms_ != 0 && (at == 0 || request_deadline_ms_ < at)) at = request_deadline_ms_;
    session_.set_deadline(at);
}

bool Exchange::idempotent() const {
    const auto m = method();
    return m == "GET" || m == "HEAD" || m == "OPTIONS" || m == "PUT" || m == "DELETE" || m == "TRACE";
}

}  // namespace switchyard::serve
