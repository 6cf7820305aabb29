// An endpoint that speaks TLS over a Wire, turned with the crank: the server's side, by OpenSSL in memory.
//
// Threads: the test's. Owns: the context, which its connections share, as those of one server do.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "tests/support/certificates.h"
#include "tests/support/crank.h"

namespace switchyard::test {

class TlsEndpoint {
  public:
    struct Wishes {
        Made identity;
        std::string client_ca = {};  // PEM; empty: no client is asked for a certificate
        int max_version = 0;
        std::string protocols = {};  // its choice by ALPN, as it goes over the wire; empty: it chooses none
    };
    TlsEndpoint(Crank& crank, const Wishes& wishes);

    class Connection {
      public:
        Connection(Crank& crank, Wire wire, SSL_CTX* context);
        Connection(const Connection&) = delete;
        Connection& operator=(const Connection&) = delete;

        // False: it was refused; `alert` says how.
        bool handshake();
        void send(std::string_view text);
        // What goes over the wire for it, which is not sent; after the last of it, with the end of TLS said.
        std::string seal(std::string_view text, bool last = false);
        // Until it has decrypted `text`; gives everything.
        const std::string& see(std::string_view text);
        // Until the proxy has ended it; true when it said so (close_notify).
        bool see_end();
        // Says close_notify, and closes its sending side.
        void end();
        // New keys for both sides, asked for while nothing else is said.
        void change_keys();
        // Breaks the connection off with a fatal alert that is none of a handshake's (unexpected_message, or
        // bad_record_mac), as a server does that has failed at its work.
        void break_off();
        // Sends this and resets the connection, whatever has come and was not read.
        void send_and_reset(std::string_view text);
        std::string take() { return std::exchange(seen, {}); }

        bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
        std::string asked_for() const;       // server_name
        std::string client_subject() const;  // of the certificate that the proxy has shown; empty: none
        // What the proxy and it have agreed on by ALPN; empty: nothing.
        std::string protocol() const;
        std::string version() const { return SSL_get_version(ssl_.get()); }

        Wire wire;
        std::string seen;
        int alert = 0;

      private:
        bool pump();
        void decrypt();

        Crank& crank_;
        std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
        BIO* in_;
        BIO* out_;
        std::string waiting_;
        bool notified_ = false;
    };
    std::unique_ptr<Connection> accept(ListeningWire& listening);
    std::unique_ptr<Connection> take_over(Wire wire) {
        return std::make_unique<Connection>(crank_, std::move(wire), context_.get());
    }

  private:
    static int choose(SSL* ssl, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                      unsigned offered_size, void* endpoint);

    Crank& crank_;
    std::string protocols_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

}  // namespace switchyard::test
