// Brings comments into the full-text index beside everything else that a process does.
//
// Looks once in a while; while there is much to do it writes batch after batch, each small enough that other changes
// wait no longer than for one of their own kind, with a pause as long as the batch took in between. Any number of
// processes may do so on one database: how far they are is written with each batch.
//
// Threads: owns one. Errors: none leave; what failed is tried again.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "forum/store/store.h"

namespace forum {

class IndexKeeper {
  public:
    // `complain` is told why a round failed. `store` must outlive this.
    IndexKeeper(Store& store, std::function<void(const std::string&)> complain);
    ~IndexKeeper();
    IndexKeeper(const IndexKeeper&) = delete;
    IndexKeeper& operator=(const IndexKeeper&) = delete;

  private:
    void work();
    // True when there was something to do, so there may be more.
    bool do_batch();
    // False when it is time to stop.
    bool pause(std::chrono::milliseconds time);

    Store& store_;
    std::function<void(const std::string&)> complain_;
    Instant edits_since_ = 0;
    std::mutex mutex_;
    std::condition_variable stopping_changed_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace forum
