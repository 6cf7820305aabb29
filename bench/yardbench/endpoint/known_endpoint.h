// An endpoint of HTTP/1.1, or of HTTP/2, with known answers, so that a load generator can be judged by it: a fixed
// body, a fixed delay, a stall of known length at a known interval, and an exact count of the requests it has read. It
// costs so little that a proxy in front of it, not it, is what a comparison measures.
//
// Invariants: every request read is answered in order with the same bytes; a stall freezes everything (nothing is
//   accepted, read or written), as a stopped process would. Not a general server: it trusts its caller.
// Threads: one, the caller's; stop() from any thread or a signal handler. Errors: a port that cannot be bound throws.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/yardbench/endpoint/known_streams.h"
#include "bench/yardbench/engine/clock.h"

namespace yardbench {

class KnownEndpoint {
  public:
    struct Settings {
        std::uint16_t port = 0;  // 0: any free one
        std::size_t body = 128;
        unsigned status = 200;
        Nanos delay = 0;        // every answer comes this long after its request was read
        Nanos stall_every = 0;  // measured from the first request
        Nanos stall_for = 0;
        bool close_each = false;
        std::string colour;  // value of colour_header; empty: no such header
        std::string colour_header = "X-Forum-Colour";
        bool http2 = false;     // in clear, by prior knowledge
        int grpc_status = -1;   // HTTP/2: calls of gRPC are answered, with this status; negative: requests are
        unsigned messages = 1;  // … so many messages each
    };

    explicit KnownEndpoint(Settings settings);
    ~KnownEndpoint();
    KnownEndpoint(const KnownEndpoint&) = delete;
    KnownEndpoint& operator=(const KnownEndpoint&) = delete;

    std::uint16_t port() const { return port_; }
    void run();
    void stop() { stopping_.store(true); }
    std::uint64_t requests() const { return requests_.load(std::memory_order_relaxed); }
    std::uint64_t connections() const { return accepted_.load(std::memory_order_relaxed); }
    // The first stall as it truly was, once it is over; a busy machine begins it late and makes it longer.
    struct Stall {
        Nanos began = 0;
        Nanos ended = 0;  // 0: not yet over
    };
    Stall first_stall() const {
        const Nanos ended = stall_ended_.load(std::memory_order_acquire);
        return {stall_began_.load(std::memory_order_relaxed), ended};
    }

  private:
    struct Connection {
        std::string unparsed;
        std::size_t skip = 0;    // request body bytes still to come
        std::uint64_t owed = 0;  // whole responses to write
        std::size_t offset = 0;  // of the current one
        std::uint64_t id = 0;
        bool waiting = false;                   // for the socket to take more
        std::unique_ptr<KnownStreams> streams;  // HTTP/2
        std::string out;                        // what of its frames has not gone, from `offset` on
    };
    struct Due {
        Nanos when;
        int fd;
        std::uint64_t id;
        std::int32_t stream;
    };

    void accept_all();
    bool read(int fd, Connection& connection);
    bool flush(int fd, Connection& connection);
    bool read_streams(int fd, Connection& connection, std::string_view octets);
    bool flush_streams(int fd, Connection& connection);
    bool wait_for_room(int fd, Connection& connection);
    void request_came(int fd, Connection& connection, std::int32_t stream);
    void answer(Connection& connection, std::int32_t stream);
    void take_requests(int fd, Connection& connection);
    void answer_due();
    void stall_if_due();
    void drop(int fd);
    Nanos next_wake() const;

    const Settings settings_;
    std::string response_;
    KnownAnswer answer_;  // HTTP/2
    int listener_ = -1;
    int epoll_ = -1;
    std::uint16_t port_ = 0;
    std::unordered_map<int, Connection> open_;
    std::vector<Due> due_;  // a queue: the delay is the same for all, so first in is first due
    std::size_t due_head_ = 0;
    std::uint64_t next_id_ = 1;
    Nanos next_stall_ = 0;  // 0: not started
    std::vector<char> buffer_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> accepted_{0};
    std::atomic<Nanos> stall_began_{0};
    std::atomic<Nanos> stall_ended_{0};
};

}  // namespace yardbench
