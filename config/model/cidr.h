// A block of IP addresses: "10.0.0.0/8", "2001:db8::/32"; a single address is a block of one.
//
// Invariants: host bits below the prefix are zero (parse() clears nothing: it refuses them, with the block that was
//   probably meant). An IPv4-mapped IPv6 address (::ffff:10.0.0.1) counts as the IPv4 address it carries.
// Threads: plain value; contains() allocates nothing. Errors: parse() says in words what was expected.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace switchyard::config {

struct Cidr {
    bool ipv6 = false;
    std::array<std::uint8_t, 16> bytes{};  // network order; IPv4 uses the first four
    std::uint8_t prefix = 0;

    bool operator==(const Cidr&) const = default;

    std::string text() const;
    // `address`: 4 or 16 bytes in network order.
    bool contains(std::span<const std::uint8_t> address) const;
    // `address` as text without brackets; false when it is not an IP address.
    bool contains(std::string_view address) const;
    static std::optional<Cidr> parse(std::string_view text, std::string* why = nullptr);
};

}  // namespace switchyard::config
