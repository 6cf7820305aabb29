// A lane on a connection to the endpoint that others share (HTTP/2), or what the endpoint chose in its place.
#include "proxy/serve/attempt.h"
#include "proxy/serve/shared_pool.h"

namespace switchyard::serve {
namespace {

// How often a request may come to an endpoint that does not look at it, a connection that ends for example, before that
// counts as an attempt.
constexpr std::uint8_t kFreeOfCharge = 8;

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
    const auto asks = asked_.method() == "HEAD"      ? SharedLane::Asks::head
                      : asked_.method() == "CONNECT" ? SharedLane::Asks::tunnel
                                                     : SharedLane::Asks::answer;
    lane_.stand_on(std::make_unique<SharedLane>(pool, phase_.strand(), *lease_.endpoint(), upstream, asks));
    auto& granted = lane_.join(pool).granted();
    if (granted.place == Place::wanted) {
        phase_.at_most(upstream.connect_ms);
        while (granted.place == Place::wanted) {
            co_await phase_.sleep();
            if (const Failure failure = connect_broken_off(granted.place != Place::wanted); failure != Failure::none)
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

// The lane is lost before a response head. What may the request have caused?
Failure Attempt::lane_lost() {
    SharedLane& lane = lane_.shared();
    switch (lane.lost()) {
        case SharedLane::Lost::unserved:
            if (unserved_ == kFreeOfCharge) return Failure::refused_stream;
            ++unserved_;
            return Failure::reused_unread;
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
