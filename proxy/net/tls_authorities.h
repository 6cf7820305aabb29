// Whom certificates of endpoints are believed from: the authorities in one PEM file.
//
// Invariants: immutable; all of them are in memory, so that a worker that verifies looks at no file.
// Threads: made by control, used by workers (OpenSSL counts references). Errors: a sentence that names the file.
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace switchyard::net {

class TlsAuthorities {
  public:
    // Null and `why` set when the file's octets cannot be used.
    static std::shared_ptr<const TlsAuthorities> read(std::string_view pem, std::string_view file, std::string* why);
    // The machine's own bundle; empty and `why` set when there is none.
    static std::string own_file(std::string* why);

    X509_STORE* store() const { return store_.get(); }
    const std::string& id() const { return id_; }  // SHA-256 of the octets

  private:
    struct Free {
        void operator()(X509_STORE* s) const { X509_STORE_free(s); }
    };
    std::unique_ptr<X509_STORE, Free> store_;
    std::string id_;
};

}  // namespace switchyard::net
