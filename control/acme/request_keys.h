// Keys and what is signed with them on the way to a certificate: the request for it, and the proof of tls-alpn-01.
//
// Threads: any. Errors: std::runtime_error where OpenSSL itself fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/net/tls_book.h"

namespace switchyard::control::acme {

// A new key (ECDSA P-256) and a request for a certificate for these names, signed with it.
struct CertificateRequest {
    std::string key_pem;
    std::string der;  // PKCS #10
};
CertificateRequest make_request(const std::vector<std::string>& names);

// A certificate signed by itself that says, in an extension, that its owner knows the key authorization (RFC 8737 §3).
switchyard::net::TlsBook::Identity make_proof(const std::string& host, std::string_view key_authorization);

// How an authority names a certificate when it is asked when to renew it (RFC 9773 §4.1); empty: it names no issuer.
std::string renewal_id(const switchyard::net::TlsIdentity& identity);

}  // namespace switchyard::control::acme
