// By which a thread beside the workers gives something back to one of them, which may have ended meanwhile.
//
// Threads: pass() from any thread but a worker's; close() from the thread that ends the worker, after which nothing is
// called. The lock is between those: no worker takes it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace switchyard::files {

class WorkerDoor {
  public:
    // Calls it on the worker's thread; from any thread.
    using Post = std::function<void(std::function<void()>)>;
    explicit WorkerDoor(Post post) : post_(std::move(post)) {}

    // `piece` ends here where the door is closed.
    void pass(std::function<void()> piece) {
        const std::lock_guard held(lock_);
        if (post_) post_(std::move(piece));
    }
    void close() {
        const std::lock_guard held(lock_);
        post_ = nullptr;
    }

  private:
    std::mutex lock_;
    Post post_;
};

}  // namespace switchyard::files
