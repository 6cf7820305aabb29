// A lane on a connection to the endpoint that others share (HTTP/2), or what the endpoint chose in its place.
#include "proxy/http/characters.h"
#include "proxy/serve/attempt.h"
#include "proxy/serve/shared_pool.h"

namespace switchyard::serve {
namespace {

// How often a request may come to an endpoint that does not look at it, a connection that ends for example, before that
// counts as an attempt.
constexpr std::uint8_t kFreeOfCharge = 8;

// Of a client that wants WebSocket and nothing else; empty: it does not. Other switches are no part of HTTP/2.
std::string_view websocket_key(const route::Asked& asked) {
    if (!asked.guarded.upgrade || asked.method() != "GET" || !asked.guarded.body.empty()) return {};
    std::string_view key;
    const char* const base = asked.facts.base;
    for (std::uint16_t i = 0; i < asked.head.field_count; ++i) {
        const http::Field& field = asked.head.fields[i];
        if (field.id == http::FieldName::upgrade && !http::equals_lower(field.value.of(base), "websocket")) return {};
        if (http::equals_lower(field.name.of(base), "sec-websocket-key")) key = field.value.of(base);
    }
    return key;
}

}  // namespace

// What wants a connection of its own has one where the endpoint lets us choose: a switch of protocols, a tunnel.
bool Attempt::may_share() const {
    using Protocol = config::EndpointProtocol;
    if (from_.course.upstream->protocol == Protocol::http2) return true;
    if (asked_.guarded.upgrade || asked_.method() == "CONNECT") return false;
    return !SharedPool::of(context_, *lease_.local()).chose_http1();
}

// Within the time that connecting may take: others may wait for the same connection, and more of them.
net::Task<Failure> Attempt::share() {
    const upstream::Upstream& upstream = *from_.course.upstream;
    using Place = SharedLane::Place;
    auto& pool = SharedPool::of(context_, *lease_.local());
    const std::string_view key = websocket_key(asked_);
    const auto asks = !key.empty()                   ? SharedLane::Asks::websocket
                      : asked_.method() == "HEAD"    ? SharedLane::Asks::head
                      : asked_.method() == "CONNECT" ? SharedLane::Asks::tunnel
                                                     : SharedLane::Asks::answer;
    lane_.stand_on(std::make_unique<SharedLane>(pool, phase_.strand(), *lease_.endpoint(), upstream, asks, key));
    auto& granted = lane_.join(pool).granted();
    if (granted.place == Place::wanted) {
        phase_.at_most(from_.course.connect_ms());
        while (granted.place == Place::wanted) {
            co_await phase_.sleep();
            const Failure failure = connect_broken_off(granted.place != Place::wanted);
            if (failure == Failure::none) continue;
            if (failure == Failure::connect_timeout && !granted.why.empty()) refuse_answer(granted.why);
            co_return failure;
        }
    }
    if (granted.place == Place::failed) {
        const Failure failure = granted.failure;
        if (failure == Failure::bad_response) co_return refuse_answer(granted.why);
        if (!granted.why.empty()) note_tls_trouble(failure, granted.why);
        co_return failure;
    }
    if (granted.place == Place::here) co_return Failure::none;
    auto wire = std::move(granted.wire);
    lane_.close();
    if (wire != nullptr) {
        lane_.take_over(std::move(wire), phase_.strand());
        co_return Failure::none;
    }
    if (stand_on_kept()) co_return Failure::none;
    co_return co_await connect();
}

// It is none of the endpoint's, and not one of the attempts that a route allows; but not for ever.
Failure Attempt::unserved() {
    if (unserved_ == kFreeOfCharge) return Failure::refused_stream;
    ++unserved_;
    return Failure::reused_unread;
}

// The endpoint will have the request by HTTP/1, and has done nothing with it.
Failure Attempt::other_version_wanted() {
    const upstream::Upstream& upstream = *from_.course.upstream;
    if (upstream.protocol == config::EndpointProtocol::automatic) {
        SharedPool::of(context_, *lease_.local()).chose_http1(upstream.tls.get(), nullptr);
        return unserved();
    }
    refuse_answer("it requires HTTP/1.1 (HTTP_1_1_REQUIRED): protocol auto or http/1.1 speaks it");
    return Failure::reset;
}

// Its lane is looked at for as long as there is one.
const CallOutcome& Attempt::call() {
    if (lane_.shares_connection())
        if (const auto code = lane_.shared().reset_by()) {
            const std::int64_t timeout_ms = asked_.grpc.timeout_ms;
            call_.note_reset(*code, timeout_ms >= 0 && course_.since_routed_ms() >= timeout_ms);
            if (call_.timed_out()) course_.time_is_clients = true;
        }
    if (const route::Rule* const denying = from_.course.denying_rule())
        call_.note_denied(http::grpc_status_of_http(denying->deny));
    return call_;
}

// The lane is lost before a response head. What may the request have caused?
Failure Attempt::lane_lost() {
    SharedLane& lane = lane_.shared();
    if (lane.reset_by() == http2::ErrorCode::http_1_1_required) return other_version_wanted();
    if (call().timed_out()) return Failure::request_timeout;
    switch (lane.lost()) {
        case SharedLane::Lost::unmade:
            return lane.granted().failure;
        case SharedLane::Lost::unserved:
            return unserved();
        case SharedLane::Lost::declined:
            // A client that wants an endpoint ejected could ask it for what it has said that it does not take.
            refuse_answer(lane.why_lost());
            context_.count_endpoint(*lease_.local());  // nothing but why
            asked_.refusal = lane.why_lost();
            return Failure::refused_stream;
        case SharedLane::Lost::malformed:
            return refuse_answer(lane.why_lost());
        case SharedLane::Lost::gone:
            // Once: one that ends again and again is the endpoint's doing.
            if (!lane.granted().reused || only_fresh_) return Failure::reset;
            return upload_.finished() ? Failure::reused_reset : Failure::reused_closed;
        default:
            return Failure::reset;
    }
}

}  // namespace switchyard::serve
