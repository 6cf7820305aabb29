// Signed requests of ACME: an account's key (ECDSA P-256), its public half and thumbprint as JSON Web Keys, and bodies
// as JSON Web Signatures (RFC 7515, 7638; RFC 8555 §6.2).
//
// Threads: any; a key is immutable. Owns: the key. Errors: a text that is no key gives nothing; what OpenSSL itself
// cannot do throws std::runtime_error.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/net/tls_identity.h"

namespace switchyard::control::acme {

class AccountKey {
  public:
    static AccountKey make();
    // Nothing: it is no private key of that kind.
    static std::optional<AccountKey> from_pem(std::string_view pem);
    std::string pem() const;

    // {"crv","kty","x","y"}: the public half, members in the order of RFC 7638.
    nlohmann::ordered_json jwk() const;
    std::string thumbprint() const;
    // What proves that the machine that answers a challenge has this key (RFC 8555 §8.1).
    std::string authorization(std::string_view token) const;

    // 64 octets, r and s (RFC 7518 §3.4).
    std::string sign(std::string_view text) const;

  private:
    explicit AccountKey(switchyard::net::PrivateKey key) : key_(std::move(key)) {}
    std::shared_ptr<EVP_PKEY> key_;
};

// The body of a request. `by`: the account's URL, or empty: the key itself (newAccount). No payload: POST-as-GET.
std::string signed_body(const AccountKey& key, const std::string& by, const std::string& url, const std::string& nonce,
                        const std::optional<nlohmann::ordered_json>& payload);

// RFC 8555 §7.3.4: that the account belongs to one that the authority has given out. `mac_key`: its octets.
nlohmann::ordered_json account_binding(const AccountKey& key, const std::string& url, const std::string& key_id,
                                       std::string_view mac_key);

std::string sha256(std::string_view bytes);

}  // namespace switchyard::control::acme
