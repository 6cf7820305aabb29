#include "control/store/store_thread.h"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "control/base/side_thread.h"

namespace switchyard::control {

StoreThread::StoreThread(std::unique_ptr<Store> store, boost::asio::any_io_executor control)
    : store_(std::move(store)), control_(std::move(control)) {}

StoreThread::~StoreThread() {
    stop();
}

void StoreThread::start() {
    thread_ = side_thread("store", [this] { run(); });
}

void StoreThread::stop() {
    {
        const std::lock_guard held(lock_);
        ending_ = true;
    }
    news_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void StoreThread::hold(bool held) {
    const std::lock_guard lock(lock_);
    held_ = held;
}

void StoreThread::write(Write write, Done done) {
    {
        const std::lock_guard held(lock_);
        if (!ending_ && !held_ && queue_.size() < kMostWaiting) {
            queue_.push_back({std::move(write), std::move(done)});
            news_.notify_one();
            return;
        }
    }
    if (done) done(problems::store_busy("the disk that holds state_dir does not keep up"));
}

StoreWriter::Sight StoreThread::sight() const {
    const std::lock_guard held(lock_);
    Sight out;
    if (began_) out.under_way = std::chrono::steady_clock::now() - *began_;
    out.waiting = queue_.size();
    return out;
}

void StoreThread::run() {
    std::unique_lock held(lock_);
    for (;;) {
        news_.wait(held, [this] { return ending_ || !queue_.empty(); });
        if (queue_.empty()) return;
        Item item = std::move(queue_.front());
        queue_.pop_front();
        began_ = std::chrono::steady_clock::now();
        held.unlock();
        Result<void> result;
        try {
            result = item.write(*store_);
        } catch (const std::exception& e) {
            result = problems::internal(std::string("the state file could not be used: ") + e.what());
        }
        item.write = nullptr;
        held.lock();
        began_.reset();
        held.unlock();
        // `done` and all it holds belong to control: they go there and end there.
        if (item.done)
            boost::asio::post(control_, [done = std::move(item.done), result = std::move(result)]() mutable {
                done(std::move(result));
            });
        held.lock();
    }
}

}  // namespace switchyard::control
