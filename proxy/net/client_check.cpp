#include "proxy/net/client_check.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "proxy/net/tls_identity.h"

namespace switchyard::net {
namespace {

constexpr std::string_view kNotAskedId = "no client certificate";
constexpr std::size_t kLongestClaim = 1024;

struct CrlFree {
    void operator()(X509_CRL* c) const { X509_CRL_free(c); }
    void operator()(BIO* b) const { BIO_free(b); }
};
using ReadBio = std::unique_ptr<BIO, CrlFree>;

ReadBio reading(std::string_view bytes) {
    return ReadBio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

int optional_check(int, X509_STORE_CTX*) {
    return 1;  // what was wrong stays in the verify result
}

// Plain text of one line, or nothing.
std::string clean(std::string text) {
    const auto odd = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (text.size() > kLongestClaim || std::any_of(text.begin(), text.end(), odd)) return {};
    return text;
}

std::string text_of(X509_NAME* name) {
    const ReadBio out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return clean({text, static_cast<std::size_t>(std::max<long>(size, 0))});
}

std::string common_name(X509_NAME* name) {
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0) return {};
    unsigned char* bytes = nullptr;
    const int size = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size < 0) return {};
    std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return clean(std::move(out));
}

void add_alternative_names(X509* certificate, ClientClaims& to) {
    auto& out = to.values;
    auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
        const char* key = name->type == GEN_DNS     ? "client.dns"
                          : name->type == GEN_URI   ? "client.uri"
                          : name->type == GEN_EMAIL ? "client.email"
                                                    : nullptr;
        if (key == nullptr || std::any_of(out.begin(), out.end(), [&](const auto& c) { return c.first == key; }))
            continue;
        const ASN1_IA5STRING* text = name->d.ia5;
        auto value = clean({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                            static_cast<std::size_t>(ASN1_STRING_length(text))});
        if (!value.empty()) out.emplace_back(key, std::move(value));
    }
    if (all != nullptr) GENERAL_NAMES_free(all);
}

std::string client_cert_field(X509* shown) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(shown, &der);
    if (size <= 0) return {};
    std::string out(static_cast<std::size_t>((size + 2) / 3 * 4) + 1, '\0');
    out.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), der, size)));
    OPENSSL_free(der);
    return ':' + out + ':';
}

std::string end_of(X509* certificate) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return {};
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

}  // namespace

const std::shared_ptr<const ClientCheck>& ClientCheck::nobody() {
    static const std::shared_ptr<const ClientCheck> made = [] {
        auto out = std::make_shared<ClientCheck>();
        out->id_ = kNotAskedId;
        return out;
    }();
    return made;
}

