#include "proxy/net/tls_authorities.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "proxy/net/tls_identity.h"

namespace switchyard::net {
namespace {

struct BundleFree {
    void operator()(BIO* b) const { BIO_free(b); }
};

std::string sha256_of(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    std::string out;
    for (const auto octet : digest) out += fmt::format("{:02x}", octet);
    return out;
}

}  // namespace

std::string TlsAuthorities::own_file(std::string* why) {
    // As OpenSSL is told, as it was built, and where Debian, Fedora, SUSE and BSDs have it.
    const char* const variable = X509_get_default_cert_file_env();
    if (const char* told = std::getenv(variable); told != nullptr && *told != '\0') {
        // A variable that names a file means that file and no other.
        if (::access(told, R_OK) == 0) return told;
        *why = fmt::format("{} names {}, which cannot be read: {}", variable, told, std::strerror(errno));
        return {};
    }
    for (const char* file : {X509_get_default_cert_file(), "/etc/ssl/certs/ca-certificates.crt",
                             "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"})
        if (::access(file, R_OK) == 0) return file;
    *why =
        "this machine has no file of authorities such as /etc/ssl/certs/ca-certificates.crt: install ca-certificates, "
        "or name one in \"ca\"";
    return {};
}

std::shared_ptr<const TlsAuthorities> TlsAuthorities::read(std::string_view pem, std::string_view file,
                                                           std::string* why) {
    ERR_clear_error();
    auto out = std::make_shared<TlsAuthorities>();
    out->store_.reset(X509_STORE_new());
    out->id_ = sha256_of(pem);
    const std::unique_ptr<BIO, BundleFree> bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    int count = 0;
    while (X509* next = PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr)) {
        const Certificate held(next);
        X509_STORE_add_cert(out->store_.get(), next);
        ++count;
    }
    const bool to_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!to_the_end)
        *why = fmt::format("{}: certificate {} in it cannot be read; the file may be cut short", file, count + 1);
    else if (count == 0)
        *why = fmt::format(
            "{}: holds no certificate of an authority (a block that begins with \"-----BEGIN "
            "CERTIFICATE-----\")",
            file);
    else
        return out;
    return nullptr;
}

}  // namespace switchyard::net
