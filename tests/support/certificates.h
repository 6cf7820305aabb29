// Certificates made for a test: an authority and what it signs, as PEM text.
//
// Threads: the test's. Owns: the keys.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace switchyard::test {

enum class KeyKind : std::uint8_t { p256, rsa2048, rsa1024 };

struct Made {
    std::string certificate, key;  // PEM
};

class Authority {
  public:
    explicit Authority(const std::string& name, const Authority* above = nullptr);

    const std::string& certificate() const { return certificate_; }
    // A list of revoked certificates: these, as PEM; good for a day.
    std::string revokes(const std::vector<Made>& all) const;
    // For these host names ("URI:…" is another kind of name), valid from `begin` to `end` seconds from now.
    Made sign(const std::vector<std::string>& names, KeyKind kind = KeyKind::p256, std::int64_t begin = -3600,
              std::int64_t end = 90 * 86'400) const;

  private:
    std::shared_ptr<EVP_PKEY> key_;
    std::shared_ptr<X509> x509_;
    std::string certificate_;
};

// The same key under a password, as PEM.
std::string with_password(const std::string& key, const std::string& password);
// A new file in the test's own folder under /tmp; the folder goes when the process ends.
std::string file_with(const std::string& name, const std::string& text);

}  // namespace switchyard::test
