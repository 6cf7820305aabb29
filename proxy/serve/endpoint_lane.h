// The endpoint's end of an exchange: a request goes, an answer comes. For each attempt it stands on a connection of its
// own, kept or new, or has a lane on one that others share (HTTP/2).
//
// Invariants: the text of a head stays in front of what comes after it until drop_head().
// Threads: one worker. Owns: the connection, while it has one; what came on it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "proxy/http/head_parser.h"
#include "proxy/serve/lane.h"
#include "proxy/serve/shared_lane.h"
#include "proxy/upstream/connection.h"

namespace switchyard::serve {

class EndpointLane : public Lane {
  public:
    explicit EndpointLane(net::BufferPool& buffers) : Lane(buffer_), buffer_(buffers) {}

    // Stands on this connection from now on and wakes `waiter` with its news.
    void stand_on(std::unique_ptr<upstream::Connection> connection, net::Waiter& waiter);
    // On one that was just made, by another exchange.
    void take_over(std::unique_ptr<upstream::Connection> connection, net::Waiter& waiter) {
        stand_on(std::move(connection), waiter);
        begin_after_handshake();
        reused_ = false;
    }
    // Has a place on a connection, or waits for one; woken with the lane's news.
    void stand_on(std::unique_ptr<SharedLane> lane);
    bool shares_connection() const { return frames_ != nullptr; }
    SharedLane& shared() const { return *shared_; }
    SharedLane& join(SharedPool& pool);
    // What it stands on, for the code that makes it: until then nothing of an exchange goes or comes.
    upstream::Connection& connection() const { return *connection_; }
    // What has gone out on it so far was not of this exchange.
    void begin_after_handshake() { sent_before_ = connection_->sent = connection_->tls()->wire_sent(); }
    // The first octets of a fresh connection, before any head. False: they were not taken.
    bool introduce(std::string_view octets);
    bool is_open() const { return stream_ != nullptr; }
    bool reused() const { return reused_; }

    enum class Came : std::uint8_t {
        here,
        wait,
        closed,  // in order
        failed,
        malformed,
    };
    // Interim answers, too: each is dropped before the next is read.
    Came read_head(http::Head& head);
    void drop_head(std::size_t size);
    // Forgets what has come, for another attempt.
    void start_anew() { buffer_.release(), parser_.reset(); }
    const char* base() const { return buffer_.data(); }
    std::string_view unread() const { return buffer_.unread(); }

    // The endpoint's kernel has taken nothing of what this exchange sent. False when unsure.
    bool nothing_delivered() const { return !connection_->delivered_beyond(sent_before_); }
    // At a message boundary, and with nothing that came out of turn.
    bool quiet() { return connection_->quiet(); }
    // What was taken is with the kernel, as far as it takes it now. False: some of it still waits (TLS).
    // Of a shared connection nothing is held here.
    bool settle() { return stream_->settle(); }
    std::size_t unsent() const { return stream_->unsent(); }
    // The endpoint must not take what came for the whole.
    void cut();
    // Leaves the connection: it may serve another exchange.
    std::unique_ptr<upstream::Connection> leave();
    void close() {
        connection_.reset();
        if (shared_ != nullptr) [[unlikely]]
            shared_.reset(), frames_ = nullptr;
        stream_ = nullptr;
    }

  private:
    Came read_framed_head(http::Head& head);

    net::Buffer buffer_;
    std::unique_ptr<SharedLane> shared_;
    std::unique_ptr<upstream::Connection> connection_;
    std::uint64_t sent_before_ = 0;  // on the connection, when this attempt began
    http::HeadParser parser_;
    bool reused_ = false;
};

inline void EndpointLane::stand_on(std::unique_ptr<upstream::Connection> connection, net::Waiter& waiter) {
    connection_ = std::move(connection);
    stream_ = connection_.get();
    reused_ = connection_->is_open();
    sent_before_ = connection_->sent;
    connection_->notify(&waiter);
}

inline void EndpointLane::drop_head(std::size_t size) {
    buffer_.consume(size);
    parser_.reset();
}

}  // namespace switchyard::serve
