#pragma once
// One thread per open connection, made when needed and kept for the next one.
//
// cpp-httplib holds a thread for as long as a connection lives, also while it is idle, so there must be as many threads
// as connections. Beyond the limit connections wait; the server then closes idle ones sooner (Lifecycle says how many
// wait).
//
// Threads: enqueue from the accepting thread, shutdown once.

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "forum/api/lifecycle.h"

namespace forum {

class ConnectionThreads : public httplib::TaskQueue {
  public:
    ConnectionThreads(std::size_t most, Lifecycle& lifecycle);

    void enqueue(std::function<void()> serve) override;
    /// Waits for all connections to end.
    void shutdown() override;

  private:
    void work();

    std::size_t most_;
    Lifecycle& lifecycle_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    std::vector<std::thread> threads_;
    std::size_t free_ = 0;
    bool stopping_ = false;
};

}  // namespace forum
