#include "control/net/http_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/http/characters.h"

namespace switchyard::control::net {

HttpPlace HttpPlace::of(std::string_view url) {
    constexpr std::string_view kClear = "http://", kSecure = "https://";
    HttpPlace out;
    out.secure = url.starts_with(kSecure);
    url.remove_prefix(std::min(url.size(), (out.secure ? kSecure : kClear).size()));
    out.said = url.substr(0, url.find('/'));
    const auto bracket = out.said.rfind(']');
    const auto colon = out.said.rfind(':');
    const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
    out.port = has_port ? out.said.substr(colon + 1) : out.secure ? "443" : "80";
    out.host = has_port ? out.said.substr(0, colon) : out.said;
    if (out.host.starts_with('[') && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
    return out;
}

std::string request_text(const HttpCall& call, std::string_view host) {
    const auto says = [&](std::string_view name) {
        return std::ranges::any_of(call.headers,
                                   [&](const auto& header) { return http::equals_lower(header.first, name); });
    };
    std::string out = fmt::format("{} {} HTTP/1.1\r\n", call.method, call.target);
    if (!says("host")) out += fmt::format("Host: {}\r\n", host);
    if (!says("user-agent")) out += "User-Agent: switchyard\r\n";
    for (const auto& [name, value] : call.headers) out += fmt::format("{}: {}\r\n", name, value);
    // A request of these means a body, also one of no octets (RFC 9110 §8.6); of the others it would be taken for one.
    const bool means_body = call.method == "POST" || call.method == "PUT" || call.method == "PATCH";
    if (!call.body.empty() || means_body) out += fmt::format("Content-Length: {}\r\n", call.body.size());
    return out + "\r\n" + call.body;
}

}  // namespace switchyard::control::net
