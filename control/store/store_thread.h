// The store on a thread of its own, so that a disk which hangs holds up what is to be kept and nothing else.
//
// Invariants: those of StoreWriter. Whatever was given is written before stop() returns, so an end in order loses
//   nothing; what comes after it, or while kMostWaiting wait already, is refused at once (503 `store_busy`).
// Threads: control gives and is told; one thread of its own writes. Between the two there is one queue under one lock,
//   which is never held while something is written.
// Owns: the store that is written to, and the thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "control/store/store.h"
#include "control/store/store_writer.h"

namespace switchyard::control {

class StoreThread : public StoreWriter {
  public:
    // Changes come one at a time; what else is written (journals, one of each rollout; lines of the audit) is bounded
    // by this: a caller that goes on against a disk that hangs is told so.
    static constexpr std::size_t kMostWaiting = 256;

    // `control`: where `done` is called.
    StoreThread(std::unique_ptr<Store> store, boost::asio::any_io_executor control);
    ~StoreThread() override;

    // Before start() the store is the caller's, and nothing is written by this.
    Store& store() { return *store_; }
    void start();
    void stop();

    // Nothing more is written, until another call takes that back: another process writes. What came before is.
    void hold(bool held);
    void write(Write write, Done done) override;

    Sight sight() const override;

  private:
    struct Item {
        Write write;
        Done done;
    };
    void run();

    const std::unique_ptr<Store> store_;
    const boost::asio::any_io_executor control_;
    mutable std::mutex lock_;
    std::condition_variable news_;
    std::deque<Item> queue_;
    std::optional<std::chrono::steady_clock::time_point> began_;
    bool ending_ = false;
    bool held_ = false;
    std::thread thread_;
};

}  // namespace switchyard::control
