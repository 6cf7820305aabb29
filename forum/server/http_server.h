// Speaks HTTP/1.1 on one port and hands each request on as a Call.
//
// All clients wait in one poll loop, in which all threads take their turn: one that is told that something came reads
// what is there and, if with it a request is whole, answers it. So a thread is taken by a request and by nothing else;
// a client that sends or reads slowly, or does nothing, holds a few kilobytes until its time is over
// (docs/decisions/0010-the-forums-own-server.md). Some threads are never taken by anything but probes.
//
// Threads: `answer` is called from many at a time. Errors: none leave.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "forum/api/call.h"
#include "forum/api/lifecycle.h"
#include "forum/server/listening_socket.h"
#include "forum/server/request_reader.h"

namespace forum {

struct HttpOptions {
    std::size_t connections = 10'000;  // beyond, the one unused for longest is closed
    std::size_t threads = 512;         // requests in work at a time; more wait
    std::size_t held_bytes = 64 * 1'024 * 1'024;
    std::size_t requests_per_connection = 100'000;
    std::chrono::milliseconds idle_limit{60'000};
    std::chrono::milliseconds read_limit{10'000};
    std::chrono::milliseconds request_limit{30'000};
    ReaderLimits reader;
};

class HttpServer {
  public:
    using Handler = std::function<Answer(Call&)>;

    // All three must outlive it.
    HttpServer(ListeningSocket& listening, const HttpOptions& options, Lifecycle& lifecycle, Handler answer);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // Serves until stop() was called and every connection has ended.
    void run();

    // Takes no more connections, ends idle ones, lets requests in work finish. From any thread.
    void stop();

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace forum
