// Long work (long_work.h) on a thread beside control's: documents are read and judged there.
//
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

#include "control/core/long_work.h"

namespace switchyard::control {

class Aside final : public LongWork {
  public:
    static constexpr std::size_t kMostWaiting = 32;

    // `control`: where `then` is called.
    explicit Aside(boost::asio::any_io_executor control);
    ~Aside() override;

    // What `work` throws is logged, and `then` finds no result.
    bool run(std::function<void()> work, std::function<void()> then) override;
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
