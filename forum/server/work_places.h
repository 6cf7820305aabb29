// How many requests are in work at a time. What finds no place waits in line; probes need none, so they are answered
// also when everything else stands.
//
// Threads: any.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "forum/api/call.h"

namespace forum {

class Client;

class WorkPlaces {
  public:
    struct Waiting {
        Client* client;
        Call call;
    };

    explicit WorkPlaces(std::size_t places) : free_(places) {}

    // False: the call waits in line, and the thread that takes it out goes on with the client.
    bool enter(Client& client, Call& call) {
        const std::lock_guard guard(mutex_);
        if (free_ > 0 && line_.empty()) {
            --free_;
            return true;
        }
        line_.push_back({&client, std::move(call)});
        waiting_.store(line_.size(), std::memory_order_relaxed);
        return false;
    }
    void leave() {
        const std::lock_guard guard(mutex_);
        ++free_;
    }
    // The first in line with a place, if there is one.
    std::optional<Waiting> next() {
        if (waiting() == 0) return std::nullopt;
        const std::lock_guard guard(mutex_);
        if (free_ == 0 || line_.empty()) return std::nullopt;
        --free_;
        Waiting first = std::move(line_.front());
        line_.pop_front();
        waiting_.store(line_.size(), std::memory_order_relaxed);
        return first;
    }
    std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

  private:
    std::mutex mutex_;
    std::size_t free_;
    std::deque<Waiting> line_;
    std::atomic<std::size_t> waiting_ = 0;
};

}  // namespace forum
