// Is this client address inside one of these networks? Compiled from CIDR texts, and config::kUnixPeers, that
// validate() has accepted. An IPv4 client is in IPv4 blocks alone, also where it comes as a mapped IPv6 address: ::/0
// does not name it. So it is in access lists, too (access_list.h), and in config::Cidr.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::route {

// An address as 16 bytes, IPv4 mapped into IPv6, so that one comparison serves both.
struct ClientAddress {
    std::array<std::uint8_t, 16> bytes{};
    bool is_ip = false;  // unix socket peers are not

    static ClientAddress of(const sockaddr_storage& storage);
    static ClientAddress parse(std::string_view text);
    // "127.0.0.1", "::1", "unix"; into `out` (at least 46 bytes), returns the length.
    std::size_t write(char* out) const;
    bool is_v4() const;
    bool operator==(const ClientAddress&) const = default;
};

class CidrSet {
  public:
    CidrSet() = default;
    explicit CidrSet(const std::vector<std::string>& texts);
    bool empty() const { return networks_.empty() && !unix_; }
    // A peer without an address came by a unix socket.
    bool contains(const ClientAddress& address) const;

  private:
    struct Network {
        std::array<std::uint8_t, 16> bytes{};
        unsigned bits = 0;
        bool v4 = false;
    };
    std::vector<Network> networks_;
    bool unix_ = false;
};

}  // namespace switchyard::route
