// The PROXY protocol, versions 1 and 2: who the client of a relayed connection is, said before its first byte.
//
// Strict: anything but one well-formed header is `bad`, and the connection is of no use (the sender is not who the
//   operator said). UNKNOWN, LOCAL, UNSPEC and unix addresses are well-formed and name no client.
// Pure. Source: haproxy.org/download/2.8/doc/proxy-protocol.txt
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace switchyard::http {

// An IP address, IPv4 mapped into IPv6, with its port.
struct ProxyAddress {
    std::array<std::uint8_t, 16> bytes{};
    std::uint16_t port = 0;
    bool is_v4() const;
};

struct ProxyHeader {
    enum class Outcome : std::uint8_t { done, more, bad };
    Outcome outcome = Outcome::bad;
    std::size_t size = 0;  // of the header, when done
    bool has_address = false;
    ProxyAddress source, destination;
};

// Version 2 may carry extensions; more than this is no certificate any more.
inline constexpr std::size_t kMaxProxyHeader = 4096;
// The longest that we write (version 1).
inline constexpr std::size_t kMaxWrittenProxyHeader = 107;

ProxyHeader read_proxy_header(std::string_view bytes);
// Whether they are the beginning of a header, of either version, or could become one.
bool may_be_proxy_header(std::string_view bytes);
// Without addresses (`known` false): UNKNOWN or UNSPEC. `out` has kMaxWrittenProxyHeader bytes; returns how many are
// used.
std::size_t write_proxy_header(std::span<char> out, unsigned version, bool known, const ProxyAddress& source,
                               const ProxyAddress& destination);
// Of a connection that speaks for no client: a health check of our own. `version` is 1 or 2.
std::string_view own_proxy_header(unsigned version);

}  // namespace switchyard::http
