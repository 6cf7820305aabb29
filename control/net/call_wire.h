// The connection of calls to a server outside: TCP or a unix socket, in clear or by TLS as the workers speak it to
// endpoints.
//
// Invariants: at most one operation is under way; after cancel() all that is under way and all that comes ends with an
//   error.
// Threads: that of its executor. Errors: of the system; what TLS has to say stands in trouble().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/net/tls.h"
#include "proxy/net/tls_outward.h"

namespace switchyard::control::net {

class CallWire {
  public:
    using Error = boost::system::error_code;
    explicit CallWire(const boost::asio::any_io_executor& executor);
    ~CallWire();

    boost::asio::generic::stream_protocol::socket socket;

    // From here on by TLS; the sessions of the calls before are for coming back by.
    boost::asio::awaitable<Error> secure(const switchyard::net::OutwardTls& how, const std::string& host,
                                         std::shared_ptr<switchyard::net::TlsSessions> sessions,
                                         switchyard::net::Tls::Offer offer);
    // By ALPN.
    bool chose_http2() const;
    // Says that nothing more will be said, and listens until the other side ends too. By TLS 1.3 an endpoint refuses
    // our certificate when the handshake is over for us: trouble() tells.
    boost::asio::awaitable<void> hear_last_word();
    boost::asio::awaitable<Error> write(std::string_view octets);
    boost::asio::awaitable<std::pair<Error, std::size_t>> read_some(std::span<char> into);
    const std::string& trouble() const;  // empty: TLS had none
    void cancel();

  private:
    struct Secured;
    std::unique_ptr<Secured> secured_;
};

}  // namespace switchyard::control::net
