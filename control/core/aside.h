// Work that is long and needs nothing of control: documents are read and judged on a thread beside it.
//
// Invariants: pieces are done one after the other in the order in which they were given; `then` is called on control's
//   thread, once, unless the process ends first. A piece owns what it works on, or shares what is immutable.
// Threads: control gives and is told; one thread of its own works. It is started with the first piece: most processes
//   never have one. Bounded: kMostWaiting; each may be a document of several megabytes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace switchyard::control {

class Aside {
  public:
    static constexpr std::size_t kMostWaiting = 32;

    // `control`: where `then` is called.
    explicit Aside(boost::asio::any_io_executor control);
    ~Aside();

    // False: too much waits already; nothing is done. What `work` throws is logged, and `then` finds no result.
    bool run(std::function<void()> work, std::function<void()> then);
    // Gives up what has not begun and waits for the piece that has.
    void stop();

  private:
    struct Piece {
        std::function<void()> work, then;
    };
    void loop();

    const boost::asio::any_io_executor control_;
    std::mutex lock_;
    std::condition_variable news_;
    std::deque<Piece> queue_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace switchyard::control
