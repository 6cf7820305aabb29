// A connected stream socket: non-blocking reads and writes that keep the readiness flags true to the kernel's.
//
// Invariants: `readable` false means the kernel had nothing when last asked, and an edge will come; a read shorter
//   than asked for counts as "nothing left" unless the peer has hung up.
// Threads: one worker. Owns: the descriptor. Errors: Transfer.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "proxy/net/poller.h"
#include "proxy/net/socket_address.h"

namespace switchyard::net {

struct Transfer {
    enum class Status : unsigned char { done, again, closed, failed };
    Status status = Status::done;
    std::size_t bytes = 0;
};

class Stream : public Socket {
  public:
    // Takes over an accepted descriptor; false when the poller refuses it.
    bool accepted(int fd, Poller& poller);
    enum class Connecting : unsigned char {
        done,
        again,     // wait until writable, then ask connected()
        refused,   // by the other side or on the way to it
        shortage,  // of descriptors, ports or memory on this side
    };
    Connecting connect(const SocketAddress& address, Poller& poller);
    // After `again` from connect().
    Connecting connected();

    Transfer read(std::span<char> into);
    Transfer write(std::span<const iovec> pieces, bool more_follows = false);
    Transfer write(const char* bytes, std::size_t count, bool more_follows = false);
    void shutdown_send();
    // Closing with unread input would reset the connection under the last bytes we sent; this asks for that (a cut).
    void close_with_reset();

  private:
    Transfer wrote(ssize_t result);
};

}  // namespace switchyard::net
