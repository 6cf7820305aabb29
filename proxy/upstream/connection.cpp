#include "proxy/upstream/connection.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

#include "proxy/upstream/connection_pool.h"

namespace switchyard::upstream {

bool Connection::delivered_beyond(std::uint64_t before) const {
    tcp_info info{};
    socklen_t length = sizeof info;
    if (::getsockopt(descriptor(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return true;
    if (length < offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) return true;
    // The SYN counts as one acknowledged byte on the connecting side.
    return info.tcpi_bytes_acked > before + 1;
}

bool Connection::stale() {
    if (hung_up || broken) return true;
    char byte;
    const ssize_t got = ::recv(descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0) return errno != EAGAIN;
    if (got == 0 || tls() == nullptr) return true;
    readable = true;
    return !quiet();
}

bool Connection::quiet() {
    if (hung_up || broken) return false;
    if (tls() == nullptr) return !readable;
    char byte;
    if (readable && read({&byte, 1}).status != net::Transfer::Status::again) return false;
    return unsent() == 0;
}

void Connection::woken() {
    pool_->idle_news(*this);
}

}  // namespace switchyard::upstream
