// A TLS client over a Wire, turned with the crank: OpenSSL in memory, so that every octet between it and the proxy can
// be held back, cut or counted.
//
// Threads: the test's. Owns: the SSL and its context.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/crank.h"

namespace switchyard::test {

class TlsClient {
  public:
    struct Wishes {
        std::string server_name;  // empty: names no host
        std::string trusted;      // PEM of an authority; empty: no verification
        std::string alpn;         // as on the wire: length, name
        int max_version = 0;
        std::string signatures;  // the only ones it understands
        std::shared_ptr<SSL_SESSION> resume = {};
        std::string certificate = {}, key = {};  // PEM, of the client itself
    };
    TlsClient(Crank& crank, Wire wire, const Wishes& wishes);
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    // Sends its hello and waits for nothing.
    void begin();
    // True: the handshake is through. False: it was refused or cut; `alert` says how.
    bool handshake();
    void send(std::string_view text);
    // The same without a turn of the crank: what the wire takes now goes, and what has come is seen.
    void put(std::string_view text);
    void look();
    // Until it has decrypted `text`; gives everything.
    const std::string& see(std::string_view text);
    // Until the proxy has ended it; true when it said so (close_notify).
    bool see_end();
    // Says close_notify.
    void end();
    // After end(): what is put from now on is said all the same, as no client may.
    void speak_on() { SSL_set_shutdown(ssl_.get(), 0); }
    std::string take() { return std::exchange(seen, {}); }

    // SHA-256 of what was shown, hex.
    std::string shown() const;
    bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
    std::string version() const { return SSL_get_version(ssl_.get()); }
    std::string protocol() const;
    // The last ticket that has come.
    std::shared_ptr<SSL_SESSION> ticket() const { return ticket_; }
    // What it would come back with: in TLS 1.2 a resumed handshake changes its ticket in place.
    std::shared_ptr<SSL_SESSION> session() const { return {SSL_get1_session(ssl_.get()), SSL_SESSION_free}; }

    // Between OpenSSL and the wire: what the test does with the octets on their way to the proxy.
    std::function<std::string(std::string)> outward;
    Wire wire;
    std::string seen;
    int alert = 0;

  private:
    bool pump();  // true when something was moved
    bool move();
    void decrypt();
    static int keep_ticket(SSL* ssl, SSL_SESSION* session);

    Crank& crank_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    BIO* in_;
    BIO* out_;
    std::string waiting_;
    std::shared_ptr<SSL_SESSION> ticket_;
    bool notified_ = false;
};

}  // namespace switchyard::test
