#include "proxy/route/rate_table.h"

#include <algorithm>
#include <limits>

namespace switchyard::route {
namespace {

constexpr std::uint64_t kEmpty = 0;
constexpr std::uint64_t kChangingHands = 1;
constexpr std::int64_t kMostTolerance = std::numeric_limits<std::int64_t>::max() / 4;  // 73 years
constexpr int kTries = 4;  // other workers may be faster that often; then the request passes

// Of a bucket that would be full again at `full_at`.
std::int64_t wait_of(std::int64_t full_at, const Rate& rate, std::int64_t now_ns) {
    return std::max<std::int64_t>(0, full_at - now_ns - rate.tolerance_ns);
}

// The two lowest values mean something else to a bucket.
std::uint64_t owner_of(std::uint64_t key) {
    return key <= kChangingHands ? key + 2 : key;
}

}  // namespace

Rate Rate::of(std::uint32_t requests, std::int64_t per_ms, std::uint32_t burst, std::uint32_t delay_after) {
    if (requests == 0) return {};
    const std::int64_t interval = std::max<std::int64_t>(1, per_ms * 1'000'000 / requests);
    const std::int64_t tokens = burst == 0 ? requests : burst;
    // More than a lifetime is no limit, and must not turn into a negative one.
    const auto ahead = [&](std::int64_t count) {
        return count - 1 > kMostTolerance / interval ? kMostTolerance : interval * (count - 1);
    };
    return {interval, ahead(tokens), delay_after == 0 ? -1 : ahead(delay_after)};
}

RateTable::RateTable(std::uint64_t seed, std::size_t keys)
    : seed_(seed), sets_(std::max<std::size_t>(1, keys / kWays)), table_(std::make_unique<Set[]>(sets_)) {}

std::int64_t RateTable::take(std::uint64_t key, const Rate& rate, std::int64_t now_ns, std::int64_t* delay_ns) {
    Bucket* bucket = find(owner_of(key), now_ns);
    if (bucket == nullptr) return 0;
    std::int64_t full_at = bucket->full_at.load(std::memory_order_relaxed);
    for (int i = 0; i < kTries; ++i) {
        if (const auto wait = wait_of(full_at, rate, now_ns); wait != 0) return wait;
        const std::int64_t from = std::max(full_at, now_ns);
        if (!bucket->full_at.compare_exchange_weak(full_at, from + rate.interval_ns, std::memory_order_relaxed))
            continue;
        if (delay_ns != nullptr && rate.at_once_ns >= 0)
            *delay_ns = std::max<std::int64_t>(0, from - now_ns - rate.at_once_ns);
        break;
    }
    return 0;
}

std::int64_t RateTable::wait(std::uint64_t key, const Rate& rate, std::int64_t now_ns) const {
    const std::uint64_t owner = owner_of(key);
    for (const Bucket& bucket : table_[owner % sets_].buckets)
        if (bucket.key.load(std::memory_order_acquire) == owner)
            return wait_of(bucket.full_at.load(std::memory_order_relaxed), rate, now_ns);
    return 0;
}

RateTable::Held RateTable::held(std::int64_t now_ns) const {
    Held out;
    for (std::size_t i = 0; i < sets_; ++i)
        for (const Bucket& bucket : table_[i].buckets) {
            const auto key = bucket.key.load(std::memory_order_acquire);
            const auto full_at = bucket.full_at.load(std::memory_order_relaxed);
            if (key > kChangingHands && full_at > now_ns) out.emplace_back(key, full_at);
        }
    return out;
}

void RateTable::begin_with(const Held& held, std::int64_t now_ns) {
    for (const auto& [key, full_at] : held)
        if (Bucket* bucket = find(owner_of(key), now_ns)) bucket->full_at.store(full_at, std::memory_order_relaxed);
}

RateTable::Bucket* RateTable::find(std::uint64_t key, std::int64_t now_ns) {
    Set& set = table_[key % sets_];
    for (int i = 0; i < kTries; ++i) {
        Bucket* oldest = nullptr;
        std::uint64_t oldest_key = kEmpty;
        std::int64_t oldest_full = 0;
        for (Bucket& bucket : set.buckets) {
            const std::uint64_t owner = bucket.key.load(std::memory_order_acquire);
            if (owner == key) return &bucket;
            if (owner == kChangingHands) continue;
            const std::int64_t full_at = owner == kEmpty ? -1 : bucket.full_at.load(std::memory_order_relaxed);
            if (oldest != nullptr && full_at >= oldest_full) continue;
            oldest = &bucket;
            oldest_key = owner;
            oldest_full = full_at;
        }
        if (oldest == nullptr ||
            !oldest->key.compare_exchange_strong(oldest_key, kChangingHands, std::memory_order_acquire))
            continue;
        oldest->full_at.store(now_ns, std::memory_order_relaxed);
        oldest->key.store(key, std::memory_order_release);
        return oldest;
    }
    return nullptr;
}

}  // namespace switchyard::route
