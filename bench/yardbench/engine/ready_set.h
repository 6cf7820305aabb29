// The sockets of one load thread, in one epoll set of their own that the thread's io_context waits on as a whole.
//
// Why not async_read_some per socket: Asio then makes one recv() that finds nothing for every response awaited, or one
// epoll_ctl() per wait; at 150,000 requests per second on one core neither is affordable. Here a response costs one
// recv() and a request one send(), and Asio's own turn is paid once per batch of ready sockets.
//
// Invariants: an event is delivered only to the registration it belongs to (slot and epoch), so a socket closed in a
//   batch gets nothing more from that batch. Threads: one. Errors: an epoll that cannot be made throws system_error.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>

namespace yardbench {

class ReadySet {
  public:
    // slot, epoch, epoll event bits
    using Handler = std::function<void(std::uint32_t, std::uint32_t, std::uint32_t)>;
    // Runs after each batch.
    using AfterBatch = std::function<void()>;

    ReadySet(boost::asio::io_context& io, Handler handler, AfterBatch after_batch);

    void add(int fd, std::uint32_t events, std::uint32_t slot, std::uint32_t epoch);
    void change(int fd, std::uint32_t events, std::uint32_t slot, std::uint32_t epoch);
    void start() { wait(); }
    void stop();

  private:
    void wait();
    void drain();

    boost::asio::posix::stream_descriptor epoll_;
    Handler handler_;
    AfterBatch after_batch_;
};

}  // namespace yardbench
