// How a shared connection is made: connected, shaken hands on, and what its endpoint chose.
#include "proxy/serve/shared_connection.h"
#include "proxy/serve/shared_pool.h"

namespace switchyard::serve {

Failure SharedConnection::begin(const upstream::Endpoint& endpoint, const upstream::Upstream& upstream) {
    host_ = endpoint.host;
    automatic_ = upstream.protocol == config::EndpointProtocol::automatic;
    wire_->notify(this);
    switch (wire_->connect(endpoint.address, context_.poller)) {
        case net::Stream::Connecting::done:
        case net::Stream::Connecting::again:
            break;
        case net::Stream::Connecting::shortage:
            return Failure::shortage;
        case net::Stream::Connecting::refused:
            return Failure::connect_failed;
    }
    set_deadline(upstream.connect_ms == 0 ? 0 : context_.now_ms + upstream.connect_ms);
    if (wire_->writable) wake();
    return Failure::none;
}

bool SharedConnection::give_up_making(Failure failure, std::string why) {
    over_ = true;
    pool_.failed(*this, failure, why);  // *this is gone
    return false;
}

// False: not yet, or it is over, and gone.
bool SharedConnection::go_on_making() {
    if (expired()) return give_up_making(Failure::connect_timeout);
    if (state_ == State::connecting) {
        if (!wire_->writable) return false;
        if (const auto how = wire_->connected(); how != net::Stream::Connecting::done)
            return give_up_making(how == net::Stream::Connecting::shortage ? Failure::shortage
                                                                           : Failure::connect_failed);
        if (wire_->how()) {
            scheme_ = "https";
            wire_->secure(std::make_unique<net::Tls>(
                *wire_, context_.buffers, *wire_->how(), host_, pool_.local().pool.sessions(wire_->how()),
                automatic_ ? net::Tls::Offer::http2_or_1 : net::Tls::Offer::http2));
        }
        state_ = wire_->how() ? State::shaking : State::open;
    }
    if (state_ == State::shaking && !shake()) return false;
    block_.put_raw(http2::kPreface);
    idle_since_ms_ = last_read_ms_ = context_.now_ms;
    pool_.fill();
    return true;
}

bool SharedConnection::shake() {
    auto& counts = context_.counts.endpoint_tls;
    auto& tls = *wire_->tls();
    const auto step = tls.handshake();
    if (step == net::Tls::Step::again) return false;
    if (step != net::Tls::Step::done) {
        ++(tls.trouble().untrusted ? counts.untrusted : counts.failed);
        return give_up_making(tls.trouble().untrusted ? Failure::tls_untrusted : Failure::tls_failed,
                              tls.trouble().words);
    }
    ++(tls.resumed() ? counts.resumed : counts.full);
    if (tls.chose_http2()) {
        state_ = State::open;
        return true;
    }
    if (!automatic_) return give_up_making(Failure::tls_failed, "the endpoint does not offer HTTP/2 (ALPN)");
    over_ = true;
    wire_->sent = tls.wire_sent();
    wire_->notify(nullptr);
    const net::OutwardTls* const way = how();  // the wire's to say
    pool_.chose_http1(way, std::move(wire_));
    pool_.over(*this);  // *this is gone
    return false;
}

}  // namespace switchyard::serve
