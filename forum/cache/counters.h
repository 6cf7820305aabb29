// Counts of what a user or address did within a window of time, for throttling.
//
// Shared by all instances through Redis when there is one; otherwise, or while Redis is not there, each process counts
// for itself, which lets through more, never less, than the limit says – and never an error.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "forum/cache/redis_link.h"
#include "forum/domain/instant.h"

namespace forum {

class Counters {
  public:
    // `redis` may be nullptr; it must outlive this.
    explicit Counters(RedisLink* redis);

    // Adds one, or more; the count within the window that began with the first.
    std::int64_t add(const std::string& key, Instant window, Instant at, std::int64_t amount = 1);
    // The count as it is.
    std::int64_t count(const std::string& key, Instant at);
    void forget(const std::string& key);

  private:
    struct Window {
        Instant ends = 0;
        std::int64_t count = 0;
    };
    void drop_ended(Instant at);

    RedisLink* redis_;
    std::mutex mutex_;
    std::unordered_map<std::string, Window> windows_;
};

}  // namespace forum
