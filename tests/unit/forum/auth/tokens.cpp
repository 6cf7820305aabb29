#include <sys/resource.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "forum/auth/access_token.h"
#include "forum/auth/digest.h"
#include "forum/auth/password.h"

using namespace forum;

namespace {
const SigningKey kKey{"0123456789ab", "a secret of at least thirty-two bytes", 0};
constexpr Instant kAt = 1'790'000'000'000;
const AccessClaims kClaims{"zyxwvtsrqpnm", kAt, kAt + 15 * kMinute};
}  // namespace

TEST_CASE("digests are those of the published test vectors") {
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // RFC 4231, case 2
    CHECK(base64url(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
}

TEST_CASE("base64url goes there and back and has one form only") {
    for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
        CHECK(from_base64url(base64url(text)) == text);
    }
    CHECK(base64url("\xFF\xFE\xFD") == "__79");
    CHECK_FALSE(from_base64url("Zg=="));
    CHECK_FALSE(from_base64url("Zh"));  // bits that no encoder writes
    CHECK_FALSE(from_base64url("a"));
    CHECK_FALSE(from_base64url("a+b/"));
}

TEST_CASE("a token holds for its key and its time") {
    const std::string token = sign_access_token(kKey, kClaims);
    CHECK(kid_of(token) == kKey.kid);
    CHECK(verify_access_token(kKey, token, kAt) == kClaims);
    CHECK_FALSE(verify_access_token(kKey, token, kClaims.expires_at));
    SigningKey other = kKey;
    other.secret += "!";
    CHECK_FALSE(verify_access_token(other, token, kAt));
    other = kKey;
    other.kid = "ba9876543210";
    CHECK_FALSE(verify_access_token(other, token, kAt));
}

TEST_CASE("no other algorithm has a way in") {
    const std::string claims = base64url(R"({"sid":"zyxwvtsrqpnm","iat":1790000000,"exp":1790000900})");
    for (const char* head : {R"({"alg":"none","typ":"JWT","kid":"0123456789ab"})", R"({"alg":"none"})",
                             R"({"alg":"HS512","typ":"JWT","kid":"0123456789ab"})"}) {
        const std::string unsigned_token = base64url(head) + '.' + claims;
        CAPTURE(head);
        CHECK_FALSE(verify_access_token(kKey, unsigned_token + '.', kAt));
        CHECK_FALSE(
            verify_access_token(kKey, unsigned_token + '.' + base64url(hmac_sha256(kKey.secret, unsigned_token)), kAt));
    }
}

TEST_CASE("a token with any one letter changed does not hold") {
    const std::string token = sign_access_token(kKey, kClaims);
    std::mt19937 random(5);
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string changed = token;
        do {
            changed[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="[random() % 66];
        } while (changed[i] == token[i]);
        CAPTURE(changed);
        CHECK_FALSE(verify_access_token(kKey, changed, kAt));
    }
}

TEST_CASE("passwords are argon2id with the recommended parameters, each with its own salt") {
    PasswordHasher hasher(2);
    const std::string first = hasher.hash("correct horse");
    CHECK(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    CHECK(first != hasher.hash("correct horse"));
    CHECK(hasher.verify("correct horse", first));
    CHECK_FALSE(hasher.verify("correct horsf", first));
    CHECK_FALSE(hasher.verify("correct horse", "no password"));
}

TEST_CASE("what quiet threads compute is waited for, and what it throws comes back") {
    QuietThreads threads(2);
    int done = 0;
    for (int n = 0; n < 10; ++n) threads.run([&] { ++done; });
    CHECK(done == 10);
    CHECK_THROWS_AS(threads.run([] { throw std::runtime_error("no"); }), std::runtime_error);
    int nice = 0;
    threads.run([&] { nice = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); });
    CHECK(nice > ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())));
}
