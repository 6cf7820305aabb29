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

constexpr std::size_t kSha256 = 32;

std::array<unsigned char, kSha256> sha256(std::string_view bytes) {
    std::array<unsigned char, kSha256> digest{};
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available in the OpenSSL library");
    return digest;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    const auto digest = sha256(bytes);
    return hex(digest.data(), digest.size());
}

std::string sha256_base64(std::string_view bytes) {
    const auto digest = sha256(bytes);
    std::array<unsigned char, 4 * ((kSha256 + 2) / 3) + 1> text{};  // and the zero behind it
    const int size = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
    return {text.begin(), text.begin() + size};
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
