// The connection of an attempt: kept or new, told who the client is (PROXY protocol), given back.
//
// Connection-bound authentication (NTLM, Negotiate: RFC 4559): an endpoint takes whatever comes on a connection for the
// user who was once proven on it. Such a connection serves the client it was proven on and no other. A proxy that has
// clients of its own cannot say which of them is behind which request: then it is closed. So is one that the PROXY
// protocol has spoken on: it speaks for one client, and is neither taken from a pool nor given to one.
#include "proxy/http/proxy_protocol.h"
#include "proxy/serve/attempt.h"

namespace switchyard::serve {

// A kept connection may be closed at this very moment. What can be sent again takes the chance.
bool Attempt::stand_on_kept() {
    if (client_.connection().bound != nullptr && stand_on_bound()) return true;
    if (only_fresh_ || from_.course.upstream->send_proxy_protocol != 0) return false;
    upstream::ConnectionPool& pool = lease_.local()->pool;
    const net::OutwardTls* const how = from_.course.upstream->tls.get();
    const bool repeats = asked_.idempotent() && asked_.guarded.body.kind == http::Body::Kind::none;
    auto kept = repeats ? pool.take(how) : pool.take_safe(how);
    if (!kept) return false;
    lane_.stand_on(std::move(kept), phase_.strand());
    return true;
}

bool Attempt::stand_on_bound() {
    if (!client_.connection().bound->is_to(lease_.local()->state)) return false;
    const auto own = std::move(client_.connection().bound);
    // Closed meanwhile, or it has failed this request already: what it stood for is over, and the endpoint will say so.
    if (only_fresh_ || own->connection->how() != from_.course.upstream->tls || own->connection->stale()) return false;
    lane_.stand_on(std::move(own->connection), phase_.strand());
    bound_ = true;
    return true;
}

net::Task<Failure> Attempt::connect() {
    const upstream::Upstream& upstream = *from_.course.upstream;
    lane_.stand_on(lease_.local()->pool.fresh(upstream.tls), phase_.strand());
    using Connecting = net::Stream::Connecting;
    auto connecting = lane_.connection().connect(lease_.endpoint()->address, context_.poller);
    if (upstream.tls || connecting == Connecting::again) phase_.at_most(from_.course.connect_ms());
    if (connecting == Connecting::again) {
        while (!lane_.writable()) {
            co_await phase_.sleep();
            if (const Failure failure = connect_broken_off(lane_.writable()); failure != Failure::none)
                co_return failure;
        }
        connecting = lane_.connection().connected();
    }
    const Failure failure = connected(connecting);
    if (failure != Failure::none || !upstream.tls) co_return failure;
    co_return co_await secure();
}

// Woken while a connection is being made.
Failure Attempt::connect_broken_off(bool made) const {
    if (from_.course.must_end()) return Failure::drained;
    if (client_left()) return Failure::client_closed;
    if (!phase_.strand().expired() || made) return Failure::none;
    return from_.course.time_is_up() ? Failure::request_timeout : Failure::connect_timeout;
}

Failure Attempt::connected(net::Stream::Connecting how) {
    if (how == net::Stream::Connecting::done) return introduce_client();
    return how == net::Stream::Connecting::shortage ? Failure::shortage : Failure::connect_failed;
}

// Before the first octet of a head.
Failure Attempt::introduce_client() {
    const unsigned version = from_.course.upstream->send_proxy_protocol;
    if (version == 0) return Failure::none;
    http::ProxyAddress source, destination;
    client_.addresses(source, destination);
    char text[http::kMaxWrittenProxyHeader];
    const std::size_t size =
        http::write_proxy_header(text, version, client_.address().is_ip && destination.port != 0, source, destination);
    return lane_.introduce({text, size}) ? Failure::none : Failure::connect_failed;
}

void Attempt::keep_for_client() {
    const upstream::Upstream& upstream = *from_.course.upstream;
    if (asked_.trusted_peer || upstream.keep.most == 0 || upstream.send_proxy_protocol != 0) return;
    // Its news still wake this client's strand.
    using Bound = ClientConnection::Bound;
    if (lane_.quiet())
        client_.connection().bound = std::make_unique<Bound>(Bound{lane_.leave(), lease_.local()->state});
}

void Attempt::give_back(bool reusable) {
    if (!lease_.held()) return;
    if (lane_.is_open()) {
        // A shared connection stays with its pool; the lane is reset where either side has not said its end.
        if (!lane_.shares_connection()) {
            if (reusable && bound_)
                keep_for_client();
            else if (reusable)
                lease_.local()->pool.give(lane_.leave(), from_.course.upstream->keep.most);
        }
        lane_.close();
    }
    lease_.give_back();
}

}  // namespace switchyard::serve
