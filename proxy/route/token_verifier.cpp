#include "proxy/route/token_verifier.h"

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/http/characters.h"

namespace switchyard::route {
namespace {

bool decode_base64url(std::string_view text, std::string& out) {
    std::uint32_t bits = 0;
    int count = 0;
    out.clear();
    for (char c : text) {
        int value;
        if (c >= 'A' && c <= 'Z')
            value = c - 'A';
        else if (c >= 'a' && c <= 'z')
            value = c - 'a' + 26;
        else if (c >= '0' && c <= '9')
            value = c - '0' + 52;
        else if (c == '-')
            value = 62;
        else if (c == '_')
            value = 63;
        else
            return false;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count & 0xff);
        }
    }
    return text.size() % 4 != 1;
}

// JOSE writes an ES256 signature as r and s, 32 bytes each; OpenSSL reads DER.
std::string ecdsa_der(std::string_view raw) {
    if (raw.size() != 64) return {};
    const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
    std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(ECDSA_SIG_new(), ECDSA_SIG_free);
    ECDSA_SIG_set0(signature.get(), BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
    unsigned char* der = nullptr;
    const int length = i2d_ECDSA_SIG(signature.get(), &der);
    if (length <= 0) return {};
    std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
    OPENSSL_free(der);
    return out;
}

}  // namespace

struct TokenVerifier::Key {
    std::string secret;
    EVP_PKEY* public_key = nullptr;
    ~Key() { EVP_PKEY_free(public_key); }
};

TokenVerifier::TokenVerifier() : key_(std::make_unique<Key>()) {}
TokenVerifier::~TokenVerifier() = default;

std::shared_ptr<const TokenVerifier> TokenVerifier::make(const config::Jwt& source, std::string* why) {
    std::shared_ptr<TokenVerifier> out(new TokenVerifier);
    out->algorithm_ = source.algorithm;
    out->header_ = source.header;
    for (char& c : out->header_) c = http::lower(c);
    std::string key = source.key.text;  // the caller has followed references
    if (key.empty()) {
        std::ifstream file(source.key_file, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        key = text.str();
        if (!file || key.empty()) {
            *why = "cannot read the key file " + source.key_file;
            return nullptr;
        }
        if (source.algorithm == "HS256")
            while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
    }
    if (source.algorithm == "HS256") {
        out->key_->secret = key;
        return out;
    }
    std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), BIO_free);
    out->key_->public_key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
    const int wanted = source.algorithm == "RS256" ? EVP_PKEY_RSA : EVP_PKEY_EC;
    if (out->key_->public_key == nullptr || EVP_PKEY_base_id(out->key_->public_key) != wanted) {
        *why = "the key is not a PEM public key (BEGIN PUBLIC KEY) for " + source.algorithm;
        return nullptr;
    }
    return out;
}

bool TokenVerifier::verify(std::string_view value, std::int64_t now_seconds, Claims& claims) const {
    if (value.size() > 7 && http::equals_lower(value.substr(0, 7), "bearer ")) value = http::trim(value.substr(7));
    if (value.size() > kMaxToken) return false;
    const auto first = value.find('.');
    const auto second = first == value.npos ? value.npos : value.find('.', first + 1);
    if (second == value.npos) return false;
    const std::string_view covered = value.substr(0, second);
    std::string head_text, payload_text, signature;
    if (!decode_base64url(value.substr(0, first), head_text) ||
        !decode_base64url(value.substr(first + 1, second - first - 1), payload_text) ||
        !decode_base64url(value.substr(second + 1), signature))
        return false;
    const auto head = nlohmann::json::parse(head_text, nullptr, false);
    if (!head.is_object() || !head.contains("alg") || head["alg"] != algorithm_) return false;

    const auto* bytes = reinterpret_cast<const unsigned char*>(covered.data());
    if (algorithm_ == "HS256") {
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned length = 0;
        HMAC(EVP_sha256(), key_->secret.data(), static_cast<int>(key_->secret.size()), bytes, covered.size(), mac,
             &length);
        if (signature.size() != length || CRYPTO_memcmp(mac, signature.data(), length) != 0) return false;
    } else {
        if (algorithm_ == "ES256") signature = ecdsa_der(signature);
        std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->public_key) != 1 ||
            EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                             bytes, covered.size()) != 1)
            return false;
    }
    const auto payload = nlohmann::json::parse(payload_text, nullptr, false);
    if (!payload.is_object()) return false;
    const auto in_time = [&](const char* name, bool until) {
        if (!payload.contains(name)) return true;
        if (!payload[name].is_number()) return false;
        const auto at = payload[name].get<double>();
        const auto now = static_cast<double>(now_seconds);
        return until ? now < at + kLeewaySeconds : now + kLeewaySeconds >= at;
    };
    if (!in_time("exp", true) || !in_time("nbf", false)) return false;
    for (const auto& [name, claim] : payload.items())
        claims.set(name, claim.is_string() ? claim.get<std::string>() : claim.dump());
    return true;
}

}  // namespace switchyard::route
