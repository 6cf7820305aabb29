#include "proxy/net/listening_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxy/net/socket_address.h"

namespace switchyard::net {
namespace {

constexpr int kBacklog = 4096;  // bursts of new connections while a worker is busy; the kernel caps it by somaxconn

// One listening descriptor, or -1 with errno set.
int open_one(const SocketAddress& address, bool reuse_port) {
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.family() != AF_UNIX) {
        if (reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);       // inherited by accepted sockets
        ::setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof on);  // wake us when there is a request to read
    }
    if (::bind(fd, address.get(), address.length) == 0 && ::listen(fd, kBacklog) == 0) return fd;
    const int saved = errno;
    ::close(fd);
    errno = saved;
    return -1;
}

// A unix socket that nobody answers on is left over from a process that died.
void remove_stale(const SocketAddress& address, const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return;
    if (::connect(probe, address.get(), address.length) != 0 && errno == ECONNREFUSED) ::unlink(path.c_str());
    ::close(probe);
}

}  // namespace

std::shared_ptr<ListeningSockets> ListeningSockets::open(const config::Address& bind, unsigned workers,
                                                         std::string* why) {
    SocketAddress address;
    if (!resolve(bind, address, why)) return nullptr;
    auto fail = [&](const char* what) -> std::shared_ptr<ListeningSockets> {
        if (why != nullptr) *why = std::string("cannot ") + what + " " + bind.text() + ": " + std::strerror(errno);
        return nullptr;
    };
    std::shared_ptr<ListeningSockets> out(new ListeningSockets);
    out->bound_ = bind;
    const bool is_unix = bind.kind == config::Address::Kind::unix_path;
    if (is_unix) remove_stale(address, bind.host);
    // Without SO_REUSEPORT first: this bind fails when any other process listens there, even one of ours.
    const int probe = is_unix ? -1 : open_one(address, false);
    if (!is_unix) {
        if (probe < 0) return fail("listen on");
        socklen_t length = sizeof address.storage;
        if (::getsockname(probe, address.get(), &length) != 0) {
            ::close(probe);
            return fail("read the address of");
        }
        address.length = length;
        out->bound_.port = address.port();
        ::close(probe);
    }
    for (unsigned i = 0; i < (is_unix ? 1 : workers); ++i) {
        const int fd = open_one(address, true);
        if (fd < 0) return fail("listen on");
        out->fds_.push_back(fd);
    }
    return out;
}

ListeningSockets::~ListeningSockets() {
    for (int fd : fds_) ::close(fd);
    if (bound_.kind == config::Address::Kind::unix_path && !fds_.empty()) ::unlink(bound_.host.c_str());
}

}  // namespace switchyard::net
