// TLS with an endpoint: the handshake on a fresh connection, behind what introduces the client.
#include <fmt/format.h>

#include "proxy/serve/attempt.h"

namespace switchyard::serve {

namespace {

// The handshake can go on.
bool shakes(const upstream::Connection& connection) {
    return connection.unsent() != 0 ? connection.writable : connection.readable;
}

}  // namespace

// Within the time that the whole connecting may take.
net::Task<Failure> Attempt::secure() {
    auto& pool = lease_.local()->pool;
    auto& counts = context_.counts.endpoint_tls;
    auto& connection = lane_.connection();
    connection.secure(std::make_unique<net::Tls>(connection, context_.buffers, *connection.how(),
                                                 lease_.endpoint()->host, pool.sessions(connection.how())));
    auto& tls = *connection.tls();
    for (;;) {
        const auto step = tls.handshake();
        if (step == net::Tls::Step::done) {
            lane_.begin_after_handshake();
            ++(tls.resumed() ? counts.resumed : counts.full);
            co_return Failure::none;
        }
        if (step != net::Tls::Step::again) {
            ++(tls.trouble().untrusted ? counts.untrusted : counts.failed);
            co_return note_tls_trouble(tls.trouble().untrusted ? Failure::tls_untrusted : Failure::tls_failed,
                                       tls.trouble().words);
        }
        while (!shakes(connection)) {
            co_await phase_.sleep();
            if (const Failure failure = connect_broken_off(shakes(connection)); failure != Failure::none)
                co_return failure;
        }
    }
}

// In TLS 1.3 this side has done its part before the endpoint has seen its certificate: the first read brings the
// refusal. Of the request nothing was looked at.
Failure Attempt::refused_certificate() const {
    ++context_.counts.endpoint_tls.failed;
    return note_tls_trouble(Failure::tls_failed, lane_.connection().tls()->trouble().words);
}

Failure Attempt::note_tls_trouble(Failure failure, std::string_view why) const {
    lease_.local()->refused = fmt::format("{}: {}", failure == Failure::tls_untrusted ? "its certificate" : "TLS", why);
    return failure;
}

}  // namespace switchyard::serve
