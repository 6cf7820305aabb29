#include "bench/yardbench/engine/url.h"

#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace yardbench {

Url parse_url(const std::string& text) {
    constexpr std::string_view kScheme = "http://", kSecure = "https://";
    std::string rest = text;
    Url url;
    url.secure = rest.rfind(kSecure, 0) == 0;
    if (url.secure)
        rest.erase(0, kSecure.size());
    else if (rest.rfind(kScheme, 0) == 0)
        rest.erase(0, kScheme.size());
    else if (rest.find("://") != std::string::npos)
        throw std::invalid_argument(text + ": only http:// and https:// are supported");
    // What stands in a request line: no fragment, and nothing that would end the line.
    rest.erase(std::min(rest.find('#'), rest.size()));
    if (std::any_of(rest.begin(), rest.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; }))
        throw std::invalid_argument(text + ": no spaces or control characters; write %20");
    const std::size_t path = rest.find_first_of("/?");
    url.path = "/";
    if (path != std::string::npos) url.path = rest[path] == '/' ? rest.substr(path) : '/' + rest.substr(path);
    url.authority = rest.substr(0, path);
    if (url.authority.find('@') != std::string::npos)
        throw std::invalid_argument(text + ": no user names here; write --header 'Authorization: …'");
    const std::size_t colon = url.authority.rfind(':');
    const bool has_port = colon != std::string::npos && url.authority.find(']', colon) == std::string::npos;
    std::string port = has_port ? url.authority.substr(colon + 1) : url.secure ? "443" : "80";
    url.host = has_port ? url.authority.substr(0, colon) : url.authority;
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number == 0)
        throw std::invalid_argument(text + ": '" + port + "' is no port; write 1 to 65535");
    if (url.host.empty()) throw std::invalid_argument(text + ": no host; write http://127.0.0.1:8080/");
    std::string bare = url.host;
    if (bare.front() == '[' && bare.back() == ']') bare = bare.substr(1, bare.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int failed = ::getaddrinfo(bare.c_str(), port.c_str(), &hints, &found); failed != 0)
        throw std::invalid_argument(text + ": " + ::gai_strerror(failed));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
    std::memcpy(&url.address, found->ai_addr, found->ai_addrlen);
    url.address_length = found->ai_addrlen;
    return url;
}

Url parse_clear_url(const std::string& text) {
    Url url = parse_url(text);
    if (url.secure) throw std::invalid_argument(text + ": only http:// is spoken here");
    return url;
}

}  // namespace yardbench
