#include "forum/auth/quiet_threads.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace forum {

namespace {

// A third of what an ordinary thread gets where both want the processor, so that a login still comes through on a
// machine that is busy with something else; all of it where nothing else wants it.
constexpr int kNice = 5;

}  // namespace

QuietThreads::QuietThreads(unsigned count) {
    for (unsigned n = 0; n < count; ++n) threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

void QuietThreads::run(const std::function<void()>& job) {
    std::packaged_task<void()> task(job);
    auto done = task.get_future();
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(task));
    }
    came_.notify_one();
    done.get();
}

void QuietThreads::work(const std::stop_token& stop) {
    // Without effect where a sandbox forbids it: then they compete as all others do.
    static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice));
    std::unique_lock lock(mutex_);
    while (came_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
        auto task = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        task();
        lock.lock();
    }
}

}  // namespace forum
