// TLS of one load thread: how its connections shake hands, and the sessions by which they come back.
//
// Verifies no server unless a file of authorities is given: what is measured is the server. Full or resumed handshakes
// are the run's choice, and counted, so that a run that meant one and got the other says so. Threads: one. Owns: the
// context and the kept sessions. Errors: set-up throws std::invalid_argument with the reason.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace yardbench {

struct SecureChoice {
    bool on = false;
    bool resume = true;          // new connections come back by the session of one before
    std::string ca;              // PEM; empty: every server is believed
    std::string host;            // asked for (SNI), and verified with `ca`
    std::string newest = "1.3";  // 1.2 | 1.3
    bool http2 = false;          // asked for by ALPN, and nothing else is
};

class Secure {
  public:
    explicit Secure(SecureChoice choice);
    ~Secure();
    Secure(const Secure&) = delete;
    Secure& operator=(const Secure&) = delete;

    enum class Step : std::uint8_t { done, wants_read, wants_write, closed, failed };
    // For a connected socket.
    SSL* begin(int fd);
    // `full` or `resumed` is counted when it is done.
    Step shake(SSL* ssl);
    Step read(SSL* ssl, char* into, std::size_t size, std::size_t& got);
    Step write(SSL* ssl, const char* bytes, std::size_t size, std::size_t& taken);
    // Without a word to the other side.
    static void end(SSL* ssl);

    // Whether the server has chosen what was asked for.
    bool agreed(SSL* ssl) const;

    std::uint64_t full = 0, resumed = 0;

  private:
    static int keep(SSL* ssl, SSL_SESSION* session);
    static Step step_of(SSL* ssl, int result);

    SecureChoice choice_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::vector<SSL_SESSION*> sessions_;
};

}  // namespace yardbench
