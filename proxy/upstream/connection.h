// One connection to an endpoint, leased to an exchange or idle in its worker's pool.
//
// Invariants: idle means: at a message boundary, nothing unread, watched for the peer's close. A connection is reused
//   only if its last response was complete, framed, and said keep-alive.
// Threads: one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "proxy/net/stream.h"
#include "proxy/net/tls_outward.h"
#include "proxy/net/wheel.h"

namespace switchyard::upstream {

class ConnectionPool;

class Connection final : public net::Stream, private net::Waiter {
  public:
    using How = std::shared_ptr<const net::OutwardTls>;  // null: in clear

    Connection(net::Poller& poller, ConnectionPool& pool, How how = nullptr)
        : Waiter(poller), pool_(&pool), how_(std::move(how)) {}

    const How& how() const { return how_; }

    bool reused() const { return exchanges_ > 0; }
    // Octets handed to the kernel over the life of the connection (of TLS: its own); compared with what the peer has
    // acknowledged.
    std::uint64_t sent = 0;
    // Has the peer's kernel acknowledged anything beyond the first `before` bytes? False proves that no byte after
    // them can have been read by the endpoint. True when unsure.
    bool delivered_beyond(std::uint64_t before) const;
    // Looks without waiting whether the peer has closed or sent something unasked: not fit for another request.
    bool stale();
    // At a message boundary, with nothing that came out of turn and nothing that still has to go out. What TLS says by
    // itself – tickets come after the handshake, keys are changed – is swallowed.
    bool quiet();

  private:
    friend class ConnectionPool;
    void woken() override;

    ConnectionPool* pool_;
    const How how_;
    std::uint64_t exchanges_ = 0;
    std::int64_t idle_since_ = 0;
    std::size_t position_ = 0;  // in the pool's idle list
};

}  // namespace switchyard::upstream
