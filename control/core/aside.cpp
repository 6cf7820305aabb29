#include "control/core/aside.h"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "control/base/side_thread.h"
#include "proxy/base/log.h"

namespace switchyard::control {

Aside::Aside(boost::asio::any_io_executor control) : control_(std::move(control)) {}

Aside::~Aside() {
    stop();
}

bool Aside::run(std::function<void()> work, std::function<void()> then) {
    const std::lock_guard held(lock_);
    if (ending_ || queue_.size() >= kMostWaiting) return false;
    queue_.push_back({std::move(work), std::move(then)});
    if (!thread_.joinable()) thread_ = side_thread("aside", [this] { loop(); });
    news_.notify_one();
    return true;
}

void Aside::stop() {
    std::deque<Piece> given_up;  // ends here, on control's thread: it holds what belongs there
    {
        const std::lock_guard held(lock_);
        ending_ = true;
        given_up.swap(queue_);
    }
    news_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Aside::loop() {
    std::unique_lock held(lock_);
    for (;;) {
        news_.wait(held, [this] { return ending_ || !queue_.empty(); });
        if (ending_) return;
        Piece piece = std::move(queue_.front());
        queue_.pop_front();
        held.unlock();
        try {
            piece.work();
        } catch (const std::exception& e) {
            log_error("work beside control's thread was given up: {}", e.what());
        }
        // Both go to control and end there.
        boost::asio::post(control_, [piece = std::move(piece)] { piece.then(); });
        held.lock();
    }
}

}  // namespace switchyard::control
