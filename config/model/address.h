// An address as operators write it: "host:port", "[v6]:port" or "unix:/path".
//
// Invariants: parse() accepts only what text() gives back in canonical form. Host names are kept as written
//   (lower case); nothing is resolved here.
// Threads: plain value. Errors: parse() says in words what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config {

struct Address {
    enum class Kind : std::uint8_t { name, ipv4, ipv6, unix_path };

    Kind kind = Kind::ipv4;
    std::string host;        // without brackets; for unix_path: the path
    std::uint16_t port = 0;  // 0 only for unix_path, and for listeners that let the kernel choose

    bool operator==(const Address&) const = default;
    auto operator<=>(const Address&) const = default;

    std::string text() const;
    // True for 127.0.0.0/8, ::1, localhost and unix sockets.
    bool is_loopback() const;
    // On failure returns nothing and, when `why` is given, what was expected.
    static std::optional<Address> parse(std::string_view text, std::string* why = nullptr);
};

}  // namespace switchyard::config
