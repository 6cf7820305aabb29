// How connections to endpoints speak TLS: whom they believe, what they show, which versions; and the sessions by which
// they come back.
//
// Invariants: OutwardTls is immutable; two connections that are made by the same one may stand in for each other, and
// no
//   others. Without authorities any certificate is taken. Sessions are kept for one endpoint and one OutwardTls.
// Threads: OutwardTls is made by control and shared by all workers (OpenSSL counts references); TlsSessions belong to
//   one worker. Errors: a sentence that says what OpenSSL refuses.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

#include "proxy/net/tls_authorities.h"
#include "proxy/net/tls_book.h"
#include "proxy/net/tls_policy.h"

namespace switchyard::net {

struct OutwardSettings {
    std::shared_ptr<const TlsAuthorities> authorities;  // null: no endpoint is verified
    TlsBook::Identity identity;                         // shown to endpoints that ask; null: none
    std::string server_name;                            // of all of them; empty: each one's own host
    bool only_1_3 = false;
    bool lenient_close = false;
};

class OutwardTls {
  public:
    // Null and `why` set when OpenSSL refuses.
    static std::shared_ptr<const OutwardTls> make(OutwardSettings settings, std::string* why);

    bool verifies() const { return settings_.authorities != nullptr; }
    bool lenient_close() const { return settings_.lenient_close; }
    const OutwardSettings& settings() const { return settings_; }
    SSL_CTX* context() const { return context_.get(); }
    // A connection of context() asks for `host`, and accepts no other name where it verifies. False: no memory,
    // or there is no name to verify.
    bool aim(SSL* ssl, const std::string& host) const;

  private:
    OutwardSettings settings_;
    std::unique_ptr<SSL_CTX, SslContextFree> context_;
};

// The last sessions with one endpoint. In TLS 1.3 each is used once; two, so that a pair of connections at the same
// time can both come back.
class TlsSessions {
  public:
    TlsSessions() = default;
    TlsSessions(const TlsSessions&) = delete;
    TlsSessions& operator=(const TlsSessions&) = delete;

    // Takes the reference over.
    void keep(SSL_SESSION* session);
    // Null: none, or the certificate of the one that there was has ended since.
    std::unique_ptr<SSL_SESSION, SslContextFree> take(bool verifies);

  private:
    std::array<std::unique_ptr<SSL_SESSION, SslContextFree>, 2> kept_;  // the newer one first
};

}  // namespace switchyard::net
