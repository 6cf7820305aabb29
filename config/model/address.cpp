#include "config/model/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "config/text/why.h"

namespace switchyard::config {

namespace {

constexpr std::size_t kMaxHostLength = 253;      // RFC 1035 §2.3.4, written without the final dot
constexpr std::size_t kMaxUnixPathLength = 107;  // sun_path of Linux holds 108 bytes with the closing NUL

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    if (text.empty() || text.size() > 5) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

// The one spelling that inet_ntop gives, so that equal addresses are equal texts.
std::optional<std::string> canonical(int family, const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
    return std::string(inet_ntop(family, bytes.data(), out.data(), out.size()));
}

bool is_host_name(std::string_view text) {
    if (text.empty() || text.size() > kMaxHostLength || text.front() == '.' || text.back() == '.') return false;
    if (text.find("..") != std::string_view::npos || text.front() == '-') return false;
    return std::ranges::all_of(text,
                               [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '_'; });
}

bool looks_like_ipv4(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) || c == '.'; });
}

std::optional<Address> parse_unix(std::string_view path, std::string* why) {
    if (path.empty() || path.front() != '/') {
        say(why, "expected an absolute path after unix:, as in unix:/run/forum.sock");
        return std::nullopt;
    }
    if (path.size() > kMaxUnixPathLength || path.find('\0') != std::string_view::npos) {
        say(why, fmt::format("a unix socket path has at most {} bytes and no NUL", kMaxUnixPathLength));
        return std::nullopt;
    }
    return Address{Address::Kind::unix_path, std::string(path), 0};
}

std::optional<Address> parse_bracketed(std::string_view text, std::string* why) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || close + 1 >= text.size() || text[close + 1] != ':') {
        say(why, "expected [v6]:port, as in [::1]:8080");
        return std::nullopt;
    }
    const auto host = canonical(AF_INET6, std::string(text.substr(1, close - 1)));
    if (!host) {
        say(why, fmt::format("\"{}\" is not an IPv6 address", text.substr(1, close - 1)));
        return std::nullopt;
    }
    const auto port = parse_port(text.substr(close + 2));
    if (!port) {
        say(why, "expected a port from 0 to 65535 after the last colon");
        return std::nullopt;
    }
    return Address{Address::Kind::ipv6, *host, *port};
}

}  // namespace

std::string Address::text() const {
    switch (kind) {
        case Kind::unix_path:
            return "unix:" + host;
        case Kind::ipv6:
            return fmt::format("[{}]:{}", host, port);
        case Kind::name:
        case Kind::ipv4:
            break;
    }
    return fmt::format("{}:{}", host, port);
}

bool Address::is_loopback() const {
    switch (kind) {
        case Kind::unix_path:
            return true;
        case Kind::ipv6:
            return host == "::1" || host.starts_with("::ffff:127.");
        case Kind::ipv4:
            return host.starts_with("127.");
        case Kind::name:
            break;
    }
    return host == "localhost";
}

std::optional<Address> Address::parse(std::string_view text, std::string* why) {
    constexpr std::string_view kUnix = "unix:";
    if (text.starts_with(kUnix)) return parse_unix(text.substr(kUnix.size()), why);
    if (text.starts_with('[')) return parse_bracketed(text, why);
    if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
        const auto rest = text.substr(scheme + 3);
        const auto host = rest.substr(0, rest.find('/'));
        say(why, fmt::format("an address is host:port without \"{}\" before and a path behind: write {}",
                             text.substr(0, scheme + 3),
                             host.find(':') == std::string_view::npos ? std::string(host) + ":80" : std::string(host)));
        return std::nullopt;
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        say(why, "expected host:port, [v6]:port or unix:/path; the port is missing");
        return std::nullopt;
    }
    const auto host = text.substr(0, colon);
    if (host.find(':') != std::string_view::npos) {
        say(why, "an IPv6 address is written in brackets, as in [::1]:8080");
        return std::nullopt;
    }
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) {
        say(why, "expected a port from 0 to 65535 after the colon");
        return std::nullopt;
    }
    if (!host.empty() && looks_like_ipv4(host)) {
        if (const auto v4 = canonical(AF_INET, std::string(host))) return Address{Kind::ipv4, *v4, *port};
        say(why, fmt::format("\"{}\" is not an IPv4 address", host));
        return std::nullopt;
    }
    if (!is_host_name(host)) {
        if (host.empty() || host == "*")
            say(why, fmt::format("\"{}\" is not a host name; for every address of the machine write 0.0.0.0:{}", host,
                                 *port));
        else
            say(why, fmt::format("\"{}\" is not a host name", host));
        return std::nullopt;
    }
    std::string lower(host);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return Address{Kind::name, lower, *port};
}

}  // namespace switchyard::config
