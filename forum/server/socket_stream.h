#pragma once
// One client connection as cpp-httplib wants to see it, with what that library lacks: reading and writing in large
// pieces, waiting for the next request without polling, and one time limit over a whole request.
//
// cpp-httplib 0.11 waits for keep-alive requests by waking up every few milliseconds and sends the head and the body of
// an answer in separate segments. Here a thread that waits sleeps in poll(2) until there is something to do, and an
// answer leaves in one piece.
//
// Threads: the one that serves the connection. Owns nothing: the socket is closed by whoever opened it.

#include <httplib.h>

#include <array>
#include <chrono>
#include <string>

#include "forum/server/head_watch.h"

namespace forum {

class SocketStream : public httplib::Stream {
  public:
    /// `wake` becomes readable when connections without a request in work should end.
    SocketStream(int socket, int wake, std::chrono::milliseconds request_limit, std::size_t request_bytes);

    enum class Wait { request, closed, idle };
    /// Until a byte of the next request is there, the client or `wake` ends it, or `limit` is over.
    Wait wait_for_request(std::chrono::milliseconds limit);

    /// From here the whole request and its answer have `request_limit`, and the request `request_bytes`: cpp-httplib
    /// reads a chunked body without any limit of its own.
    void begin_request();
    /// Sends what was written. False when the client is gone or too slow.
    bool flush();
    bool too_large() const { return budget_ == 0; }
    /// Of the request in work, as far as it was read.
    const HeadWatch& head() const { return head_; }
    bool has_unread() const { return read_at_ < read_end_; }

    bool is_readable() const override { return true; }
    bool is_writable() const override { return !broken_; }
    ssize_t read(char* to, size_t size) override;
    ssize_t write(const char* from, size_t size) override;
    void get_remote_ip_and_port(std::string& ip, int& port) const override;
    void get_local_ip_and_port(std::string& ip, int& port) const override;
    // cpp-httplib refuses descriptors beyond what select(2) can hold, but never uses this one for anything else.
    socket_t socket() const override { return 0; }

  private:
    bool wait(short events);
    bool fill();

    int socket_;
    int wake_;
    std::chrono::milliseconds request_limit_;
    std::size_t request_bytes_;
    std::size_t budget_ = 0;
    std::chrono::steady_clock::time_point deadline_;
    std::string remote_;
    HeadWatch head_;
    std::array<char, 16'384> read_;
    std::size_t read_at_ = 0;
    std::size_t read_end_ = 0;
    std::string written_;
    bool broken_ = false;
};

}  // namespace forum
