// Runs a plan: starts the load threads, gathers their tallies.
//
// Threads: start(), stop(), progress() and join() belong to the thread that made the engine; stop() may come from any.
// Errors: a load thread that cannot run (no file descriptors, cannot be pinned) makes join() throw its reason.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "bench/yardbench/engine/load_thread.h"

namespace yardbench {

class Engine {
  public:
    using MakeWorkload = std::function<std::unique_ptr<Workload>(unsigned thread)>;
    struct Progress {
        std::uint64_t finished = 0;
        std::uint64_t failed = 0;
    };

    Engine(Plan plan, const MakeWorkload& make);
    ~Engine();

    void start();
    void stop();
    bool running() const { return running_.load() > 0; }
    Progress progress() const;
    Tally join();
    Nanos started_at() const { return start_; }
    unsigned thread_count() const { return plan_.threads; }
    // The workload of a thread; only before start() or after join().
    Workload& workload(unsigned thread) { return loads_[thread]->workload(); }

  private:
    const Plan plan_;
    const Nanos start_;
    std::vector<std::unique_ptr<LoadThread>> loads_;
    std::vector<std::exception_ptr> errors_;
    std::vector<std::thread> threads_;
    std::atomic<unsigned> running_{0};
};

}  // namespace yardbench
