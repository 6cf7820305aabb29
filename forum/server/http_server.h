#pragma once
// Speaks HTTP/1.1 on one port and hands each request on as a Call.
//
// Framing is checked before anything is read: a request that two programs could read differently (both Content-Length
// and Transfer-Encoding, a body where none belongs, two lengths) is refused and its connection closed.
//
// Threads: `answer` is called from one thread per connection. Errors: the constructor throws std::runtime_error when
// the address is taken or wrong.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "forum/api/call.h"
#include "forum/api/lifecycle.h"

namespace forum {

struct HttpOptions {
    std::string bind = "127.0.0.1";
    int port = 0;  ///< 0: any free one
    std::size_t connections = 512;
    std::size_t body_limit = 256 * 1'024;
    std::size_t requests_per_connection = 100'000;
    std::chrono::milliseconds idle_limit{60'000};
    std::chrono::milliseconds request_limit{30'000};
};

class HttpServer {
  public:
    using Handler = std::function<Answer(Call&)>;

    HttpServer(const HttpOptions& options, Lifecycle& lifecycle, Handler answer);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// The port that was bound; connections are accepted by the kernel from the constructor on.
    int port() const;

    /// Serves until stop() was called and every connection has ended.
    void run();

    /// Takes no more connections, ends idle ones, lets requests in work finish. From any thread.
    void stop();

  private:
    class Listener;
    std::unique_ptr<Listener> listener_;
};

}  // namespace forum
