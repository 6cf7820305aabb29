// Whom a listener asks for a certificate, by whom it must be signed, and who the client is then.
//
// Invariants: immutable. `id` differs whenever a client that this one lets in might not be let in by the other – mode,
//   authorities, revocations, depth –, and is the session id context: a ticket from under one check opens no handshake
//   under another (CVE-2025-23419 is what happens else).
// Threads: made by control, applied by workers (OpenSSL counts references). Errors: sentences that name the file.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/client_claims.h"

namespace switchyard::net {

struct ClientCheckSettings {
    bool required = false;     // else a client without a certificate, or with a bad one, is let in and known as such
    std::uint32_t depth = 1;   // certificates between the client's and the authority
    std::string_view ca, crl;  // PEM; no crl: nothing is revoked
    std::string_view ca_file, crl_file;
    bool forward = false;  // endpoints are told
};

class ClientCheck {
  public:
    bool asks() const { return store_ != nullptr; }
    bool required() const { return required_; }
    bool forwards() const { return forward_; }
    const std::string& id() const { return id_; }
    // In the callback of a client hello, before any ticket is looked at.
    bool apply(SSL* ssl) const;
    // A resumed session carries the certificate of before: it must not have ended since.
    bool still_lets_in(SSL* ssl) const;

    static const std::shared_ptr<const ClientCheck>& nobody();
    // Null and `why` set when the files cannot be used.
    static std::shared_ptr<const ClientCheck> make(const ClientCheckSettings& settings, std::string* why);

  private:
    struct Free {
        void operator()(X509_STORE* s) const { X509_STORE_free(s); }
        void operator()(STACK_OF(X509_NAME) * n) const { sk_X509_NAME_pop_free(n, X509_NAME_free); }
    };
    std::string id_;
    bool required_ = false;
    bool forward_ = false;
    int depth_ = 0;
    std::unique_ptr<X509_STORE, Free> store_;
    std::unique_ptr<STACK_OF(X509_NAME), Free> names_;
};

// Of several alternative names the first; values that are no text of one line are left out.
ClientClaims client_claims(SSL* ssl);

}  // namespace switchyard::net
