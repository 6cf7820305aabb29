// Verifies the JSON Web Token of a request (RFC 7519, 7515) so that rules and splits may trust its claims.
//
// HS256, RS256 or ES256, exactly the one the route names: the token's own "alg" is compared, never obeyed. exp and nbf
//   are checked with a leeway. A token that does not verify has no claims; it is not refused here.
// Threads: immutable after make(); verify() may be called by all workers at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/model/route.h"
#include "proxy/route/claims.h"

namespace switchyard::route {

class TokenVerifier {
  public:
    // Clocks of issuers and proxies differ by seconds, not minutes.
    static constexpr std::int64_t kLeewaySeconds = 30;
    static constexpr std::size_t kMaxToken = 8192;

    // Null and `why` set when the key cannot be used.
    static std::shared_ptr<const TokenVerifier> make(const config::Jwt& source, std::string* why);
    ~TokenVerifier();
    TokenVerifier(const TokenVerifier&) = delete;
    TokenVerifier& operator=(const TokenVerifier&) = delete;

    // Lower-case name of the header that carries the token.
    const std::string& header() const { return header_; }
    // `value` is the header's: "Bearer …" or the bare token. False when it does not verify.
    bool verify(std::string_view value, std::int64_t now_seconds, Claims& claims) const;

  private:
    struct Key;
    TokenVerifier();
    std::string algorithm_, header_;
    std::unique_ptr<Key> key_;
};

}  // namespace switchyard::route
