// A small TCP gate in front of an endpoint, through which its network can be made bad: delayed, trickling, frozen,
// swallowed, cut. What the proxy connects to is the gate; what the gate connects to is the endpoint.
//
// mode          what happens to bytes, in both directions     what it looks like in production
// pass          go on at once                                  all is well
// delay D       go on D later                                  a far or congested network
// trickle N     N bytes per second and connection              a peer or link that is nearly dead
// freeze        are kept, and go on when the mode changes      a process that was stopped, a long pause
// swallow       are read and thrown away                       a network that drops packets (black hole)
// refuse        present and new connections are reset          a process that died
// cut() resets all connections that are there; new ones follow the mode.
//
// Invariants: a connection that has lost bytes in `swallow` is cut when the mode changes: it never carries a stream
//   with a hole in it. Threads: everything runs on the gate's own thread; set(), cut() and the counts from any.
// Owns: its sockets and its thread. Errors: a port that cannot be bound throws.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "bench/yardbench/engine/clock.h"

namespace yardbench {

class Gate {
  public:
    struct Mode {
        enum class Kind { pass, delay, trickle, freeze, swallow, refuse } kind = Kind::pass;
        Nanos delay = 0;
        std::size_t bytes_per_second = 0;
    };

    // `port` 0: any free one. `to`: host:port of the endpoint, numeric.
    Gate(std::uint16_t port, const std::string& to);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    std::uint16_t port() const { return port_; }
    // Both return when it is in force.
    void set(Mode mode);
    void cut();
    std::uint64_t connections() const { return connections_.load(); }

  private:
    class Pair;

    void accept();
    void reset_all();
    void run_on_thread(const std::function<void()>& action);

    boost::asio::io_context io_;
    boost::asio::ip::tcp::endpoint to_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    Mode mode_;
    std::set<std::shared_ptr<Pair>> pairs_;
    std::atomic<std::uint64_t> connections_{0};
    std::thread thread_;
};

}  // namespace yardbench
