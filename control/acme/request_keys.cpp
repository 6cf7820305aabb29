#include "control/acme/request_keys.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <stdexcept>

#include "control/acme/base64url.h"
#include "control/acme/jws.h"

namespace switchyard::control::acme {
namespace {

constexpr const char* kAcmeIdentifier = "1.3.6.1.5.5.7.1.31";
constexpr long kProofBefore = 3600, kProofAfter = 7L * 24 * 3600;  // no client verifies it
constexpr std::size_t kLongestCommonName = 64;                     // RFC 5280, ub-common-name

struct Free {
    void operator()(BIO* x) const { BIO_free(x); }
    void operator()(X509_REQ* x) const { X509_REQ_free(x); }
    void operator()(X509_EXTENSION* x) const { X509_EXTENSION_free(x); }
    void operator()(ASN1_OBJECT* x) const { ASN1_OBJECT_free(x); }
    void operator()(ASN1_OCTET_STRING* x) const { ASN1_OCTET_STRING_free(x); }
    void operator()(AUTHORITY_KEYID* x) const { AUTHORITY_KEYID_free(x); }
    void operator()(GENERAL_NAMES* x) const { GENERAL_NAMES_free(x); }
    void operator()(STACK_OF(X509_EXTENSION) * x) const { sk_X509_EXTENSION_pop_free(x, X509_EXTENSION_free); }
};
template <class T>
using Held = std::unique_ptr<T, Free>;

void must(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

template <class Write>
std::string pem_of(Write write) {
    const Held<BIO> out(BIO_new(BIO_s_mem()));
    must(write(out.get()) == 1, "write PEM");
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string key_pem(EVP_PKEY* key) {
    return pem_of([&](BIO* to) { return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

// As names of a kind that OpenSSL's text form has no say in.
Held<X509_EXTENSION> alternative_names(const std::vector<std::string>& names) {
    const Held<GENERAL_NAMES> all(sk_GENERAL_NAME_new_null());
    for (const auto& name : names) {
        auto* text = ASN1_IA5STRING_new();
        must(text != nullptr && ASN1_STRING_set(text, name.data(), static_cast<int>(name.size())) == 1, "hold a name");
        auto* one = GENERAL_NAME_new();
        GENERAL_NAME_set0_value(one, GEN_DNS, text);
        sk_GENERAL_NAME_push(all.get(), one);
    }
    Held<X509_EXTENSION> out(X509V3_EXT_i2d(NID_subject_alt_name, 0, all.get()));
    must(out != nullptr, "write names");
    return out;
}

}  // namespace

CertificateRequest make_request(const std::vector<std::string>& names) {
    const switchyard::net::PrivateKey key(EVP_EC_gen("P-256"));
    const Held<X509_REQ> request(X509_REQ_new());
    must(key != nullptr && request != nullptr, "make a key");
    X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
    const auto& first = names.front();
    if (first.size() <= kLongestCommonName)
        X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(first.data()), static_cast<int>(first.size()),
                                   -1, 0);
    const Held<STACK_OF(X509_EXTENSION)> extensions(sk_X509_EXTENSION_new_null());
    sk_X509_EXTENSION_push(extensions.get(), alternative_names(names).release());
    must(X509_REQ_add_extensions(request.get(), extensions.get()) == 1 &&
             X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
             X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0,
         "sign a request");
    unsigned char* der = nullptr;
    const int size = i2d_X509_REQ(request.get(), &der);
    must(size > 0, "write a request");
    CertificateRequest out{key_pem(key.get()), {der, der + size}};
    OPENSSL_free(der);
    return out;
}

switchyard::net::TlsBook::Identity make_proof(const std::string& host, std::string_view key_authorization) {
    const switchyard::net::PrivateKey key(EVP_EC_gen("P-256"));
    const switchyard::net::Certificate made(X509_new());
    must(key != nullptr && made != nullptr, "make a key");
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), std::time(nullptr));
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -kProofBefore);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), kProofAfter);
    constexpr std::string_view kSays = "ACME challenge";
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(kSays.data()), static_cast<int>(kSays.size()), -1,
                               0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    X509_set_pubkey(made.get(), key.get());
    X509_add_ext(made.get(), alternative_names({host}).get(), -1);

    const auto digest = sha256(key_authorization);
    const Held<ASN1_OCTET_STRING> inner(ASN1_OCTET_STRING_new()), outer(ASN1_OCTET_STRING_new());
    ASN1_OCTET_STRING_set(inner.get(), reinterpret_cast<const unsigned char*>(digest.data()),
                          static_cast<int>(digest.size()));
    unsigned char* der = nullptr;
    const int size = i2d_ASN1_OCTET_STRING(inner.get(), &der);
    must(size > 0, "write a digest");
    ASN1_OCTET_STRING_set(outer.get(), der, size);
    OPENSSL_free(der);
    const Held<ASN1_OBJECT> kind(OBJ_txt2obj(kAcmeIdentifier, 1));
    const Held<X509_EXTENSION> extension(X509_EXTENSION_create_by_OBJ(nullptr, kind.get(), 1, outer.get()));
    must(extension != nullptr && X509_add_ext(made.get(), extension.get(), -1) == 1 &&
             X509_sign(made.get(), key.get(), EVP_sha256()) > 0,
         "sign a proof");
    std::string why;
    auto out = switchyard::net::read_tls_identity(pem_of([&](BIO* to) { return PEM_write_bio_X509(to, made.get()); }),
                                                  key_pem(key.get()), "proof", "proof", &why);
    if (!out) throw std::runtime_error(why);
    return out;
}

std::string renewal_id(const switchyard::net::TlsIdentity& identity) {
    const Held<AUTHORITY_KEYID> issuer(static_cast<AUTHORITY_KEYID*>(
        X509_get_ext_d2i(identity.leaf.get(), NID_authority_key_identifier, nullptr, nullptr)));
    if (!issuer || issuer->keyid == nullptr) return {};
    const auto text = [](const ASN1_STRING* of) {
        return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(of)),
                           static_cast<std::size_t>(ASN1_STRING_length(of)));
    };
    auto serial = text(X509_get0_serialNumber(identity.leaf.get()));
    // As it stands in DER: a number whose first bit is set has an octet in front.
    if (!serial.empty() && (static_cast<unsigned char>(serial.front()) & 0x80) != 0) serial.insert(0, 1, '\0');
    return base64url(text(issuer->keyid)) + '.' + base64url(serial);
}

}  // namespace switchyard::control::acme
