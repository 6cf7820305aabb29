// tunnel: after 101 (or CONNECT) bytes go both ways and mean nothing to us.
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

using Next = Exchange::Next;
using Step = Relay::Step;
using Kind = http::Body::Kind;

// Bytes both ways until both sides have closed, nothing moved for the route's tunnel_idle, or the drain of its endpoint
// has reached this one.
net::Task<Next> Exchange::tunnel(std::string_view head) {
    course_.become_tunnel();
    account_.stand_outside();
    const http::Body endless{Kind::until_close, 0};
    upload_.start(endless, 0, {}, Coding::plain);
    download_.start(endless, 0, head, Coding::plain);
    bool up_open = true, down_open = true;
    const Tunnels::Tunnel place(context_.tunnels, strand_, lease_.local->state->id);
    // Whatever came with the heads may have hidden an edge.
    client_.look_again();
    endpoint_lane_.look_again();
    bool part = false;  // a side's end was not said (TLS): the other must not take what came for the whole
    while (up_open || down_open) {
        endpoint_lane_.connection().settle();
        if (up_open) {
            const Step step = upload_.step(strand_.budget);
            if (step == Step::done) {
                up_open = !endpoint_lane_.end_tunnel();
            } else if (step == Step::others_turn) {
                strand_.step_back();
            } else if (step != Step::wait_source && step != Step::wait_sink) {
                part = step == Step::source_closed;
                break;
            }
        }
        if (down_open) {
            const Step step = download_.step(strand_.budget);
            if (step == Step::done) {
                down_open = !client_.end_tunnel();
            } else if (step == Step::others_turn) {
                strand_.step_back();
            } else if (step != Step::wait_source && step != Step::wait_sink) {
                part = step == Step::source_closed;
                break;
            }
        }
        if (!up_open && !down_open) break;
        client_.rest();
        endpoint_lane_.rest();
        strand_.set_deadline(
            place.deadline(course_.route->tunnel_idle_ms == 0 ? 0 : context_.now_ms + course_.route->tunnel_idle_ms));
        co_await strand_.sleep();
        if (course_.must_end()) account_.record.failure = Failure::drained;
        if (course_.must_end() || place.must_end(context_.now_ms)) break;
        if (strand_.expired()) {
            account_.record.failure = Failure::body_idle;
            break;
        }
    }
    account_.record.bytes_out += client_.sent_bytes();
    account_.record.bytes_in += client_.body_bytes();
    count_result(Failure::none);
    if (part) endpoint_lane_.connection().close_with_reset();
    give_back(false);
    co_return part ? Next::cut : Next::close;
}

}  // namespace switchyard::serve
