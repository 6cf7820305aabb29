#include "proxy/net/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "proxy/base/open_files.h"
#include "proxy/net/shortage.h"
#include "proxy/net/socket_calls.h"

namespace switchyard::net {
namespace {

Stream::Connecting why_not(int error) {
    return is_our_shortage(error) ? Stream::Connecting::shortage : Stream::Connecting::refused;
}

}  // namespace

bool Stream::accepted(int fd, Poller& poller) {
    adopt(fd);
    readable = writable = true;  // to be tried; the listener defers accept until there is something to read
    return poller.add(*this);
}

Stream::Connecting Stream::connect(const SocketAddress& address, Poller& poller) {
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return why_not(errno);
    adopt(fd);
    // The last ones are for the admin API, the checks and the files of this process.
    if (fd >= open_files.for_endpoints) return Connecting::shortage;
    if (address.family() != AF_UNIX) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    const bool at_once = ::connect(fd, address.get(), address.length) == 0;
    if (!at_once && errno != EINPROGRESS) return why_not(errno);
    writable = at_once;
    if (!poller.add(*this)) return Connecting::shortage;
    return at_once ? Connecting::done : Connecting::again;
}

Stream::Connecting Stream::connected() {
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    return error == 0 ? Connecting::done : why_not(error);
}

Transfer Stream::read(std::span<char> into) {
    return tls_ ? tls_->read(into) : read_raw(into);
}

Transfer Stream::read_raw(std::span<char> into) {
    for (;;) {
        const ssize_t got = receive_bytes(fd_, into.data(), into.size());
        if (got > 0) {
            if (static_cast<std::size_t>(got) < into.size() && !hung_up) readable = false;
            return {Transfer::Status::done, static_cast<std::size_t>(got)};
        }
        if (got == 0) return {Transfer::Status::closed, 0};
        if (errno == EINTR) continue;
        if (errno == EAGAIN) {
            readable = false;
            return {Transfer::Status::again, 0};
        }
        return {Transfer::Status::failed, 0};
    }
}

Transfer Stream::write(std::span<const iovec> pieces, bool more_follows) {
    if (tls_) return tls_->write(pieces, more_follows);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    for (;;) {
        const ssize_t sent = send_message(fd_, &message, MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0));
        if (sent < 0 && errno == EINTR) continue;
        return wrote(sent);
    }
}

Transfer Stream::write(const char* bytes, std::size_t count, bool more_follows) {
    if (tls_) {
        const iovec piece{const_cast<char*>(bytes), count};
        return tls_->write({&piece, 1}, more_follows);
    }
    for (;;) {
        const ssize_t sent = send_bytes(fd_, bytes, count, MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0));
        if (sent < 0 && errno == EINTR) continue;
        return wrote(sent);
    }
}

Transfer Stream::wrote(ssize_t result) {
    if (result >= 0) return {Transfer::Status::done, static_cast<std::size_t>(result)};
    if (errno == EAGAIN) {
        writable = false;
        return {Transfer::Status::again, 0};
    }
    return {Transfer::Status::failed, 0};
}

bool Stream::shutdown_send() {
    if (tls_) tls_->say_end();
    if (unsent() != 0) return false;
    ::shutdown(fd_, SHUT_WR);
    return true;
}

void Stream::close_with_reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
}

}  // namespace switchyard::net
