// Who is at the other end of a line, as the kernel says it.
//
// Pure but for the kernel. Threads: any.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

namespace switchyard::control::upgrade {

struct Peer {
    pid_t pid = 0;  // 0: it cannot be seen from here, as in another container
    uid_t user = static_cast<uid_t>(-1);
};

inline Peer peer_of(int line) {
    ucred said{};
    socklen_t length = sizeof said;
    if (::getsockopt(line, SOL_SOCKET, SO_PEERCRED, &said, &length) != 0) return {};
    return {said.pid, said.uid};
}

}  // namespace switchyard::control::upgrade
