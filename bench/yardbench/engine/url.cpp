#include "bench/yardbench/engine/url.h"

#include <netdb.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace yardbench {

Url parse_url(const std::string& text) {
    constexpr std::string_view kScheme = "http://";
    std::string rest = text;
    if (rest.rfind(kScheme, 0) == 0)
        rest.erase(0, kScheme.size());
    else if (rest.find("://") != std::string::npos)
        throw std::invalid_argument(text + ": only http:// is supported");
    Url url;
    const std::size_t slash = rest.find('/');
    url.path = slash == std::string::npos ? "/" : rest.substr(slash);
    url.authority = rest.substr(0, slash);
    const std::size_t colon = url.authority.rfind(':');
    const bool has_port = colon != std::string::npos && url.authority.find(']', colon) == std::string::npos;
    std::string port = has_port ? url.authority.substr(colon + 1) : "80";
    url.host = has_port ? url.authority.substr(0, colon) : url.authority;
    if (url.host.empty()) throw std::invalid_argument(text + ": no host; write http://127.0.0.1:8080/");
    std::string bare = url.host;
    if (bare.front() == '[' && bare.back() == ']') bare = bare.substr(1, bare.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(bare.c_str(), port.c_str(), &hints, &found); error != 0)
        throw std::invalid_argument(text + ": " + ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
    std::memcpy(&url.address, found->ai_addr, found->ai_addrlen);
    url.address_length = found->ai_addrlen;
    return url;
}

}  // namespace yardbench
