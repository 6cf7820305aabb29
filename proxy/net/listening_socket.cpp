#include "proxy/net/listening_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/net/socket_address.h"

namespace switchyard::net {
namespace {

constexpr int kBacklog = 4096;  // bursts of new connections while a worker is busy; the kernel caps it by somaxconn

// One bound descriptor, or -1 with errno set.
int bind_one(const SocketAddress& address, bool reuse_port) {
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.family() != AF_UNIX) {
        if (reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);       // inherited by accepted sockets
        ::setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof on);  // wake us when there is a request to read
    }
    if (::bind(fd, address.get(), address.length) == 0) return fd;
    const int saved = errno;
    ::close(fd);
    errno = saved;
    return -1;
}

// A unix socket that no process answers on is left over from a process that died.
void remove_stale(const SocketAddress& address, const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return;
    if (::connect(probe, address.get(), address.length) != 0 && errno == ECONNREFUSED) ::unlink(path.c_str());
    ::close(probe);
}

std::string failure(const char* what, const config::Address& address) {
    return std::string("cannot ") + what + " " + address.text() + ": " + std::strerror(errno);
}

}  // namespace

std::shared_ptr<ListeningSockets> ListeningSockets::open(const config::Address& bind, unsigned workers,
                                                         std::string* why, Neighbours neighbours) {
    SocketAddress address;
    if (!resolve(bind, address, why)) return nullptr;
    auto fail = [&](const char* what) -> std::shared_ptr<ListeningSockets> {
        if (why != nullptr) *why = failure(what, bind);
        return nullptr;
    };
    std::shared_ptr<ListeningSockets> out(new ListeningSockets);
    out->bound_ = bind;
    if (out->is_unix()) {
        remove_stale(address, bind.host);
        const int fd = bind_one(address, false);
        if (fd < 0) return fail("listen on");
        out->fds_.push_back(fd);
        out->open_ = 1;
        out->note_path();
        return out->share_among(workers) ? out : fail("share");
    }
    // Without SO_REUSEPORT first: this bind fails when any other process listens there, even one of ours. It never
    // listens: no connection ends in a queue that is about to go.
    if (bind.port == 0 || neighbours == Neighbours::none) {
        const int probe = bind_one(address, false);
        if (probe < 0) return fail("listen on");
        socklen_t length = sizeof address.storage;
        const bool known = ::getsockname(probe, address.get(), &length) == 0;
        ::close(probe);
        if (!known) return fail("read the address of");
        address.length = length;
        out->bound_.port = address.port();
    }
    for (unsigned i = 0; i < workers; ++i) {
        const int fd = bind_one(address, true);
        if (fd < 0) return fail("listen on");
        out->fds_.push_back(fd);
        ++out->open_;
    }
    return out;
}

std::shared_ptr<ListeningSockets> ListeningSockets::passed(const config::Address& bound, std::vector<int> descriptors,
                                                           unsigned workers, std::string* why) {
    std::shared_ptr<ListeningSockets> out(new ListeningSockets);
    out->bound_ = bound;
    out->listening_ = out->from_elsewhere_ = true;
    for (; descriptors.size() > workers; descriptors.pop_back()) ::close(descriptors.back());
    out->fds_ = std::move(descriptors);
    out->open_ = static_cast<unsigned>(out->fds_.size());
    if (SocketAddress at; !out->fds_.empty() && !out->is_unix() && bound.port == 0) {
        at.length = sizeof at.storage;
        if (::getsockname(out->fds_.front(), at.get(), &at.length) == 0) out->bound_.port = at.port();
    }
    if (!out->fds_.empty() && out->share_among(workers)) return out;
    if (why != nullptr)
        *why = bound.text() + ": " + std::to_string(out->fds_.size()) + " descriptors were passed for " +
               std::to_string(workers) + " workers";
    return nullptr;
}

ListeningSockets::~ListeningSockets() {
    for (const int fd : fds_)
        if (fd >= 0) ::close(fd);
    if (!kept_elsewhere_) give_up_path();
}

// Workers without a socket of their own get a descriptor of another's, in turn.
bool ListeningSockets::share_among(unsigned workers) {
    for (std::size_t next = 0; fds_.size() < workers; ++next) {
        const int fd = ::fcntl(fds_[next], F_DUPFD_CLOEXEC, 0);
        if (fd < 0) return false;
        fds_.push_back(fd);
        ++open_;
    }
    return true;
}

bool ListeningSockets::listen(std::string* why) {
    if (listening_) return true;
    for (const int fd : fds_) {
        if (::listen(fd, kBacklog) == 0) continue;
        if (why != nullptr) *why = failure("listen on", bound_);
        return false;
    }
    return listening_ = true;
}

void ListeningSockets::retire() {
    listening_ = false;
    give_up_path();
}

void ListeningSockets::close(unsigned worker) {
    const int fd = std::exchange(fds_[worker], -1);
    if (fd < 0) return;
    // Where the socket is this worker's alone no client may connect from now on, whatever has inherited a descriptor.
    // One that others go on to use – the other workers, or another process – only loses us: a shutdown would end it for
    // them too and reset every client that waits in its queue.
    if (!from_elsewhere_ && !kept_elsewhere_ && !is_unix()) ::shutdown(fd, SHUT_RD);
    ::close(fd);
    open_.fetch_sub(1, std::memory_order_release);
}

void ListeningSockets::note_path() {
    struct stat info {};
    owns_path_ = ::lstat(bound_.host.c_str(), &info) == 0;
    path_device_ = info.st_dev;
    path_inode_ = info.st_ino;
}

// Another process may have put a socket of its own there since.
void ListeningSockets::give_up_path() {
    if (!std::exchange(owns_path_, false)) return;
    struct stat info {};
    if (::lstat(bound_.host.c_str(), &info) != 0 || info.st_dev != path_device_ || info.st_ino != path_inode_) return;
    ::unlink(bound_.host.c_str());
}

}  // namespace switchyard::net
