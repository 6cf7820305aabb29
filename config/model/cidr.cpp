#include "config/model/cidr.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/text/why.h"

namespace switchyard::config {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kIpv4Bytes = 4;
constexpr std::size_t kIpv6Bytes = 16;

struct Parsed {
    bool ipv6 = false;
    std::array<std::uint8_t, kIpv6Bytes> bytes{};
};

std::optional<Parsed> parse_ip(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    std::ranges::copy(text, terminated.begin());
    Parsed result;
    result.ipv6 = text.find(':') != std::string_view::npos;
    if (inet_pton(result.ipv6 ? AF_INET6 : AF_INET, terminated.data(), result.bytes.data()) != 1) return std::nullopt;
    return result;
}

bool same_prefix(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, unsigned bits) {
    const unsigned whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
    const unsigned rest = bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return ((a[whole] ^ b[whole]) & mask) == 0;
}

std::array<std::uint8_t, kIpv6Bytes> cleared_below(std::array<std::uint8_t, kIpv6Bytes> bytes, unsigned bits) {
    for (unsigned i = 0; i < kIpv6Bytes; ++i) {
        if (i * 8 >= bits) bytes[i] = 0;
        if (i == bits / 8 && bits % 8 != 0) bytes[i] &= static_cast<std::uint8_t>(0xff << (8 - bits % 8));
    }
    return bytes;
}

}  // namespace

std::string Cidr::text() const {
    std::array<char, INET6_ADDRSTRLEN> out{};
    inet_ntop(ipv6 ? AF_INET6 : AF_INET, bytes.data(), out.data(), out.size());
    return fmt::format("{}/{}", out.data(), prefix);
}

bool Cidr::contains(std::span<const std::uint8_t> address) const {
    const auto mapped = [](std::span<const std::uint8_t> octets) {
        return octets.size() == kIpv6Bytes && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), octets.begin());
    };
    // Both may be an IPv4 one that is written as one of IPv6; ::/0 and the like are not.
    constexpr unsigned kMappedBits = 8 * kMappedPrefix.size();
    if (mapped(address)) address = address.subspan(kMappedPrefix.size());
    std::span<const std::uint8_t> block = bytes;
    unsigned bits = prefix;
    const bool carries_v4 = ipv6 && bits >= kMappedBits && mapped(block);
    if (carries_v4) block = block.subspan(kMappedPrefix.size()), bits -= kMappedBits;
    if (address.size() != (ipv6 && !carries_v4 ? kIpv6Bytes : kIpv4Bytes)) return false;
    return same_prefix(block, address, bits);
}

bool Cidr::contains(std::string_view address) const {
    const auto parsed = parse_ip(address);
    if (!parsed) return false;
    return contains(std::span(parsed->bytes).first(parsed->ipv6 ? kIpv6Bytes : kIpv4Bytes));
}

std::optional<Cidr> Cidr::parse(std::string_view text, std::string* why) {
    const auto slash = text.find('/');
    const auto ip = parse_ip(text.substr(0, slash));
    if (!ip) {
        say(why, "expected an address block such as 10.0.0.0/8 or 2001:db8::/32");
        return std::nullopt;
    }
    const unsigned most = ip->ipv6 ? 128 : 32;
    unsigned prefix = most;
    if (slash != std::string_view::npos) {
        const auto digits = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
        if (error != std::errc{} || end != digits.data() + digits.size() || prefix > most) {
            say(why, fmt::format("expected a prefix length from 0 to {} after the slash", most));
            return std::nullopt;
        }
    }
    Cidr block{ip->ipv6, cleared_below(ip->bytes, prefix), static_cast<std::uint8_t>(prefix)};
    if (block.bytes != ip->bytes) {
        say(why, fmt::format("has bits set below the prefix; the block is {}", block.text()));
        return std::nullopt;
    }
    return block;
}

}  // namespace switchyard::config
