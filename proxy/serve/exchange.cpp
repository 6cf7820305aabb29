#include "proxy/serve/exchange.h"

#include "proxy/http/characters.h"

namespace switchyard::serve {

using Next = Exchange::Next;

namespace {

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

Exchange::Exchange(ClientConnection& connection)
    : strand_(connection),
      context_(connection.context()),
      client_(connection),
      endpoint_lane_(context_.buffers),
      course_(context_, connection.place()),
      lease_(context_),
      account_(context_, asked_, course_, lease_),
      head_(context_.buffers),
      text_(context_.buffers),
      upload_(client_, endpoint_lane_),
      download_(endpoint_lane_, client_) {
    client_.carry(this);
}

Exchange::~Exchange() {
    client_.carry(nullptr);
    // Only when the worker stops in the middle is anything left here.
    give_back(false);
}

net::Task<Next> Exchange::serve(ClientConnection& connection) {
    Exchange exchange(connection);
    Failure failure = co_await exchange.read_head();
    if (failure == Failure::none) failure = exchange.asked_.check(exchange.base());
    if (failure == Failure::client_closed) co_return Next::close;  // nothing was asked, nothing is recorded
    Next next;
    exchange.course_.pin();
    if (exchange.course_.listener->answers_challenges() && failure == Failure::none) [[unlikely]] {
        const std::string* const proof = co_await exchange.find_challenge();
        if (proof != nullptr) {
            next = co_await exchange.answer_challenge(*proof);
            exchange.finish();
            co_return next;
        }
    }
    if (failure == Failure::none) failure = exchange.choose_route();
    if (failure != Failure::none || exchange.course_.answers()) {
        next = co_await exchange.answer_locally(failure);
    } else {
        exchange.account_.watch();
        next = co_await exchange.proxy();
    }
    exchange.finish();
    co_return next;
}

void Exchange::finish() {
    give_back(false);
    account_.close();
    if (context_.access_log != nullptr) write_access_line();
}

net::Task<Failure> Exchange::read_head() {
    account_.begin();
    using Request = ClientLane::Request;
    Failure why = Failure::none;
    for (bool armed = false;;) {
        const Request request = client_.read_head(asked_.head, head_, why);
        if (request == Request::here) co_return Failure::none;
        if (request == Request::bad) {
            if (why == Failure::bad_request) asked_.refusal = "the request head is malformed";
            co_return why;
        }
        if (request == Request::others_turn) strand_.step_back();
        if (!armed) strand_.set_deadline(context_.now_ms + client_.place().plan().head_timeout_ms);
        armed = true;
        co_await strand_.sleep();
        if (strand_.expired()) co_return client_.nothing_unread() ? Failure::client_closed : Failure::head_timeout;
    }
}

// Who asks, and for which upstream; by the generation that the course is pinned to.
Failure Exchange::choose_route() {
    const ListenerPlan& listener = *course_.listener;
    asked_.believe(client_.address(), listener.trusted_proxies, listener.client_header);
    name_request();
    if (client_.secure())
        if (const Failure refused = check_certificate(); refused != Failure::none) return refused;
    return course_.choose(asked_, request_id_.text());
}

// A connection speaks for whoever was let in by the handshake: a host that asks for other certificates is not reached
// on it. Where the host that it is for asks for others since, it ends with this answer.
Failure Exchange::check_certificate() {
    net::Tls& tls = *client_.tls();
    const net::ClientCheck* const passed = tls.client_check();
    if (passed != nullptr && passed->asks()) asked_.facts.certificate = &tls.claims();
    const net::TlsPolicy* const policy = course_.listener->tls.get();
    if (policy == nullptr || passed == nullptr) return Failure::none;
    const net::ClientCheck& wanted = *policy->client_for(asked_.facts.host);
    if (&wanted == passed || wanted.id() == passed->id()) return Failure::none;
    if (wanted.id() != policy->client_for(tls.server_name())->id()) return Failure::misdirected;
    if (asked_.guarded.upgrade) return Failure::misdirected;  // a tunnel would outlive its answer
    client_.make_last();
    return Failure::none;
}

void Exchange::name_request() {
    if (!request_id_.empty()) return;
    const http::Field* const given = asked_.trusted_peer ? asked_.head.find(http::FieldName::x_request_id) : nullptr;
    if (given != nullptr && request_id_.take(given->value.of(base()))) return;
    const std::uint64_t high = context_.random.next(), low = context_.random.next();
    request_id_.make(high, low);
}

// By the generation that is in force now.
Failure Exchange::route_again() {
    account_.settle_first();
    lease_.forget();
    course_.take_anew();
    return choose_route();
}

net::Task<Next> Exchange::proxy() {
    Failure failure, before = Failure::none;
    for (;; before = failure) {
        failure = co_await claim_or_wait();
        if (failure != Failure::none && before != Failure::none && traits(failure).source != Source::downstream) {
            // Nobody is left to ask: what went wrong at the one who was asked is the answer.
            failure = before;
            course_.retry_after = failure == Failure::shortage ? 1 : 0;  // ours passes
            break;
        }
        if (failure == Failure::none) {
            if (lease_.endpoint == nullptr) co_return co_await answer_locally(Failure::none);
            ++account_.record.attempts;
            failure = co_await attempt();
            note_attempt_end(failure);
            if (failure == Failure::none) co_return co_await return_response();
            give_back(false);
        }
        if (!may_retry(failure)) break;
        account_.retry(failure);
        // A retry routes by what is in force now: after a rollback it must not go where the rollback took traffic from.
        if (course_.outdated())
            if (const Failure refused = route_again(); refused != Failure::none || course_.answers())
                co_return co_await answer_locally(refused);
        endpoint_lane_.start_anew();
    }
    // A client that is gone gets nothing; the endpoint's connection is dropped with the lease.
    if (traits(failure).status == 0) {
        account_.record.failure = failure;
        co_return Next::close;
    }
    co_return co_await answer_locally(failure);
}

net::Task<Next> Exchange::answer_locally(Failure failure) {
    account_.record.failure = failure;
    const FailureTraits& trait = traits(failure);
    // Where the request's body has not been read, the boundary of the next request is unknown.
    const bool clean = asked_.guarded.body.kind == http::Body::Kind::none && !asked_.guarded.expect_continue;
    const bool malformed = trait.source == Source::downstream && failure != Failure::no_route &&
                           failure != Failure::rate_limited && failure != Failure::not_allowed;
    const bool keep = clean && !malformed && asked_.guarded.keep_alive && !closing() && asked_.head.size > 0;
    http::LocalReply reply;
    std::string location, scratch;
    reply.status = trait.status;
    reply.detail = asked_.refusal.empty() ? trait.detail : asked_.refusal;
    if (failure == Failure::none) {
        const config::Respond& respond =
            course_.by_answering_rule() ? course_.route->rules[static_cast<std::size_t>(course_.decision.rule)].respond
                                        : course_.route->respond;
        if (!course_.by_answering_rule() && !course_.route->redirect.to.empty()) {
            reply.status = course_.route->redirect.status;
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
        reply.status = course_.upstream->breaker.static_status;
        if (!course_.upstream->breaker.static_body.empty()) {
            reply.body = course_.upstream->breaker.static_body;
            reply.content_type = "text/plain";
        }
    }
    if (failure == Failure::not_allowed) reply.extra_lines = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
    reply.request_id = request_id_.text();
    reply.date_line = context_.date();
    reply.retry_after = course_.retry_after;
    reply.close = !keep;
    reply.head_only = asked_.head.size > 0 && asked_.method() == "HEAD";
    account_.record.status = reply.status;
    text_.release();
    net::Buffer out(context_.buffers);
    http::Writer writer(out.room());
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
    set_phase_deadline(course_.listener->idle_timeout_ms);
    while (!bytes.empty()) {
        if (!client_.writable()) {
            if (strand_.expired() || client_.broken() || course_.must_end()) co_return Next::cut;
            co_await strand_.sleep();
            continue;
        }
        const auto wrote = client_.say(bytes);
        if (wrote.status == net::Transfer::Status::failed) co_return Next::close;
        bytes.remove_prefix(wrote.bytes);
        account_.record.bytes_out += wrote.bytes;
    }
    co_return keep ? Next::keep : Next::close;
}

std::string_view Exchange::redirect_target(std::string& scratch) const {
    const std::string& pattern = course_.route->redirect.to;
    for (std::size_t i = 0; i < pattern.size();) {
        const auto starts = [&](std::string_view name) { return pattern.compare(i, name.size(), name) == 0; };
        if ((starts("?{query}") || starts("&{query}")) && asked_.target.query.empty()) {
            i += 8;  // no bare mark
        } else if (starts("{host}")) {
            scratch += asked_.facts.host;
            i += 6;
        } else if (starts("{path}")) {
            // The server as a whole has no address of its own.
            scratch += asked_.target.form == http::Target::Form::asterisk ? std::string_view("/") : asked_.target.path;
            i += 6;
        } else if (starts("{query}")) {
            add_escaped(scratch, asked_.target.query);
            i += 7;
        } else {
            scratch += pattern[i++];
        }
    }
    return scratch;
}

// `client_turn`: nobody but the client can move things on.
void Exchange::set_paced_deadline(bool client_turn, std::int64_t idle_ms) {
    set_phase_deadline(pace_.wait(course_.listener->min_rate != 0 && client_turn, idle_ms, context_.now_ms));
}

// A deadline that only wakes the pace is no end.
bool Exchange::time_is_up() const {
    return strand_.expired() && (!pace_.wakes() || course_.time_is_up());
}

void Exchange::set_phase_deadline(std::int64_t milliseconds) {
    strand_.set_deadline(course_.at_the_latest(milliseconds == 0 ? 0 : context_.now_ms + milliseconds));
}

}  // namespace switchyard::serve
