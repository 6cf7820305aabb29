// The idle keep-alive connections of one worker to one endpoint. Last in, first out: warm windows, and the surplus
// ages out.
//
// Invariants: idle() <= max_idle; a connection that closes, or says anything while idle, leaves at once.
// Threads: one worker. Owns: the idle connections; a leased one belongs to its lease.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/upstream/connection.h"

namespace switchyard::upstream {

class ConnectionPool {
  public:
    explicit ConnectionPool(net::Poller& poller) : poller_(&poller) {}
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;

    // The most recently used one, or null.
    std::unique_ptr<Connection> take();
    std::unique_ptr<Connection> fresh();
    // Keeps it for the next exchange, unless there are enough already.
    void give(std::unique_ptr<Connection> connection, std::int64_t now_ms, std::uint32_t max_idle);
    // Closes what has been idle since before `oldest_ms`.
    void close_idle(std::int64_t oldest_ms);
    std::size_t idle() const { return idle_.size(); }
    // Leased ones, kept by the leases.
    std::uint32_t leased = 0;

  private:
    friend class Connection;
    void idle_news(Connection& connection);
    std::unique_ptr<Connection> remove(std::size_t position);

    net::Poller* poller_;
    std::vector<std::unique_ptr<Connection>> idle_;  // oldest first
};

}  // namespace switchyard::upstream
