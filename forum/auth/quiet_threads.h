// A few threads that compute what takes long, and give way to every other thread of the program while they do.
//
// A thread may lower its own priority but not raise it again, so the work goes to threads that are low for good.
// Threads: run() from any. Ends: the destructor lets what was begun end; run() must not be called any more.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace forum {

class QuietThreads {
  public:
    explicit QuietThreads(unsigned count);

    // Returns when `job` has run on one of them, or throws what it threw.
    void run(const std::function<void()>& job);

  private:
    void work(const std::stop_token& stop);

    std::mutex mutex_;
    std::condition_variable_any came_;
    std::deque<std::packaged_task<void()>> waiting_;
    std::vector<std::jthread> threads_;  // last: they end before what they use
};

}  // namespace forum
