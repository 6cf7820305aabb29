#include "forum/domain/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace forum {

namespace {

constexpr std::array<unsigned char, 12> kIpv4Prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned kIpv4PrefixBits = 96;
constexpr unsigned kAddressBits = 128;
// A provider gives each customer at least this much of IPv6 (RFC 6177).
constexpr std::size_t kCustomerBytes = 8;
constexpr std::size_t kNoAddressMax = 64;

std::string_view trimmed_spaces(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// Without brackets and port.
std::string_view bare_address(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
    }
    const std::size_t colon = text.find(':');
    const bool port = colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
    return port ? text.substr(0, colon) : text;
}

}  // namespace

bool Address::is_ipv4() const {
    return std::equal(kIpv4Prefix.begin(), kIpv4Prefix.end(), bytes.begin());
}

bool Address::is_loopback() const {
    if (is_ipv4()) return bytes[kIpv4Prefix.size()] == 127;
    return std::all_of(bytes.begin(), bytes.end() - 1, [](unsigned char byte) { return byte == 0; }) && bytes[15] == 1;
}

std::optional<Address> address_from(std::string_view text) {
    const std::string bare(bare_address(trimmed_spaces(text)));
    Address address;
    if (::inet_pton(AF_INET6, bare.c_str(), address.bytes.data()) == 1) return address;
    std::copy(kIpv4Prefix.begin(), kIpv4Prefix.end(), address.bytes.begin());
    if (::inet_pton(AF_INET, bare.c_str(), address.bytes.data() + kIpv4Prefix.size()) == 1) return address;
    return std::nullopt;
}

std::string text_of(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.is_ipv4()) {
        ::inet_ntop(AF_INET, address.bytes.data() + kIpv4Prefix.size(), text.data(), text.size());
    } else {
        ::inet_ntop(AF_INET6, address.bytes.data(), text.data(), text.size());
    }
    return text.data();
}

std::string network_of(std::string_view text) {
    auto address = address_from(text);
    if (!address) return std::string(text.substr(0, kNoAddressMax));
    if (address->is_ipv4()) return text_of(*address);
    std::fill(address->bytes.begin() + kCustomerBytes, address->bytes.end(), static_cast<unsigned char>(0));
    return text_of(*address) + "/64";
}

std::optional<Networks> Networks::from(std::string_view list) {
    Networks networks;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view part = trimmed_spaces(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
        if (part.empty()) continue;
        const std::size_t slash = std::min(part.find('/'), part.size());
        const auto address = address_from(part.substr(0, slash));
        if (!address) return std::nullopt;
        unsigned bits = kAddressBits;
        if (slash < part.size()) {
            const std::string_view number = part.substr(slash + 1);
            const auto parsed = std::from_chars(number.data(), number.data() + number.size(), bits);
            const bool written_as_ipv4 = part.find(':') == std::string_view::npos;
            if (written_as_ipv4) bits += kIpv4PrefixBits;
            if (parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size() || bits > kAddressBits) {
                return std::nullopt;
            }
        }
        networks.networks_.push_back({*address, bits});
    }
    return networks;
}

bool Networks::hold(const Address& address) const {
    return std::ranges::any_of(networks_, [&](const Network& network) {
        const std::size_t whole = network.bits / 8;
        if (std::memcmp(network.address.bytes.data(), address.bytes.data(), whole) != 0) return false;
        const unsigned left = network.bits % 8;
        return left == 0 || ((network.address.bytes[whole] ^ address.bytes[whole]) >> (8 - left)) == 0;
    });
}

}  // namespace forum
