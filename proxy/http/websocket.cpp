#include "proxy/http/websocket.h"

#include <boost/uuid/detail/sha1.hpp>
#include <cstddef>
#include <span>

namespace switchyard::http {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// With padding (RFC 4648 §4); `out` has four octets for each three, or part of three.
void write_base64(std::span<const std::uint8_t> octets, char* out) {
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < octets.size(); i += 3) {
        const auto at = [&](std::size_t k) { return i + k < octets.size() ? std::uint32_t{octets[i + k]} : 0u; };
        const std::uint32_t three = at(0) << 16 | at(1) << 8 | at(2);
        *out++ = kAlphabet[three >> 18];
        *out++ = kAlphabet[three >> 12 & 63];
        *out++ = i + 1 < octets.size() ? kAlphabet[three >> 6 & 63] : '=';
        *out++ = i + 2 < octets.size() ? kAlphabet[three & 63] : '=';
    }
}

}  // namespace

std::array<char, 24> websocket_key(std::uint64_t high, std::uint64_t low) {
    std::array<std::uint8_t, 16> octets;
    for (std::size_t i = 0; i < 8; ++i) {
        octets[i] = static_cast<std::uint8_t>(high >> 8 * i);
        octets[8 + i] = static_cast<std::uint8_t>(low >> 8 * i);
    }
    std::array<char, 24> out;
    write_base64(octets, out.data());
    return out;
}

std::array<char, 28> websocket_accept(std::string_view key) {
    boost::uuids::detail::sha1 digest;
    digest.process_bytes(key.data(), key.size());
    digest.process_bytes(kGuid.data(), kGuid.size());
    boost::uuids::detail::sha1::digest_type words;
    digest.get_digest(words);
    std::array<std::uint8_t, 20> octets;
    for (std::size_t i = 0; i < octets.size(); ++i)
        octets[i] = static_cast<std::uint8_t>(words[i / 4] >> (24 - 8 * (i % 4)));
    std::array<char, 28> out;
    write_base64(octets, out.data());
    return out;
}

}  // namespace switchyard::http
