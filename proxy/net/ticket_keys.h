// The keys of TLS session tickets, shared by all workers: a client may come back to any of them.
//
// Invariants: tickets are written under the current key; those of the previous one are still read, and of the next one
//   too, for the moment in which workers do not agree. Keys leave the process for the one that takes its place only.
// Threads: control rotates; workers read without a lock of ours. Owns: the keys, wiped when they go.
// Source: RFC 5077 §4 (the recommended ticket) and RFC 8446 §C.4 (a ticket is used once, so each resumption renews).
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "proxy/net/descriptor.h"

namespace switchyard::net {

class TicketKeys {
  public:
    // How long tickets are written under one key; they are read for as long again. A stolen key opens no more.
    static constexpr std::int64_t kTurnSeconds = std::int64_t{12} * 3600;

    TicketKeys();
    // A new key is the next one; the next is the current, the current the previous.
    void rotate();
    // True: it was time to. `now`: seconds of a clock that is never set. After a sleep of two turns no ticket from
    // before is read any more.
    bool rotate_if_due(std::int64_t now);

    // In memory that the other process gets the descriptor of: when they were turned (8 octets, the lowest first), then
    // current, previous and next, each as name, AES and HMAC.
    Descriptor handed_on() const;
    // False: that is not what was handed on; nothing has changed.
    bool take(int memory);

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
    static constexpr std::size_t kHandedOn = 8 + 3 * (16 + 32 + 32);
    static Key fresh();
    std::int64_t turned_ = -1;  // when it was rotated last, by control's clock
    std::atomic<std::shared_ptr<const Ring>> ring_;
};

}  // namespace switchyard::net
