// JSON Web Tokens: what verifies, and every way in which one must not.
#include "proxy/route/token_verifier.h"

#include <doctest/doctest.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <vector>

using namespace switchyard;
using route::Claims;
using route::TokenVerifier;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;

std::string base64url(std::string_view bytes) {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6) out += kDigits[bits >> (count - 6) & 63];
    }
    if (count > 0) out += kDigits[bits << (6 - count) & 63];
    return out;
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key rsa_key() {
    return {EVP_RSA_gen(2048), EVP_PKEY_free};
}
Key ec_key() {
    return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

std::string public_pem(EVP_PKEY* key) {
    std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PUBKEY(bio.get(), key);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string hmac(const std::string& secret, const std::string& covered) {
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(covered.data()), covered.size(), mac, &length);
    return {reinterpret_cast<char*>(mac), length};
}

std::string signature(EVP_PKEY* key, const std::string& covered) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(covered.data());
    EVP_DigestSign(context.get(), nullptr, &size, bytes, covered.size());
    std::vector<unsigned char> out(size);
    EVP_DigestSign(context.get(), out.data(), &size, bytes, covered.size());
    if (EVP_PKEY_base_id(key) != EVP_PKEY_EC) return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
    // JOSE wants r and s as they are, 32 octets each.
    const unsigned char* der = out.data();
    std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size)),
                                                               ECDSA_SIG_free);
    std::string raw(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), reinterpret_cast<unsigned char*>(raw.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), reinterpret_cast<unsigned char*>(raw.data()) + 32, 32);
    return raw;
}

std::string covered_by(const std::string& algorithm, const std::string& payload) {
    return base64url(R"({"alg":")" + algorithm + R"(","typ":"JWT"})") + "." + base64url(payload);
}
std::string hs256(const std::string& payload, const std::string& secret = "secret",
                  const std::string& algorithm = "HS256") {
    const auto covered = covered_by(algorithm, payload);
    return covered + "." + base64url(hmac(secret, covered));
}
std::string signed_by(EVP_PKEY* key, const std::string& algorithm, const std::string& payload) {
    const auto covered = covered_by(algorithm, payload);
    return covered + "." + base64url(signature(key, covered));
}

std::shared_ptr<const TokenVerifier> verifier(const std::string& algorithm, const std::string& key) {
    config::Jwt source;
    source.algorithm = algorithm;
    source.key = key;
    std::string why;
    auto out = TokenVerifier::make(source, &why);
    REQUIRE_MESSAGE(out, why);
    return out;
}

bool holds(const TokenVerifier& verifier, const std::string& value, std::int64_t now = kNow) {
    Claims claims;
    return verifier.verify(value, now, claims);
}

}  // namespace

TEST_CASE("a good token gives its claims, strings as they are and the rest as JSON") {
    const auto v = verifier("HS256", "secret");
    Claims claims;
    REQUIRE(v->verify("Bearer " + hs256(R"({"sub":"ann","beta":true,"level":7})"), kNow, claims));
    CHECK(claims.value("sub") == "ann");
    CHECK(claims.value("beta") == "true");
    CHECK(claims.value("level") == "7");
    CHECK(claims.value("none").data() == nullptr);
    CHECK(holds(*v, hs256("{}")));
    CHECK(holds(*v, "bearer " + hs256("{}")));
}

TEST_CASE("RS256 and ES256 verify with the public key, and with no other") {
    const Key rsa = rsa_key(), other_rsa = rsa_key(), ec = ec_key(), other_ec = ec_key();
    const auto by_rsa = verifier("RS256", public_pem(rsa.get()));
    const auto by_ec = verifier("ES256", public_pem(ec.get()));
    CHECK(holds(*by_rsa, signed_by(rsa.get(), "RS256", "{}")));
    CHECK_FALSE(holds(*by_rsa, signed_by(other_rsa.get(), "RS256", "{}")));
    CHECK(holds(*by_ec, signed_by(ec.get(), "ES256", "{}")));
    CHECK_FALSE(holds(*by_ec, signed_by(other_ec.get(), "ES256", "{}")));
    CHECK_FALSE(holds(*by_rsa, signed_by(ec.get(), "RS256", "{}")));
    CHECK_FALSE(holds(*by_ec, signed_by(rsa.get(), "ES256", "{}")));
}

TEST_CASE("the token's own algorithm is never obeyed") {
    const Key rsa = rsa_key();
    const auto pem = public_pem(rsa.get());
    const auto by_rsa = verifier("RS256", pem);
    // The public key is public: a caller that could use it as a secret could sign anything.
    CHECK_FALSE(holds(*by_rsa, hs256("{}", pem)));
    CHECK_FALSE(holds(*by_rsa, hs256("{}", pem, "RS256")));
    CHECK_FALSE(holds(*by_rsa, covered_by("none", "{}") + "."));
    CHECK_FALSE(holds(*by_rsa, covered_by("RS256", "{}") + "."));
    const auto by_secret = verifier("HS256", "secret");
    for (const char* algorithm : {"none", "None", "HS512", "hs256", "RS256", ""}) {
        CAPTURE(algorithm);
        CHECK_FALSE(holds(*by_secret, hs256("{}", "secret", algorithm)));
    }
}

TEST_CASE("a token holds between nbf and exp, with a leeway for clocks") {
    const auto v = verifier("HS256", "secret");
    const auto leeway = TokenVerifier::kLeewaySeconds;
    auto exp = [](std::int64_t at) { return hs256(R"({"exp":)" + std::to_string(at) + "}"); };
    auto nbf = [](std::int64_t at) { return hs256(R"({"nbf":)" + std::to_string(at) + "}"); };
    CHECK(holds(*v, exp(kNow + 1)));
    CHECK(holds(*v, exp(kNow - leeway + 1)));
    CHECK_FALSE(holds(*v, exp(kNow - leeway)));
    CHECK(holds(*v, nbf(kNow + leeway)));
    CHECK_FALSE(holds(*v, nbf(kNow + leeway + 1)));
    CHECK_FALSE(holds(*v, hs256(R"({"exp":"never"})")));
    CHECK_FALSE(holds(*v, hs256(R"({"exp":null})")));
}

TEST_CASE("anything changed or cut does not verify") {
    const auto v = verifier("HS256", "secret");
    const auto good = hs256(R"({"sub":"ann"})");
    REQUIRE(holds(*v, good));
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto changed = good;
        // The last digit of a signature carries bits that are not used.
        if (i + 1 == good.size()) continue;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CAPTURE(i);
        CHECK_FALSE(holds(*v, changed));
        CHECK_FALSE(holds(*v, good.substr(0, i)));
    }
    for (const std::string& bad :
         {std::string(), std::string("Bearer"), std::string(".."), good + ".x", good + "=",
          good + std::string(TokenVerifier::kMaxToken, 'A'), hs256("[]"), hs256("\"x\""), hs256("{\"a\":")}) {
        CAPTURE(bad);
        CHECK_FALSE(holds(*v, bad));
    }
    CHECK_FALSE(holds(*v, hs256("{}", "other")));
}

TEST_CASE("a key that does not fit its algorithm is refused when it is read") {
    const Key rsa = rsa_key(), ec = ec_key();
    auto refused = [](const std::string& algorithm, const std::string& key) {
        config::Jwt source;
        source.algorithm = algorithm;
        source.key = key;
        std::string why;
        return TokenVerifier::make(source, &why) == nullptr && !why.empty();
    };
    CHECK(refused("RS256", public_pem(ec.get())));
    CHECK(refused("ES256", public_pem(rsa.get())));
    CHECK(refused("RS256", "no key"));
}
