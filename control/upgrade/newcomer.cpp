#include "control/upgrade/newcomer.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "control/upgrade/peer.h"

namespace switchyard::control::upgrade {
namespace {

using std::chrono::milliseconds;
using switchyard::net::Descriptor;

#ifndef SO_PEERPIDFD
constexpr int kPeerPidfd = 77;  // Linux 6.5
#else
constexpr int kPeerPidfd = SO_PEERPIDFD;
#endif

// A process that was killed, on a machine that has no time for it.
constexpr milliseconds kDies{5'000};

bool hung_up(int line, milliseconds within) {
    pollfd one{line, 0, 0};
    return ::poll(&one, 1, static_cast<int>(within.count())) > 0;
}

// Of the process at the other end, whether it can be seen from here or not; an older kernel knows it by its number
// alone.
Descriptor handle_of(int line, pid_t pid) {
    int handle = -1;
    socklen_t length = sizeof handle;
    if (::getsockopt(line, SOL_SOCKET, kPeerPidfd, &handle, &length) == 0) return Descriptor(handle);
    if (pid <= 0) return Descriptor();
    Descriptor out(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    // The number was still its own when the handle was made.
    return hung_up(line, milliseconds{0}) ? Descriptor() : std::move(out);
}

}  // namespace

Newcomer::Newcomer(int line) : line_(line), pid_(peer_of(line).pid), handle_(handle_of(line, pid_)) {}

bool Newcomer::gone_within(milliseconds most) const {
    if (!handle_.is_open()) return hung_up(line_, most);
    pollfd one{handle_.get(), POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(most.count())) > 0;
}

OtherProcess::End Newcomer::end(milliseconds patience, milliseconds farewell) {
    if (patience.count() > 0 && gone_within(patience)) return {"it has ended"};
    // Of a process in another container's tree this is refused: it is told, and waited for.
    const bool killed = handle_.is_open() && ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0) == 0;
    const bool gone = gone_within(killed ? kDies : farewell);
    let_go();
    if (gone) return {"it has ended"};
    return {"it was told to end, has not, and cannot be ended from here: end its container", false};
}

}  // namespace switchyard::control::upgrade
