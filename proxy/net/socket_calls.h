// recv and send of a worker's socket, without the C library's cancellation points.
//
// Those cost two atomic operations a call in a threaded process (2 % of a busy worker), and workers are never
// cancelled: the system calls are made directly.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

namespace switchyard::net {

inline ssize_t receive_bytes(int fd, void* into, std::size_t size) {
    return ::syscall(SYS_recvfrom, fd, into, size, 0, nullptr, nullptr);
}
inline ssize_t send_bytes(int fd, const void* bytes, std::size_t size, int flags) {
    return ::syscall(SYS_sendto, fd, bytes, size, flags, nullptr, 0);
}
inline ssize_t send_message(int fd, const msghdr* message, int flags) {
    return ::syscall(SYS_sendmsg, fd, message, flags);
}

// What the kernel holds because more was said to follow (MSG_MORE) goes now. TCP; others hold nothing.
inline void send_held(int fd) {
    const int on = 1;  // also where it is on already
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace switchyard::net
