// Tells an endpoint who the client is before the first byte (PROXY protocol), once per fresh connection.
//
// Such a connection speaks for one client only and is never kept: take and give of the pool are left out.
#include <sys/socket.h>

#include "proxy/http/proxy_protocol.h"
#include "proxy/serve/exchange.h"

namespace switchyard::serve {
namespace {

std::uint16_t port_of(const sockaddr_storage& address) {
    net::SocketAddress as_socket;
    as_socket.storage = address;
    return as_socket.port();
}

}  // namespace

Failure Exchange::introduce_client() {
    if (upstream_->send_proxy_protocol == 0) return Failure::none;
    const int fd = session_.stream.descriptor();
    http::ProxyAddress source, destination;
    const auto& client = session_.client_address();
    source.bytes = client.bytes;
    source.port = session_.client_port();
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (source.port == 0 && ::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0)
        source.port = port_of(address);
    address = {};
    length = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
        destination.bytes = route::ClientAddress::of(address).bytes;
        destination.port = port_of(address);
    }
    char text[http::kMaxWrittenProxyHeader];
    const std::size_t size = http::write_proxy_header(text, upstream_->send_proxy_protocol,
                                                      client.is_ip && destination.port != 0, source, destination);
    const auto wrote = connection_->write(text, size);
    // An empty send buffer takes a hundred bytes, or the connection is no good.
    if (wrote.status != net::Transfer::Status::done || wrote.bytes != size) return Failure::connect_failed;
    sent_before_ = connection_->sent = size;
    return Failure::none;
}

}  // namespace switchyard::serve
