// Addresses of clients and proxies: reading them, telling whose network they belong to, and lists of networks.
//
// Pure. Threads: any.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forum {

// Sixteen bytes; an IPv4 address is kept as ::ffff:a.b.c.d, as which it may come as well.
struct Address {
    std::array<unsigned char, 16> bytes{};

    bool is_ipv4() const;
    bool is_loopback() const;
    bool operator==(const Address&) const = default;
};

// Also "[::1]", "[::1]:80" and "127.0.0.1:80", as proxies write them into lists; nothing for anything else.
std::optional<Address> address_from(std::string_view text);
std::string text_of(const Address& address);

// What one customer gets from a provider counts as one: an IPv4 address, a /64 of IPv6. What is no address is cut
// short and stays: limits hold for it too.
std::string network_of(std::string_view address);

// "127.0.0.1/8, ::1": addresses and networks, separated by commas.
class Networks {
  public:
    // Nothing when a part of it is neither.
    static std::optional<Networks> from(std::string_view list);
    bool hold(const Address& address) const;

  private:
    struct Network {
        Address address;
        unsigned bits;
    };
    std::vector<Network> networks_;
};

}  // namespace forum
