// The keys of TLS session tickets, shared by all workers: a client may come back to any of them.
//
// Invariants: tickets are written under the current key; those of the previous one are still read, and of the next one
//   too, for the moment in which workers do not agree. Keys never leave the process.
// Threads: control rotates; workers read without a lock of ours. Owns: the keys, wiped when they go.
// Source: RFC 5077 §4 (the recommended ticket) and RFC 8446 §C.4 (a ticket is used once, so each resumption renews).
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <memory>

namespace switchyard::net {

class TicketKeys {
  public:
    TicketKeys();
    // A new key is the next one; the next is the current, the current the previous. Tickets live as long as two turns.
    void rotate();

    // What OpenSSL asks for (SSL_CTX_set_tlsext_ticket_key_evp_cb): sets the contexts up and gives its return value.
    int prepare(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                int encrypt) const;

  private:
    struct Key {
        std::array<unsigned char, 16> name;
        std::array<unsigned char, 32> aes;
        std::array<unsigned char, 32> hmac;
    };
    struct Ring {
        Key current, previous, next;
        ~Ring();
    };
    static Key fresh();
    std::atomic<std::shared_ptr<const Ring>> ring_;
};

}  // namespace switchyard::net
