#include "control/rollout/url.h"

#include <algorithm>
#include <charconv>

namespace switchyard::control::rollout {

std::optional<Url> Url::parse(std::string_view text, std::string* why) {
    const auto no = [&](const char* reason) -> std::optional<Url> {
        if (why != nullptr) *why = std::string(reason) + ", such as http://127.0.0.1:9002/readyz";
        return std::nullopt;
    };
    constexpr std::string_view kClear = "http://", kSecure = "https://";
    const bool secure = text.starts_with(kSecure);
    if (!secure && !text.starts_with(kClear)) return no("expected a URL that starts with http:// or https://");
    if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c == '\x7f'; }))
        return no("expected a URL without spaces and control characters");
    text.remove_prefix(secure ? kSecure.size() : kClear.size());
    text = text.substr(0, text.find('#'));
    const auto end = std::min(text.find_first_of("/?"), text.size());
    const std::string_view authority = text.substr(0, end);
    if (authority.find('@') != authority.npos) return no("expected a URL without a user name");
    Url url;
    url.secure = secure;
    if (secure) url.port = 443;
    if (end < text.size()) url.target = (text[end] == '?' ? "/" : "") + std::string(text.substr(end));
    const auto bracket = authority.rfind(']');
    const auto colon = authority.rfind(':');
    const bool has_port = colon != authority.npos && (bracket == authority.npos || colon > bracket);
    std::string_view host = authority.substr(0, has_port ? colon : authority.size());
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    if (host.empty() || host.find_first_of("[]") != host.npos) return no("expected a URL with a host");
    url.host = host;
    if (has_port) {
        const std::string_view digits = authority.substr(colon + 1);
        const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
        if (error != std::errc{} || rest != digits.data() + digits.size() || url.port == 0)
            return no("expected a URL with a port from 1 to 65535");
    }
    return url;
}

std::string Url::authority() const {
    return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(port);
}

}  // namespace switchyard::control::rollout
