// A certificate with its chain and key, checked: what a server shows in a handshake.
//
// Invariants: immutable; the key belongs to the leaf and is strong enough; `chain` stands in the order in which it is
//   sent; names are lower case, "*.x" for a wildcard. Whatever is wrong but does not make it useless – expired, not yet
//   valid, a chain in disorder – is a warning: a change is never held back by an old certificate.
// Threads: any; OpenSSL counts the references of what is inside. Owns: certificates and key.
// Errors: one sentence that says what is wrong and how to mend it; none holds a byte of a key.
// Units: seconds since 1970.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::net {

struct X509Free {
    void operator()(X509* x) const { X509_free(x); }
    void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
    void operator()(STACK_OF(X509) * s) const { sk_X509_pop_free(s, X509_free); }
};
using Certificate = std::unique_ptr<X509, X509Free>;
using PrivateKey = std::unique_ptr<EVP_PKEY, X509Free>;
using CertificateStack = std::unique_ptr<STACK_OF(X509), X509Free>;

struct TlsIdentity {
    Certificate leaf;
    CertificateStack chain;  // without the leaf, as it is sent
    PrivateKey key;
    std::vector<std::string> names;  // of the subject's alternative names, DNS only
    std::string subject, issuer, serial;
    std::string key_kind;     // "ECDSA P-256", "RSA 2048"
    std::string fingerprint;  // SHA-256 of the leaf, hex
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    std::vector<std::string> warnings;  // that do not change with time

    bool is_rsa() const;
    // True when one of the names stands for this host name (lower case, no trailing dot).
    bool covers(std::string_view host) const;
    // The same octets would be sent, under the same key.
    bool same_as(const TlsIdentity& other) const;
    // From when on its end is told of.
    std::int64_t warn_from() const;
    // Those that change with time and those that do not.
    std::vector<std::string> warnings_at(std::int64_t now) const;
};

// Two weeks before the end, or when two thirds of a shorter life are over: there are certificates of six days.
inline constexpr std::int64_t kExpiryWarningSeconds = std::int64_t{14} * 24 * 3600;

// From the octets of two PEM files; null and `why` set when they are of no use. `chain_file` and `key_file` are the
// names that the sentences use.
std::shared_ptr<const TlsIdentity> read_tls_identity(std::string_view chain_pem, std::string_view key_pem,
                                                     std::string_view chain_file, std::string_view key_file,
                                                     std::string* why);

}  // namespace switchyard::net
