// Connection-bound authentication (NTLM, Negotiate: RFC 4559): an endpoint takes whatever comes on a connection for the
// user who once proved himself on it. Such a connection serves the client it was proven on and nobody else.
//
// Whose client is a proxy with clients of its own cannot say who is behind which request: then it is closed.
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

// The endpoint that the client has a connection of his own to, if it is one of these.
void Exchange::prefer_bound(std::int32_t& preferred) const {
    for (std::size_t i = 0; i < course_.upstream->endpoints.size(); ++i)
        if (client_.bound()->is_to(course_.upstream->endpoints[i].state)) preferred = static_cast<std::int32_t>(i);
}

bool Exchange::take_bound() {
    if (!client_.bound()->is_to(lease_.local->state)) return false;
    const auto own = std::move(client_.bound());
    // Closed meanwhile, or it has failed this request already: what it stood for is over, and the endpoint will say so.
    if (force_fresh_ || own->connection->how() != course_.upstream->tls || own->connection->stale()) return false;
    endpoint_lane_.stand_on(std::move(own->connection), strand_);
    bound_ = true;
    return true;
}

void Exchange::keep_for_client() {
    if (asked_.trusted_peer || course_.upstream->max_idle == 0 || course_.upstream->send_proxy_protocol != 0) return;
    // Its news still wake this client's strand.
    if (endpoint_lane_.quiet())
        client_.bound() = std::make_unique<ClientConnection::Bound>(endpoint_lane_.leave(), lease_.local->state);
}

}  // namespace switchyard::serve
