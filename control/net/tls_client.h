// TLS towards a server: whom it is believed, what name it is asked by, and what is shown to it.
//
// A context is made once for its settings and used for many connections; `aim` makes one connection ask for a name and
// insist on it. The caller that drives the handshake says with `tls_trouble` why it failed, in words an operator can
// use. Threads: any; a context is shared by connections of one thread. Owns: nothing but what it returns. Making a
// context reads files and blocks on their disk: control's loop does it aside (`PatientRead`).
#pragma once

#include <openssl/types.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

namespace switchyard::control::net {

struct TlsClientSettings {
    std::string ca_file = {};      // PEM, whom it is believed; empty: the machine's own authorities
    std::string server_name = {};  // asked for and insisted on; empty: the host that is connected to
    std::string chain_file = {};   // PEM, the client's own certificate and those that signed it; empty: none
    std::string key_file = {};
    bool verify = true;
    bool operator==(const TlsClientSettings&) const = default;
};

// Null, and `why` says which file cannot be used.
std::shared_ptr<boost::asio::ssl::context> make_tls_client_context(const TlsClientSettings& settings, std::string* why);

// Before the handshake: the name or address (without brackets) that this connection is for.
void aim(SSL* ssl, const TlsClientSettings& settings, const std::string& host);

// After a handshake that failed. `verify_failed`: the server is there and is not trusted.
struct HandshakeTrouble {
    std::string words;
    bool untrusted = false;
};
HandshakeTrouble tls_trouble(SSL* ssl, const boost::system::error_code& error);

}  // namespace switchyard::control::net
