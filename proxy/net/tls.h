// TLS on one connection: plaintext on one side, the socket's octets on the other, without a wait.
//
// Invariants: Socket's flags stay true to what a caller may do: `readable` until OpenSSL wants more than the kernel
// has.
//   A write takes whole records: what it says was taken is encrypted, and what the kernel did not take of it is held
//   here (`unsent`) and goes out first. Before a connection is idle, handed on or closed, unsent() is 0.
//   A body is never ended by a FIN without close_notify (`truncated`).
// Threads: one worker. Owns: the SSL; a block of the worker's pool only while ciphertext waits.
// Errors: Transfer, as Stream; `trouble` says in words why a handshake failed.
#pragma once

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "proxy/base/tls_counts.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/net/poller.h"
#include "proxy/net/tls_hello.h"
#include "proxy/net/tls_policy.h"
#include "proxy/net/transfer.h"

namespace switchyard::net {

class OutwardTls;
class TlsSessions;

class Tls {
  public:
    static constexpr std::size_t kRecord = 16 * 1024;  // the most plaintext of one (RFC 8446 §5.1)
    enum class Step : unsigned char {
        done,
        again,       // wait for readable or writable
        proved,      // the client is an authority that has seen the proof it asked for, and asks for nothing else
        plain_http,  // the client speaks HTTP without TLS
        failed,
    };
    // Why there is no connection.
    struct Trouble {
        std::string words;
        TlsTrouble kind = TlsTrouble::malformed;
        // The handshake failed because the other side's certificate is not to be believed.
        bool untrusted = false;
        // A read found that the other side has refused what it was shown in the handshake (TLS 1.3 tells so late),
        // before it has said anything.
        bool refused = false;
    };

    // The server's side. `early` are octets that came before and belong to the client hello.
    Tls(Socket& socket, BufferPool& buffers, PolicyNow policy_now, std::string_view early);
    // What a client offers by ALPN; nothing: HTTP/1.1 is meant.
    enum class Offer : unsigned char { nothing, http2, http2_or_1 };
    // The client's side, towards `host`; it comes back by one of `sessions`, and leaves those that it gets there.
    Tls(Socket& socket, BufferPool& buffers, const OutwardTls& how, const std::string& host,
        std::shared_ptr<TlsSessions> sessions, Offer offer = Offer::nothing);
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;
    ~Tls();

    Step handshake();
    Transfer read(std::span<char> into);
    Transfer write(std::span<const iovec> pieces, bool more_follows = false);
    std::size_t unsent() const { return out_.size(); }
    // done: nothing is held any more.
    Transfer::Status flush();
    // close_notify, and what is held, as far as the kernel takes it.
    void say_end();

    // The last read met a FIN without close_notify, where that is not allowed for.
    bool truncated() const { return truncated_; }
    // Octets that the kernel has taken, handshake and all.
    std::uint64_t wire_sent() const { return wire_sent_; }
    // By ALPN.
    bool chose_http2() const;
    bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
    const Trouble& trouble() const { return trouble_; }
    // Of the client, on the server's side.
    TlsHello& hello() { return hello_; }
    const TlsHello& hello() const { return hello_; }
    const ClientClaims& claims() { return hello_.claims(ssl_.get()); }
    bool client_still_stands() const { return hello_.client_still_stands(ssl_.get()); }

    // For the callback of new sessions.
    void keep_session(SSL_SESSION* session);

  private:
    static BIO_METHOD* method();
    static int bio_read(BIO* bio, char* into, int size);
    static int bio_write(BIO* bio, const char* bytes, int size);
    static long bio_control(BIO* bio, int command, long number, void* pointer);
    void make(SSL_CTX* context);
    void make_offer(Offer offer);
    bool only_tickets_left() const;
    Transfer read_failed(int result);
    void note_trouble(int result);

    Socket& socket_;
    TlsHello hello_;
    std::shared_ptr<TlsSessions> sessions_;
    std::unique_ptr<SSL, SslContextFree> ssl_;
    std::uint64_t wire_sent_ = 0;
    Buffer out_;         // ciphertext that the kernel has not taken
    std::string early_;  // to be read before the socket
    Trouble trouble_;
    int flags_ = 0;     // of what is being sent
    bool dry_ = false;  // the kernel gave less than it was asked for, in this call
    bool ended_ = false;
    bool truncated_ = false;
    bool lenient_ = false;
    bool tickets_wait_ = false;  // in the kernel, to go with the first answer
    bool heard_ = false;         // a read has brought something
    bool read_waits_ = false;    // for room to write: an answer of TLS's own
};

}  // namespace switchyard::net
