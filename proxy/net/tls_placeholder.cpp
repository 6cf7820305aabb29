#include "proxy/net/tls_placeholder.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include <ctime>
#include <stdexcept>
#include <string>

namespace switchyard::net {
namespace {

constexpr long kValid = 10L * 365 * 24 * 3600;  // no client verifies it
constexpr const char* kSays = "Switchyard: no certificate can be read here";

template <class Write>
std::string pem(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    write(out.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

std::shared_ptr<const TlsIdentity> make_tls_placeholder() {
    const PrivateKey key(EVP_EC_gen("P-256"));
    const Certificate made(X509_new());
    if (!key || !made) throw std::runtime_error("OpenSSL makes no key");
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), std::time(nullptr));
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -kValid);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), kValid);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(kSays), -1, -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    X509_set_pubkey(made.get(), key.get());
    X509_sign(made.get(), key.get(), EVP_sha256());
    std::string why;
    auto out = read_tls_identity(pem([&](BIO* to) { PEM_write_bio_X509(to, made.get()); }), pem([&](BIO* to) {
                                     PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
                                 }),
                                 "placeholder", "placeholder", &why);
    if (!out) throw std::runtime_error(why);
    return out;
}

}  // namespace switchyard::net
