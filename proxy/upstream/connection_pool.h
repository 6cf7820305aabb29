// The idle keep-alive connections of one worker to one endpoint. Last in, first out: warm windows, and the surplus
// ages out.
//
// Invariants: what is taken was made the way that is asked for: connections of other settings never stand in.
//   idle() <= max_idle; a connection that closes, or says anything while idle, leaves at once. At most one is
//   set aside as the witness: it is not taken until it has shown how long the endpoint lets a connection wait.
// Threads: one worker. Owns: the idle connections; a leased one belongs to its lease.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/upstream/connection.h"
#include "proxy/upstream/patience.h"

namespace switchyard::upstream {

class ConnectionPool {
  public:
    // `now_ms`: the worker's clock, read whenever something happens.
    ConnectionPool(net::Poller& poller, const std::int64_t& now_ms) : poller_(&poller), now_ms_(now_ms) {}
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;

    // The most recently used one that was made this way (null: in clear), or null. One that was made another way stays:
    // exchanges of an older generation ask for what was, while the newer ones have theirs.
    std::unique_ptr<Connection> take(const net::OutwardTls* how = nullptr);
    // For a request that cannot be sent twice: the same, unless the endpoint may be about to close it.
    std::unique_ptr<Connection> take_safe(const net::OutwardTls* how = nullptr);
    std::unique_ptr<Connection> fresh(Connection::How how = nullptr);
    // By which connections made this way come back, and no others.
    std::shared_ptr<net::TlsSessions> sessions(const Connection::How& how);
    // From now on connections are made this way: idle ones that were made another are closed.
    void keep_only(const net::OutwardTls* how);
    // Keeps it for the next exchange, unless there are enough already.
    void give(std::unique_ptr<Connection> connection, std::uint32_t max_idle);
    // A retired one belongs to an endpoint that is routed to no more: it keeps nothing, neither what is idle now nor
    // what is given back later.
    void retire(bool on);
    // Closes what has been idle since before `oldest_ms`.
    void close_idle(std::int64_t oldest_ms);
    // Learns from what is alive, and lets the witness go when it has testified. Now and then.
    void note_survivors();
    std::size_t idle() const { return idle_.size() + (witness_ ? 1 : 0); }
    // Leased ones, kept by the leases.
    std::uint32_t leased = 0;

  private:
    friend class Connection;
    void idle_news(Connection& connection);
    std::unique_ptr<Connection> remove(std::size_t position);
    // Positions follow the list.
    void renumber();
    bool dead(Connection& connection);
    std::size_t behind_last(const net::OutwardTls* how) const;

    net::Poller* poller_;
    const std::int64_t& now_ms_;
    std::vector<std::unique_ptr<Connection>> idle_;  // oldest first
    std::unique_ptr<Connection> witness_;
    struct Sessions {
        std::weak_ptr<const net::OutwardTls> how;
        std::shared_ptr<net::TlsSessions> sessions;
    };
    std::vector<Sessions> sessions_;  // one for each way that is in use: of the generations that still have exchanges
    Patience patience_;
    bool witness_wanted_ = false;
    bool retired_ = false;
};

}  // namespace switchyard::upstream
