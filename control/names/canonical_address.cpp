#include "control/names/canonical_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "proxy/net/socket_address.h"

namespace switchyard::control {
namespace {

constexpr std::uint16_t kAnyPort = 9;  // where nothing is sent to

bool no_machine(const net::SocketAddress& address) {
    if (address.family() == AF_INET) {
        const auto ip = ntohl(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr.s_addr);
        return ip == INADDR_ANY || IN_MULTICAST(ip) || ip == INADDR_BROADCAST;
    }
    const auto& ip = reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
    return IN6_IS_ADDR_UNSPECIFIED(&ip) || IN6_IS_ADDR_MULTICAST(&ip) || IN6_IS_ADDR_LINKLOCAL(&ip);
}

}  // namespace

std::string canonical_address(std::string_view text) {
    const std::string given(text);
    in6_addr bytes{};
    char out[INET6_ADDRSTRLEN] = "";
    const int family = given.find(':') == std::string::npos ? AF_INET : AF_INET6;
    if (inet_pton(family, given.c_str(), &bytes) != 1) return {};
    inet_ntop(family, &bytes, out, sizeof out);
    return out;
}

std::string why_unreachable(const std::string& address) {
    using Kind = config::Address::Kind;
    net::SocketAddress to;
    const Kind kind = address.find(':') == std::string::npos ? Kind::ipv4 : Kind::ipv6;
    if (!net::numeric({kind, address, kAnyPort}, to, nullptr)) return address + " is no address";
    if (no_machine(to)) return address + " is nobody's address";
    const int fd = ::socket(to.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool routed = fd >= 0 && ::connect(fd, to.get(), to.length) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    // Only what says that there is no way: a shortage of our own is no reason to give an address up.
    if (routed || (error != ENETUNREACH && error != EHOSTUNREACH && error != EAFNOSUPPORT && error != EADDRNOTAVAIL))
        return {};
    return "this machine has no route to " + address;
}

}  // namespace switchyard::control