std::shared_ptr<const ClientCheck> ClientCheck::make(const ClientCheckSettings& settings, std::string* why) {
    ERR_clear_error();
    auto out = std::make_shared<ClientCheck>();
    out->required_ = settings.required;
    out->forward_ = settings.forward;
    out->depth_ = static_cast<int>(settings.depth);
    out->store_.reset(X509_STORE_new());
    out->names_.reset(sk_X509_NAME_new_null());
    const auto fail = [&](std::string sentence) {
        ERR_clear_error();
        *why = std::move(sentence);
        return nullptr;
    };
    const ReadBio authorities = reading(settings.ca);
    while (X509* next = PEM_read_bio_X509(authorities.get(), nullptr, nullptr, nullptr)) {
        const Certificate held(next);
        X509_STORE_add_cert(out->store_.get(), next);
        sk_X509_NAME_push(out->names_.get(), X509_NAME_dup(X509_get_subject_name(next)));
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return fail(fmt::format("{}: certificate {} in it cannot be read; the file may be cut short", settings.ca_file,
                                sk_X509_NAME_num(out->names_.get()) + 1));
    ERR_clear_error();
    if (sk_X509_NAME_num(out->names_.get()) == 0)
        return fail(
            fmt::format("{}: holds no certificate of an authority (a block that begins with \"-----BEGIN "
                        "CERTIFICATE-----\")",
                        settings.ca_file));
    if (!settings.crl_file.empty()) {
        int lists = 0;
        const ReadBio revoked = reading(settings.crl);
        while (X509_CRL* next = PEM_read_bio_X509_CRL(revoked.get(), nullptr, nullptr, nullptr)) {
            const std::unique_ptr<X509_CRL, CrlFree> held(next);
            X509_STORE_add_crl(out->store_.get(), next);
            ++lists;
        }
        const bool to_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        ERR_clear_error();
        // Half of the lists would let in whom the other half has revoked.
        if (lists > 0 && !to_the_end)
            return fail(fmt::format("{}: list {} in it cannot be read; the file may be cut short or damaged",
                                    settings.crl_file, lists + 1));
        if (lists == 0)
            return fail(
                fmt::format("{}: holds no list of revoked certificates (a block that begins with \"-----BEGIN "
                            "X509 CRL-----\")",
                            settings.crl_file));
        X509_STORE_set_flags(out->store_.get(), X509_V_FLAG_CRL_CHECK);
    }
    // An authority that the operator names is one, whatever has signed it.
    X509_STORE_set_flags(out->store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
    const std::string all = fmt::format("{} {} {} {} {}{}", settings.required, settings.depth, settings.ca.size(),
                                        settings.crl.size(), settings.ca, settings.crl);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest.data());
    out->id_.assign(reinterpret_cast<const char*>(digest.data()), digest.size());
    return out;
}

bool ClientCheck::apply(SSL* ssl) const {
    const auto* id = reinterpret_cast<const unsigned char*>(id_.data());
    if (SSL_set_session_id_context(ssl, id, static_cast<unsigned>(id_.size())) != 1) return false;
    if (!asks()) return SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr), true;
    SSL_set_verify(ssl, SSL_VERIFY_PEER | (required_ ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                   required_ ? nullptr : optional_check);
    SSL_set_verify_depth(ssl, depth_);
    if (SSL_set1_verify_cert_store(ssl, store_.get()) != 1) return false;
    auto* names = SSL_dup_CA_list(names_.get());
    if (names == nullptr) return false;
    SSL_set0_CA_list(ssl, names);
    return true;
}

bool ClientCheck::still_lets_in(SSL* ssl) const {
    if (!required_ || SSL_session_reused(ssl) != 1) return true;
    const X509* shown = SSL_get0_peer_certificate(ssl);
    return shown != nullptr && X509_cmp_current_time(X509_get0_notAfter(shown)) > 0;
}

ClientClaims client_claims(SSL* ssl) {
    ClientClaims out;
    X509* shown = SSL_get0_peer_certificate(ssl);
    auto result = SSL_get_verify_result(ssl);
    if (shown != nullptr && result == X509_V_OK && X509_cmp_current_time(X509_get0_notAfter(shown)) <= 0)
        result = X509_V_ERR_CERT_HAS_EXPIRED;  // since the handshake whose session this is
    const bool verified = shown != nullptr && result == X509_V_OK;
    out.values.emplace_back("client.verified", verified ? "true" : "false");
    if (shown == nullptr) return out;
    // Of a certificate that no authority vouches for, only what is wrong with it counts.
    if (!verified) {
        out.values.emplace_back("client.error", X509_verify_cert_error_string(result));
        return out;
    }
    const auto add = [&](const char* name, std::string value) {
        if (!value.empty()) out.values.emplace_back(name, std::move(value));
    };
    add("client.subject", text_of(X509_get_subject_name(shown)));
    add("client.cn", common_name(X509_get_subject_name(shown)));
    add("client.issuer", text_of(X509_get_issuer_name(shown)));
    add_alternative_names(shown, out);
    add("client.not_after", end_of(shown));
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(shown, EVP_sha256(), digest.data(), &size);
    std::string fingerprint;
    for (unsigned i = 0; i < size; ++i) fingerprint += fmt::format("{:02x}", digest[i]);
    add("client.fingerprint", std::move(fingerprint));
    if (BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(shown), nullptr)) {
        char* text = BN_bn2hex(number);
        add("client.serial", text);
        OPENSSL_free(text);
        BN_free(number);
    }
    out.field = client_cert_field(shown);
    return out;
}

}  // namespace switchyard::net
