// How a listener speaks TLS: certificates by name, versions, ciphers, tickets; what a handshake goes by.
//
// Invariants: immutable; part of a generation. A handshake goes by the policy that is in force when its client hello
//   arrives (`PolicyNow`), not by that of the accept; a connection that stands keeps what it was given.
//   Sessions of one client policy are never resumed under another: the session id context is its hash.
// Threads: made by control; SSL_CTX and identities are shared by all workers (OpenSSL counts references).
// Errors: a sentence that says which setting OpenSSL refuses.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/net/client_check.h"
#include "proxy/net/handshake_rate.h"
#include "proxy/net/ticket_keys.h"
#include "proxy/net/tls_book.h"

namespace switchyard::net {

struct SslContextFree {
    void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
    void operator()(SSL* s) const { SSL_free(s); }
    void operator()(SSL_SESSION* s) const { SSL_SESSION_free(s); }
};

struct TlsSettings {
    std::vector<TlsBook::Identity> identities;
    std::size_t by_default = 0;  // of `identities`: for clients that name no host, or an unknown one
    bool strict_sni = false;     // an unknown name is refused instead
    bool only_1_3 = false;
    bool http1 = true, http2 = false;  // what is offered by ALPN
    std::string ciphers;               // of TLS 1.2, as OpenSSL names them; empty: the usual ones
    std::int64_t handshake_timeout_ms = 10'000;
    std::uint32_t max_handshakes_per_second = 0;  // 0: no limit
    std::shared_ptr<const ClientCheck> client = ClientCheck::nobody();
    // Of hosts that have another one: names or "*.suffix", lower case.
    std::vector<std::pair<std::string, std::shared_ptr<const ClientCheck>>> hosts;
};

class TlsPolicy {
  public:
    TlsBook book;
    TlsBook::Identities by_default;
    bool strict_sni = false;
    bool http1 = true, http2 = false;
    int min_version = TLS1_2_VERSION;
    std::int64_t handshake_timeout_ms = 0;
    std::unique_ptr<HandshakeRate> rate;  // shared by all workers; null: no limit
    std::shared_ptr<const TicketKeys> tickets;
    std::shared_ptr<const ClientCheck> client;
    std::vector<std::pair<std::string, std::shared_ptr<const ClientCheck>>> hosts;  // sorted
    // Of a host as a client names it; empty: it names none.
    const std::shared_ptr<const ClientCheck>& client_for(std::string_view host) const;
    std::unique_ptr<SSL_CTX, SslContextFree> context;
};

// Null and `why` set when OpenSSL refuses a setting or two identities claim one name.
std::shared_ptr<const TlsPolicy> make_tls_policy(const TlsSettings& settings, std::shared_ptr<const TicketKeys> tickets,
                                                 std::string* why);

// The policy in force where a connection has come in, asked when its client hello is there. Null: TLS is spoken no
// more.
struct PolicyNow {
    std::shared_ptr<const TlsPolicy> (*ask)(const void* whom) = nullptr;
    const void* whom = nullptr;
    // What an authority is shown that asks whether this host is ours (tls-alpn-01); null: nothing is open.
    TlsBook::Identity (*proof)(const void* whom, std::string_view host) = nullptr;
    std::shared_ptr<const TlsPolicy> operator()() const { return ask(whom); }
};

}  // namespace switchyard::net
