// A certificate that listeners name: files, or what an authority is asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace switchyard::config {

struct AccountBinding {    // to an account that an authority has given out by other means (RFC 8555 §7.3.4)
    std::string key_id;    // as it calls the key
    std::string key_file;  // holds the key as it was given: base64url, on one line
    bool operator==(const AccountBinding&) const = default;
};

struct Acme {                               // a certificate that is asked for, and renewed, by the proxy itself
    std::vector<std::string> names;         // host names; the first is its subject
    std::string email;                      // where the authority writes to; empty: nowhere
    std::string directory = "letsencrypt";  // | letsencrypt-staging | URL of the authority's directory
    std::string ca;                         // PEM file of whom the directory is believed by; empty: the machine's own
    std::string challenge = "any";          // any | http-01 | tls-alpn-01
    std::optional<AccountBinding> account;  // none: the authority takes every client
    bool operator==(const Acme&) const = default;
};

struct Certificate {         // PEM files, read when a generation is made; or asked for by ACME
    std::string chain = {};  // the certificate, then those that signed it
    std::string key = {};
    std::optional<Acme> acme = {};
    bool operator==(const Certificate&) const = default;
};

}  // namespace switchyard::config
