// Token buckets by key, shared by all workers: N workers do not give N times the rate.
//
// A bucket is one number, the time at which it would be full again (the generic cell rate algorithm): taking a token
//   is one compare-and-swap. The table has a fixed number of buckets in sets of four; when a set is full, the bucket
//   that is nearest to full gives way, because forgetting it changes least. So a flood of new keys cannot push out
//   those who are at their limit.
// Exactness: two workers that meet a new key at the same moment may each make a bucket for it; the extra one is never
//   found again, so at worst one burst is given twice. Keys are 64-bit hashes: two that collide share a bucket.
// Threads: all workers at once; atomics only. Units: nanoseconds of the steady clock.
// Sources: ITU-T I.371 (GCRA).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "proxy/route/rate.h"

namespace switchyard::route {

class RateTable {
  public:
    // Clients remembered at once over all routes: 1 MiB.
    static constexpr std::size_t kKeys = 65536;

    explicit RateTable(std::uint64_t seed, std::size_t keys = kKeys);

    // 0: a token was taken. Else: how long until there is one. `delay_ns`: how long who took it is to wait.
    std::int64_t take(std::uint64_t key, const Rate& rate, std::int64_t now_ns, std::int64_t* delay_ns = nullptr);
    // What take() would say; nothing is taken, and no bucket is made.
    std::int64_t wait(std::uint64_t key, const Rate& rate, std::int64_t now_ns) const;
    // The buckets that are not full now, by key, and when each will be: for a process that goes on with them.
    using Held = std::vector<std::pair<std::uint64_t, std::int64_t>>;
    Held held(std::int64_t now_ns) const;
    // Before any take().
    void begin_with(const Held& held, std::int64_t now_ns);
    // Makes keys that no client can aim at each other's sets.
    std::uint64_t seed() const { return seed_; }

  private:
    static constexpr std::size_t kWays = 4;
    struct Bucket {
        std::atomic<std::uint64_t> key{0};
        std::atomic<std::int64_t> full_at{0};
    };
    struct alignas(64) Set {
        Bucket buckets[kWays];
    };
    Bucket* find(std::uint64_t key, std::int64_t now_ns);

    const std::uint64_t seed_;
    const std::size_t sets_;
    std::unique_ptr<Set[]> table_;
};

}  // namespace switchyard::route
