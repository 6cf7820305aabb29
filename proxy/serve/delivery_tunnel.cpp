// tunnel: after 101 (or CONNECT) octets go both ways and mean nothing to the proxy.
#include "proxy/serve/delivery.h"

namespace switchyard::serve {

using Step = Relay::Step;

// One way of a tunnel. Not in the unnamed namespace: it lives in the frame of a coroutine that has external linkage.
class TunnelWay {
  public:
    TunnelWay(Relay& relay, Lane& sink, Strand& strand) : relay_(relay), sink_(sink), strand_(strand) {}

    bool is_open() const { return open_; }
    // Its source's end was not said (TLS): the other side must not take what came for the whole.
    bool is_cut() const { return cut_; }
    // False: it broke.
    bool step() {
        if (!open_) return true;
        const Step step = relay_.step(strand_.budget);
        if (step == Step::done) {
            open_ = !sink_.end_tunnel();
            return true;
        }
        if (step == Step::others_turn) strand_.step_back();
        cut_ = step == Step::source_closed;
        return step == Step::others_turn || step == Step::wait_source || step == Step::wait_sink;
    }

  private:
    Relay& relay_;
    Lane& sink_;
    Strand& strand_;
    bool open_ = true;
    bool cut_ = false;
};

// Until both sides have closed, nothing moved for the route's tunnel_idle, or the drain of its endpoint has reached
// this one.
net::Task<Next> Delivery::tunnel() {
    Strand& strand = phase_.strand();
    EndpointLane& endpoint = attempt_.lane();
    course_.become_tunnel();
    account_.stand_outside();
    Relay upward(client_, endpoint);
    const http::Body endless{http::Body::Kind::until_close, 0};
    upward.start(endless, 0, {}, Coding::plain);
    relay_.start(endless, 0, lead_.unread(), Coding::plain);
    TunnelWay up(upward, endpoint, strand), down(relay_, client_, strand);
    const Tunnels::Tunnel place(context().tunnels, strand, from_.lease.local()->state->id);
    // What came with the heads may have hidden an edge.
    client_.look_again();
    endpoint.look_again();
    while (endpoint.settle(), up.step() && down.step() && (up.is_open() || down.is_open())) {
        client_.rest();
        endpoint.rest();
        const std::int64_t idle_ms = course_.route->tunnel_idle_ms;
        strand.set_deadline(place.deadline(idle_ms == 0 ? 0 : context().now_ms + idle_ms));
        co_await strand.sleep();
        if (course_.must_end()) account_.record.failure = Failure::drained;
        if (course_.must_end() || place.must_end(context().now_ms)) break;
        if (strand.expired()) {
            account_.record.failure = Failure::body_idle;
            break;
        }
    }
    account_.record.bytes_out += client_.sent_bytes();
    account_.record.bytes_in += client_.body_bytes();
    attempt_.count(Failure::none);
    const bool cut = up.is_cut() || down.is_cut();
    if (cut) endpoint.cut();
    attempt_.give_back(false);
    co_return cut ? Next::cut : Next::close;
}

}  // namespace switchyard::serve
