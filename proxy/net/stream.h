// A connected stream socket, in clear or under TLS: non-blocking reads and writes that keep the readiness flags true.
//
// Invariants: `readable` false means the kernel had nothing when last asked, and an edge will come; a read shorter
//   than asked for counts as "nothing left" unless the peer has hung up. Under TLS a write may leave ciphertext with
//   the stream (`unsent`): what is done with a stream for now sees to it that none is left.
// Threads: one worker. Owns: the descriptor. Errors: Transfer.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>

#include "proxy/net/poller.h"
#include "proxy/net/socket_address.h"
#include "proxy/net/tls.h"
#include "proxy/net/transfer.h"

namespace switchyard::net {

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
    // `more_follows` at once: the kernel may hold a last segment that is not full until then, or until send_held(); of
    // large bodies the other side is woken once for several pieces.
    Transfer write(std::span<const iovec> pieces, bool more_follows = false);
    Transfer write(const char* bytes, std::size_t count, bool more_follows = false);
    // So many octets it takes best at a time: what fits into a record of TLS, so that each is one, and one system call.
    std::size_t piece() const { return tls_ ? Tls::kRecord : BufferPool::kBlock; }
    // Octets that were taken and wait for the kernel; 0 in clear.
    std::size_t unsent() const { return tls_ ? tls_->unsent() : 0; }
    // done: nothing waits any more. again: wait until writable.
    Transfer::Status flush() { return tls_ ? tls_->flush() : Transfer::Status::done; }
    // What was taken is with the kernel, as far as it takes it now. False: some of it still waits (TLS).
    bool settle() { return unsent() == 0 || (writable && flush() == Transfer::Status::done); }
    // False: the end of TLS could not be said yet; to be asked again when unsent() is 0.
    bool shutdown_send();
    // The last read met an end that was not said, where it has to be (TLS): what came may be a part.
    bool truncated() const { return tls_ && tls_->truncated(); }
    // What the peer still sends, whatever it means: for throwing away.
    Transfer read_raw(std::span<char> into);
    // Closing with unread input would reset the connection under the last bytes we sent; this asks for that (a cut).
    void close_with_reset();

    // From here on octets go through this.
    void secure(std::unique_ptr<Tls> tls) { tls_ = std::move(tls); }
    // Null: in clear.
    Tls* tls() { return tls_.get(); }
    const Tls* tls() const { return tls_.get(); }

  private:
    Transfer wrote(ssize_t result);
    std::unique_ptr<Tls> tls_;
};

}  // namespace switchyard::net
