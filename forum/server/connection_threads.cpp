#include "forum/server/connection_threads.h"

#include <utility>

namespace forum {

ConnectionThreads::ConnectionThreads(std::size_t most, Lifecycle& lifecycle) : most_(most), lifecycle_(lifecycle) {}

void ConnectionThreads::enqueue(std::function<void()> serve) {
    const std::lock_guard guard(mutex_);
    waiting_.push_back(std::move(serve));
    lifecycle_.connections_waiting = static_cast<std::int64_t>(waiting_.size());
    if (waiting_.size() > free_ && threads_.size() < most_) {
        threads_.emplace_back([this] { work(); });
    } else {
        changed_.notify_one();
    }
}

void ConnectionThreads::shutdown() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void ConnectionThreads::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ++free_;
        changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        --free_;
        if (waiting_.empty()) return;
        const std::function<void()> serve = std::move(waiting_.front());
        waiting_.pop_front();
        lifecycle_.connections_waiting = static_cast<std::int64_t>(waiting_.size());
        lock.unlock();
        serve();
        lock.lock();
    }
}

}  // namespace forum
