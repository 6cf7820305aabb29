#include "control/acme/jws.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "control/acme/base64url.h"

namespace switchyard::control::acme {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr int kCoordinate = 32;  // octets of one, and of r and of s

[[noreturn]] void gave_up(const char* what) {
    throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

struct BnFree {
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string fixed(const BIGNUM* number) {
    std::array<unsigned char, kCoordinate> out{};
    if (BN_bn2binpad(number, out.data(), kCoordinate) != kCoordinate) gave_up("write a number");
    return {out.begin(), out.end()};
}

std::string coordinate(const EVP_PKEY* key, const char* which) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, which, &number) != 1) gave_up("read a public key");
    const std::unique_ptr<BIGNUM, BnFree> held(number);
    return fixed(number);
}

// Flattened JSON serialization (RFC 7515 §7.2.2).
std::string flattened(const OrderedJson& head, const std::string& payload, const auto& sign) {
    const auto protected_head = base64url(head.dump());
    const auto body = base64url(payload);
    return OrderedJson{
        {"protected", protected_head}, {"payload", body}, {"signature", base64url(sign(protected_head + '.' + body))}}
        .dump();
}

}  // namespace

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, 32> out{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr) != 1) gave_up("hash");
    return {out.begin(), out.end()};
}

AccountKey AccountKey::make() {
    switchyard::net::PrivateKey key(EVP_EC_gen("P-256"));
    if (!key) gave_up("make a key");
    return AccountKey(std::move(key));
}

std::optional<AccountKey> AccountKey::from_pem(std::string_view pem) {
    const std::unique_ptr<BIO, BnFree> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const auto no_password = [](char*, int, int, void*) { return 0; };
    switchyard::net::PrivateKey key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
    std::array<char, 32> group{};
    if (!key || EVP_PKEY_is_a(key.get(), "EC") != 1 ||
        EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr) != 1 ||
        std::string_view(group.data()) != "prime256v1")
        return std::nullopt;
    return AccountKey(std::move(key));
}

std::string AccountKey::pem() const {
    const std::unique_ptr<BIO, BnFree> out(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        gave_up("write a key");
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

OrderedJson AccountKey::jwk() const {
    return {{"crv", "P-256"},
            {"kty", "EC"},
            {"x", base64url(coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X))},
            {"y", base64url(coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y))}};
}

std::string AccountKey::thumbprint() const {
    return base64url(sha256(jwk().dump()));
}

std::string AccountKey::authorization(std::string_view token) const {
    return std::string(token) + '.' + thumbprint();
}

std::string AccountKey::sign(std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, BnFree> context(EVP_MD_CTX_new());
    std::size_t size = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, octets(text), text.size()) != 1)
        gave_up("sign");
    std::vector<unsigned char> der(size);
    if (EVP_DigestSign(context.get(), der.data(), &size, octets(text), text.size()) != 1) gave_up("sign");
    const unsigned char* at = der.data();
    const std::unique_ptr<ECDSA_SIG, BnFree> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
    if (!signature) gave_up("read its signature");
    return fixed(ECDSA_SIG_get0_r(signature.get())) + fixed(ECDSA_SIG_get0_s(signature.get()));
}

std::string signed_body(const AccountKey& key, const std::string& by, const std::string& url, const std::string& nonce,
                        const std::optional<OrderedJson>& payload) {
    OrderedJson head = {{"alg", "ES256"}};
    if (by.empty())
        head["jwk"] = key.jwk();
    else
        head["kid"] = by;
    head["nonce"] = nonce;
    head["url"] = url;
    return flattened(head, payload ? payload->dump() : "", [&](const std::string& text) { return key.sign(text); });
}

OrderedJson account_binding(const AccountKey& key, const std::string& url, const std::string& key_id,
                            std::string_view mac_key) {
    const OrderedJson head = {{"alg", "HS256"}, {"kid", key_id}, {"url", url}};
    const auto mac = [&](const std::string& text) {
        std::array<unsigned char, 32> out{};
        unsigned size = 0;
        if (HMAC(EVP_sha256(), mac_key.data(), static_cast<int>(mac_key.size()), octets(text), text.size(), out.data(),
                 &size) == nullptr)
            gave_up("sign");
        return std::string(out.begin(), out.end());
    };
    return OrderedJson::parse(flattened(head, key.jwk().dump(), mac));
}

}  // namespace switchyard::control::acme
