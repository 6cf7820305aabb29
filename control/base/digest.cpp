#include "control/base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace switchyard::control {
namespace {

std::string hex(const unsigned char* bytes, std::size_t count) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(count * 2);
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back(kDigits[bytes[i] >> 4]);
        out.push_back(kDigits[bytes[i] & 15]);
    }
    return out;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available in the OpenSSL library");
    return hex(digest.data(), length);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_hex(unsigned bytes) {
    std::vector<unsigned char> buffer(bytes);
    if (getrandom(buffer.data(), buffer.size(), 0) != static_cast<ssize_t>(buffer.size()))
        throw std::runtime_error("the kernel gave no random bytes");
    return hex(buffer.data(), buffer.size());
}

}  // namespace switchyard::control
