// Short-lived proof of a login: a JSON Web Token (RFC 7519) signed with HS256 under one of several keys named by `kid`.
//
// A token says who and which session, never what they may do: role, ban and revocation are read fresh on every request,
// so taking them away works at once. Only tokens of exactly the shape made here are accepted ("alg":"none" and other
// algorithms have no way in, because the header is compared and not interpreted).
// Pure. Threads: any. Errors: nullopt for any token that does not hold; it does not say why.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/domain/instant.h"

namespace forum {

struct SigningKey {
    std::string kid;
    std::string secret;
    Instant created_at = 0;
};

struct AccessClaims {
    std::string session;  // public id of the session
    Instant issued_at = 0;
    Instant expires_at = 0;

    friend bool operator==(const AccessClaims&, const AccessClaims&) = default;
};

std::string sign_access_token(const SigningKey& key, const AccessClaims& claims);

// The kid a token claims to be signed with; nothing is verified yet.
std::optional<std::string> kid_of(std::string_view token);

// The claims when the signature holds and the token has not expired. Times have whole seconds.
std::optional<AccessClaims> verify_access_token(const SigningKey& key, std::string_view token, Instant at);

}  // namespace forum
