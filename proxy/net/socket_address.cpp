#include "proxy/net/socket_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>

namespace switchyard::net {

std::string SocketAddress::host_text() const {
    char text[INET6_ADDRSTRLEN] = "";
    if (family() == AF_INET)
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr, text, sizeof text);
    else if (family() == AF_INET6)
        inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr, text, sizeof text);
    else
        return "unix";
    return text;
}

std::uint16_t SocketAddress::port() const {
    if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
    if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
    return 0;
}

bool numeric(const config::Address& address, SocketAddress& out, std::string* why) {
    using Kind = config::Address::Kind;
    if (address.kind == Kind::unix_path) {
        auto* un = reinterpret_cast<sockaddr_un*>(&out.storage);
        if (address.host.size() >= sizeof un->sun_path) {
            if (why != nullptr) *why = "the path of a unix socket may have at most 107 bytes";
            return false;
        }
        un->sun_family = AF_UNIX;
        std::memcpy(un->sun_path, address.host.c_str(), address.host.size() + 1);
        out.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.host.size() + 1);
        return true;
    }
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    if (address.kind == Kind::ipv4 && inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address.port);
        out.length = sizeof *v4;
        return true;
    }
    if (address.kind == Kind::ipv6 && inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(address.port);
        out.length = sizeof *v6;
        return true;
    }
    if (why != nullptr) *why = "expected an address, and " + address.host + " is a name";
    return false;
}

bool resolve(const config::Address& address, SocketAddress& out, std::string* why) {
    if (address.kind != config::Address::Kind::name) return numeric(address, out, why);
    if (address.host == "localhost") return numeric({config::Address::Kind::ipv4, "127.0.0.1", address.port}, out, why);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int code = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
    if (code != 0) {
        if (why != nullptr) *why = "cannot resolve " + address.host + ": " + gai_strerror(code);
        return false;
    }
    std::memcpy(&out.storage, found->ai_addr, found->ai_addrlen);
    out.length = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

}  // namespace switchyard::net
