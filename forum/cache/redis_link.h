// A few connections to a Redis server that may be slow, wrong, full or gone at any moment.
//
// Every call, connecting and all of its answer, is done within the time limit or given up; after a failure no call asks
// for a while, so that a dead server costs one waiting request and not all of them. One that answers, but slower than
// doing without it, is left out by those who ask worth_asking(). The only place that speaks hiredis.
//
// Threads: any. Errors: none leave; a call that failed is std::nullopt or has no effect.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/domain/instant.h"

namespace forum {

struct RedisCounts {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
};

class RedisLink {
  public:
    // `address` is host:port. Connects when first asked, not here.
    RedisLink(std::string_view address, std::chrono::milliseconds limit);
    ~RedisLink();
    RedisLink(const RedisLink&) = delete;
    RedisLink& operator=(const RedisLink&) = delete;

    std::optional<std::string> get(const std::string& key);
    void set(const std::string& key, std::string_view value, Instant life);
    // Adds to a counter that is forgotten `window` ms after its first use; its new value.
    std::optional<std::int64_t> count(const std::string& key, Instant window, std::int64_t amount);
    void forget(const std::string& key);

    // False while the server is being left alone after a failure.
    bool usable() const;
    // Whether a call typically takes no longer than that, or a third of the limit; if it does, true once a second all
    // the same.
    bool worth_asking(std::int64_t us);
    bool ping();
    RedisCounts counts() const;

  private:
    struct Channel;
    class Lease;
    void failed();
    void took(std::chrono::nanoseconds time);

    std::string host_;
    int port_ = 0;
    std::chrono::milliseconds limit_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Channel>> idle_;
    std::atomic<Instant> leave_alone_until_ = 0;
    std::atomic<std::int64_t> typical_us_ = 0;
    std::atomic<Instant> ask_again_at_ = 0;
    std::atomic<std::uint64_t> calls_ = 0;
    std::atomic<std::uint64_t> failures_ = 0;
};

}  // namespace forum
