#include "forum/server/listening_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace forum {

namespace {

// A burst of new connections waits here until they are accepted.
constexpr int kBacklog = 1'024;

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses addresses_of(const std::string& address, int port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
    return {code == 0 ? found : nullptr, &::freeaddrinfo};
}

}  // namespace

ListeningSocket::ListeningSocket(const std::string& address, int port) {
    const Addresses all = addresses_of(address, port);
    int why = 0;
    for (const addrinfo* one = all.get(); one != nullptr && descriptor_ < 0; one = one->ai_next) {
        const int fresh = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, one->ai_protocol);
        const int on = 1;
        // Not SO_REUSEPORT, with which a second instance would silently share the port.
        ::setsockopt(fresh, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        ::setsockopt(fresh, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // inherited by accepted sockets
        if (::bind(fresh, one->ai_addr, one->ai_addrlen) == 0 && ::listen(fresh, kBacklog) == 0) {
            descriptor_ = fresh;
        } else {
            why = errno;
            ::close(fresh);
        }
    }
    if (descriptor_ < 0) {
        const bool told = why == EADDRINUSE || why == EADDRNOTAVAIL || why == EACCES;
        throw std::runtime_error("cannot listen on " + address + ":" + std::to_string(port) + ": " +
                                 (told ? std::strerror(why) : "that is no address of this machine") +
                                 (why == EADDRINUSE ? " (is another instance running there?)" : ""));
    }
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&bound), &length);
    port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                              : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
}

ListeningSocket::~ListeningSocket() {
    close();
}

void ListeningSocket::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

}  // namespace forum
