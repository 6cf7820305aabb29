// tunnel: after 101 (or CONNECT) bytes go both ways and mean nothing to us.
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

using Next = Exchange::Next;
using Step = BodyPump::Step;
using Kind = http::Body::Kind;

// Bytes both ways until both sides have closed, nothing moved for the route's tunnel_idle, or the drain of its endpoint
// has reached this one.
net::Task<Next> Exchange::tunnel(std::string_view head) {
    leave_upstream();
    record_.tunnel = true;
    stand_outside();
    enter_upstream(*upstream_);
    request_deadline_ms_ = 0;
    const http::Body endless{Kind::until_close, 0};
    upload_.trailers = download_.trailers = nullptr;
    upload_.start(endless, BodyPump::Coding::plain, {}, 0);
    download_.start(endless, BodyPump::Coding::plain, head, 0);
    bool up_open = true, down_open = true;
    const Tunnels::Tunnel place(context_.tunnels, session_, local_->state->id);
    session_.stream.readable = connection_->readable = true;  // whatever came with the heads may have hidden an edge
    while (up_open || down_open) {
        if (up_open) {
            const Step step = upload_.step(session_.stream, session_.in, *connection_, session_.budget);
            if (step == Step::done) {
                connection_->shutdown_send();
                up_open = false;
            } else if (step == Step::others_turn) {
                session_.step_back();
            } else if (step != Step::wait_source && step != Step::wait_sink) {
                break;
            }
        }
        if (down_open) {
            const Step step = download_.step(*connection_, back_, session_.stream, session_.budget);
            if (step == Step::done) {
                session_.stream.shutdown_send();
                down_open = false;
            } else if (step == Step::others_turn) {
                session_.step_back();
            } else if (step != Step::wait_source && step != Step::wait_sink) {
                break;
            }
        }
        if (!up_open && !down_open) break;
        if (session_.in.empty()) session_.in.release();
        if (back_.empty()) back_.release();
        session_.set_deadline(
            place.deadline(route_->tunnel_idle_ms == 0 ? 0 : context_.now_ms + route_->tunnel_idle_ms));
        co_await session_.sleep();
        if (must_end()) record_.failure = Failure::drained;
        if (must_end() || place.must_end(context_.now_ms)) break;
        if (session_.expired()) {
            record_.failure = Failure::body_idle;
            break;
        }
    }
    record_.bytes_out += download_.sent_bytes();
    record_.bytes_in += upload_.body_bytes();
    count_result(Failure::none);
    give_back(false);
    co_return Next::close;
}

}  // namespace switchyard::serve
