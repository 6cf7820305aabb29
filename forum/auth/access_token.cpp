#include "forum/auth/access_token.h"

#include <charconv>

#include "forum/auth/digest.h"
#include "forum/domain/public_id.h"

namespace forum {

namespace {

constexpr std::string_view kHeadBefore = R"({"alg":"HS256","typ":"JWT","kid":")";
constexpr std::string_view kHeadAfter = R"("})";
constexpr std::string_view kSession = R"({"sid":")";
constexpr std::string_view kIssued = R"(","iat":)";
constexpr std::string_view kExpires = R"(,"exp":)";
constexpr std::string_view kEnd = "}";

struct Parts {
    std::string_view head;
    std::string_view claims;
    std::string_view signature;
    std::string_view signed_part;
};

std::optional<Parts> split(std::string_view token) {
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
                 token.substr(0, second)};
}

bool take(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

bool take_seconds(std::string_view& text, Instant& out) {
    Instant seconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec != std::errc{} || seconds < 0 || seconds > 1'000'000'000'000) return false;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    out = seconds * kSecond;
    return true;
}

std::optional<AccessClaims> claims_from(std::string_view text) {
    AccessClaims claims;
    if (!take(text, kSession) || text.size() < kPublicIdLength) return std::nullopt;
    claims.session = text.substr(0, kPublicIdLength);
    text.remove_prefix(kPublicIdLength);
    if (!is_public_id(claims.session)) return std::nullopt;
    if (!take(text, kIssued) || !take_seconds(text, claims.issued_at)) return std::nullopt;
    if (!take(text, kExpires) || !take_seconds(text, claims.expires_at)) return std::nullopt;
    if (text != kEnd) return std::nullopt;
    return claims;
}

}  // namespace

std::string sign_access_token(const SigningKey& key, const AccessClaims& claims) {
    std::string head(kHeadBefore);
    head += key.kid;
    head += kHeadAfter;
    std::string body(kSession);
    body += claims.session;
    body += kIssued;
    body += std::to_string(claims.issued_at / kSecond);
    body += kExpires;
    body += std::to_string(claims.expires_at / kSecond);
    body += kEnd;
    std::string token = base64url(head) + '.' + base64url(body);
    const std::string signature = base64url(hmac_sha256(key.secret, token));
    return token + '.' + signature;
}

std::optional<std::string> kid_of(std::string_view token) {
    const auto parts = split(token);
    if (!parts) return std::nullopt;
    const auto head = from_base64url(parts->head);
    if (!head) return std::nullopt;
    std::string_view rest = *head;
    if (!take(rest, kHeadBefore) || !rest.ends_with(kHeadAfter)) return std::nullopt;
    rest.remove_suffix(kHeadAfter.size());
    if (!is_public_id(rest)) return std::nullopt;
    return std::string(rest);
}

std::optional<AccessClaims> verify_access_token(const SigningKey& key, std::string_view token, Instant at) {
    const auto parts = split(token);
    if (!parts || kid_of(token) != key.kid) return std::nullopt;
    const auto signature = from_base64url(parts->signature);
    if (!signature || !equal_in_constant_time(*signature, hmac_sha256(key.secret, parts->signed_part))) {
        return std::nullopt;
    }
    const auto text = from_base64url(parts->claims);
    if (!text) return std::nullopt;
    const auto claims = claims_from(*text);
    if (!claims || at >= claims->expires_at) return std::nullopt;
    return claims;
}

}  // namespace forum
