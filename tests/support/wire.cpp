#include "tests/support/wire.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace switchyard::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

}  // namespace

Wire& Wire::operator=(Wire&& other) noexcept {
    close();
    seen = std::move(other.seen);
    ended = other.ended;
    cut = other.cut;
    fd_ = std::exchange(other.fd_, -1);
    return *this;
}

Wire Wire::connect(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) throw std::runtime_error("no socket for a test");
    Wire out(fd);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto address = loopback(port);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS)
        out.cut = true;
    return out;
}

std::size_t Wire::write(std::string_view bytes) {
    if (fd_ < 0) return 0;
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EAGAIN) cut = true;
    return 0;
}

std::size_t Wire::read(std::size_t most) {
    std::size_t total = 0;
    char bytes[16384];
    while (fd_ >= 0 && total < most && !ended && !cut) {
        const auto got = ::recv(fd_, bytes, std::min(sizeof bytes, most - total), MSG_DONTWAIT);
        if (got > 0) {
            seen.append(bytes, static_cast<std::size_t>(got));
            total += static_cast<std::size_t>(got);
            continue;
        }
        if (got == 0) ended = true;
        if (got < 0 && errno != EAGAIN) cut = true;
        break;
    }
    return total;
}

void Wire::shutdown_send() {
    ::shutdown(fd_, SHUT_WR);
}

void Wire::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

void Wire::reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
}

void Wire::shrink_buffers() {
    // Still far less than a body; with less a reader that empties it is seen only by the sender's probes, 200 ms apart.
    const int small = 16384;
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
}

ListeningWire::ListeningWire(std::uint8_t host, std::uint16_t port)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    auto address = loopback(port);
    address.sin_addr.s_addr = htonl(0x7f000000U | host);
    socklen_t length = sizeof address;
    if (fd_ < 0 || ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length) != 0 || ::listen(fd_, 1024) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        throw std::runtime_error("no listening socket for a test");
    port_ = ntohs(address.sin_port);
}

ListeningWire::~ListeningWire() {
    ::close(fd_);
}

Wire ListeningWire::accept() {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return Wire();
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return Wire(fd);
}

void ListeningWire::close() {
    ::shutdown(fd_, SHUT_RDWR);
}

}  // namespace switchyard::test
