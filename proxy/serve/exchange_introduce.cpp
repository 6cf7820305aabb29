// Tells an endpoint who the client is before the first byte (PROXY protocol), once per fresh connection.
//
// Such a connection speaks for one client only and is never kept: take and give of the pool are left out.
#include "proxy/http/proxy_protocol.h"
#include "proxy/serve/exchange.h"

namespace switchyard::serve {
Failure Exchange::introduce_client() {
    if (course_.upstream->send_proxy_protocol == 0) return Failure::none;
    http::ProxyAddress source, destination;
    client_.addresses(source, destination);
    char text[http::kMaxWrittenProxyHeader];
    const std::size_t size =
        http::write_proxy_header(text, course_.upstream->send_proxy_protocol,
                                 client_.address().is_ip && destination.port != 0, source, destination);
    return endpoint_lane_.introduce({text, size}) ? Failure::none : Failure::connect_failed;
}

}  // namespace switchyard::serve
