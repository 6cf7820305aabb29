#include "forum/cache/counters.h"

#include <algorithm>
#include <charconv>

namespace forum {

namespace {

// A flood of different keys must not fill the memory: beyond this all ended windows are dropped, and if that is not
// enough, those that counted least. A flood counts each of its keys once or twice; those it hides behind count more.
constexpr std::size_t kWindowsMax = 100'000;

std::string redis_key(const std::string& key) {
    return "forum:count:" + key;
}

}  // namespace

Counters::Counters(RedisLink* redis) : redis_(redis) {}

std::int64_t Counters::add(const std::string& key, Instant window, Instant at) {
    std::int64_t own = 0;
    {
        const std::lock_guard guard(mutex_);
        if (windows_.size() >= kWindowsMax) drop_ended(at);
        Window& counted = windows_[key];
        if (counted.ends <= at) counted = {at + window, 0};
        own = ++counted.count;
    }
    if (redis_ == nullptr || !redis_->worth_asking(0)) return own;
    return std::max(own, redis_->count(redis_key(key), window).value_or(0));
}

std::int64_t Counters::count(const std::string& key, Instant at) {
    std::int64_t own = 0;
    {
        const std::lock_guard guard(mutex_);
        const auto found = windows_.find(key);
        if (found != windows_.end() && found->second.ends > at) own = found->second.count;
    }
    std::int64_t shared = 0;
    const bool asks = redis_ != nullptr && redis_->worth_asking(0);
    if (const auto text = asks ? redis_->get(redis_key(key)) : std::nullopt) {
        std::from_chars(text->data(), text->data() + text->size(), shared);
    }
    return std::max(own, shared);
}

void Counters::forget(const std::string& key) {
    {
        const std::lock_guard guard(mutex_);
        windows_.erase(key);
    }
    if (redis_ != nullptr) redis_->forget(redis_key(key));
}

void Counters::drop_ended(Instant at) {
    std::erase_if(windows_, [at](const auto& entry) { return entry.second.ends <= at; });
    for (std::int64_t least = 1; windows_.size() > kWindowsMax * 3 / 4; least *= 2) {
        std::erase_if(windows_, [least](const auto& entry) { return entry.second.count <= least; });
    }
}

}  // namespace forum
