// One open connection to a client: what came and was not read yet, what is to go out, and until when it may take.
//
// Nothing here waits: a client that sends or reads slowly holds some memory until its time is over, and no thread.
//
// Threads: one at a time (the poll loop hands a client to one thread and forgets it until that thread is done with it).
// What the keeper of all clients looks at from beside is atomic.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "forum/server/request_reader.h"

namespace forum {

// Bytes of unfinished requests and unread answers, of all clients.
class HeldBytes {
  public:
    explicit HeldBytes(std::size_t most) : most_(most) {}
    bool too_many() const { return bytes_.load(std::memory_order_relaxed) > static_cast<std::int64_t>(most_); }
    void add(std::int64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }

  private:
    std::size_t most_;
    std::atomic<std::int64_t> bytes_ = 0;
};

class Client {
  public:
    // Owns the socket.
    Client(int socket, const ReaderLimits& limits, HeldBytes& held);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    int socket() const { return socket_; }
    RequestReader& reader() { return reader_; }

    enum class Received { some, nothing, closed };
    // What is there, without waiting.
    Received receive();
    // Hands what was received to the reader, until a request is whole or refused or there is no more.
    RequestReader::State read_request();
    // The next read_request() says this again: another reader goes on with what was read.
    void hold(RequestReader::State state) { held_state_ = state; }
    // Bytes that the last receive() brought.
    std::size_t came() const { return came_; }

    std::string& out() { return out_; }
    enum class Sent { all, blocked, broken };
    Sent send();

    // Throws away what still comes until the client has read its refusal; false when it is time to close.
    bool discard();
    void end_sending();

    // Counts what this client holds among all.
    void account();

    // Where it stands; what is not `working` may be ended from beside.
    enum class Stage : int { idle, receiving, working, sending, lingering };
    std::atomic<Stage> stage = Stage::idle;
    std::atomic<std::int64_t> since_ms = 0;     // when the stage began
    std::atomic<std::int64_t> deadline_ms = 0;  // when it has to be over
    std::atomic<bool> expired = false;          // the time is over
    // What is counted for it; what ends it from beside takes that back at once.
    std::atomic<std::int64_t> counted = 0;

    std::size_t served = 0;
    bool close_after_sending = false;
    bool linger = false;          // unread bytes are there: closing at once would reset the answer away
    bool brought_crumbs = false;  // the poll of crumbs knows it

  private:
    int socket_;
    HeldBytes& held_;
    RequestReader reader_;
    std::string in_;
    std::size_t in_at_ = 0;
    std::size_t came_ = 0;
    std::optional<RequestReader::State> held_state_;
    std::string out_;
    std::size_t out_at_ = 0;
    std::size_t discarded_ = 0;
};

std::int64_t steady_ms();

}  // namespace forum
