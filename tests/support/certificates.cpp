#include "tests/support/certificates.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace switchyard::test {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

void must(bool fine, const char* what) {
    if (!fine) throw std::runtime_error(std::string("no certificate for the test: ") + what);
}

Key make_key(KeyKind kind) {
    EVP_PKEY* made = nullptr;
    if (kind == KeyKind::p256)
        made = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    else
        made = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA",
                                 static_cast<std::size_t>(kind == KeyKind::rsa2048 ? 2048 : 1024));
    must(made != nullptr, "a key");
    return {made, EVP_PKEY_free};
}

std::string text_of(const Bio& bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* x509) {
    const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
    must(PEM_write_bio_X509(bio.get(), x509) == 1, "PEM");
    return text_of(bio);
}

std::string pem_of(EVP_PKEY* key, const std::string& password = {}) {
    const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
    must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, password.empty() ? nullptr : EVP_aes_256_cbc(),
                                       password.empty() ? nullptr : password.c_str(), static_cast<int>(password.size()),
                                       nullptr, nullptr) == 1,
         "PEM");
    return text_of(bio);
}

void extend(X509* x509, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    must(extension != nullptr && X509_add_ext(x509, extension, -1) == 1, value.c_str());
    X509_EXTENSION_free(extension);
}

std::shared_ptr<X509> blank(EVP_PKEY* key, const std::string& name, std::int64_t begin, std::int64_t end) {
    std::shared_ptr<X509> out(X509_new(), X509_free);
    X509_set_version(out.get(), X509_VERSION_3);
    std::uint32_t number = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(out.get()), number | 1U);
    X509_gmtime_adj(X509_getm_notBefore(out.get()), begin);
    X509_gmtime_adj(X509_getm_notAfter(out.get()), end);
    X509_set_pubkey(out.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return out;
}

}  // namespace

Authority::Authority(const std::string& name, const Authority* above) : key_(make_key(KeyKind::p256)) {
    x509_ = blank(key_.get(), name, -86'400, 3650L * 86'400);
    X509* issuer = above == nullptr ? x509_.get() : above->x509_.get();
    X509_set_issuer_name(x509_.get(), X509_get_subject_name(issuer));
    extend(x509_.get(), issuer, NID_basic_constraints, "critical,CA:TRUE");
    extend(x509_.get(), issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    must(X509_sign(x509_.get(), above == nullptr ? key_.get() : above->key_.get(), EVP_sha256()) > 0, "a signature");
    certificate_ = pem_of(x509_.get());
}

Made Authority::sign(const std::vector<std::string>& names, KeyKind kind, std::int64_t begin, std::int64_t end) const {
    const Key key = make_key(kind);
    const auto x509 = blank(key.get(), names.empty() ? "nameless" : names.front(), begin, end);
    X509_set_issuer_name(x509.get(), X509_get_subject_name(x509_.get()));
    std::string list;
    for (const auto& name : names)
        list += (list.empty() ? "" : ",") + (name.find(':') == name.npos ? "DNS:" + name : name);
    if (!list.empty()) extend(x509.get(), x509_.get(), NID_subject_alt_name, list);
    must(X509_sign(x509.get(), key_.get(), EVP_sha256()) > 0, "a signature");
    return {pem_of(x509.get()), pem_of(key.get())};
}

std::string Authority::revokes(const std::vector<Made>& all) const {
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), X509_CRL_free);
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(x509_.get()));
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> from(X509_gmtime_adj(nullptr, -3600), ASN1_TIME_free);
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> until(X509_gmtime_adj(nullptr, 86'400), ASN1_TIME_free);
    X509_CRL_set1_lastUpdate(list.get(), from.get());
    X509_CRL_set1_nextUpdate(list.get(), until.get());
    for (const auto& made : all) {
        const Bio bio(BIO_new_mem_buf(made.certificate.data(), static_cast<int>(made.certificate.size())), BIO_free);
        X509* x509 = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
        must(x509 != nullptr, "a certificate");
        X509_REVOKED* entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(x509));
        X509_REVOKED_set_revocationDate(entry, from.get());
        X509_CRL_add0_revoked(list.get(), entry);
        X509_free(x509);
    }
    X509_CRL_sort(list.get());
    must(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0, "a signature");
    const Bio out(BIO_new(BIO_s_mem()), BIO_free);
    must(PEM_write_bio_X509_CRL(out.get(), list.get()) == 1, "PEM");
    return text_of(out);
}

std::string with_password(const std::string& key, const std::string& password) {
    const Bio bio(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), BIO_free);
    const Key read(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    must(read != nullptr, "a key");
    return pem_of(read.get(), password);
}

std::string file_with(const std::string& name, const std::string& text) {
    struct Folder {
        std::filesystem::path path;
        Folder() {
            std::string pattern = (std::filesystem::temp_directory_path() / "switchyard-certificates-XXXXXX").string();
            must(::mkdtemp(pattern.data()) != nullptr, "a folder");
            path = pattern;
        }
        ~Folder() { std::filesystem::remove_all(path); }
    };
    static const Folder folder;
    const auto path = folder.path / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
}

}  // namespace switchyard::test
