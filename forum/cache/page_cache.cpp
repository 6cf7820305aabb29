#include "forum/cache/page_cache.h"

#include <xxhash.h>

#include <optional>
#include <utility>

namespace forum {

namespace {

// "checksum etag-length etag body": enough to refuse what somebody else wrote there or what was cut off.
std::string packed(const Page& page) {
    std::string content = std::to_string(page.etag.size()) + ' ' + page.etag + page.body;
    return std::to_string(XXH3_64bits(content.data(), content.size())) + ' ' + content;
}

std::optional<Page> unpacked(const std::string& text) {
    const std::size_t space = text.find(' ');
    if (space == std::string::npos) return std::nullopt;
    const std::string_view content = std::string_view(text).substr(space + 1);
    if (text.substr(0, space) != std::to_string(XXH3_64bits(content.data(), content.size()))) return std::nullopt;
    const std::size_t second = content.find(' ');
    if (second == std::string_view::npos) return std::nullopt;
    std::size_t length = 0;
    for (const char c : content.substr(0, second)) length = length * 10 + static_cast<std::size_t>(c - '0');
    const std::string_view rest = content.substr(second + 1);
    if (length > rest.size()) return std::nullopt;
    return Page{std::string(rest.substr(length)), std::string(rest.substr(0, length))};
}

// Up to a fifth shorter, by key and version, so that entries made together do not end together.
Instant jittered(Instant life, const std::string& key, std::uint64_t version) {
    const std::uint64_t spread = XXH3_64bits_withSeed(key.data(), key.size(), version) % 200;
    return life - life * static_cast<Instant>(spread) / 1'000;
}

}  // namespace

PageCache::PageCache(std::size_t bytes, Instant life, RedisLink* redis, std::string scope)
    : shard_bytes_(bytes / kShards), life_(life), redis_(redis), scope_(std::move(scope)) {}

SharedPage PageCache::get(const std::string& key, std::uint64_t version, const std::function<Page()>& build) {
    Shard& shard = shards_[std::hash<std::string>{}(key) % kShards];
    std::unique_lock lock(shard.mutex);
    for (;;) {
        if (SharedPage page = held(shard, key, version)) {
            hits_.fetch_add(1, std::memory_order_relaxed);
            return page;
        }
        const auto found = shard.flights.find(key);
        if (found == shard.flights.end() || found->second->version != version) break;
        // The one that builds may fail; then its page stays empty and the next one tries.
        const std::shared_ptr<Flight> flight = found->second;
        shard.landed.wait(lock, [&] { return flight->landed; });
        if (flight->page) return flight->page;
    }
    const auto flight = std::make_shared<Flight>();
    flight->version = version;
    shard.flights[key] = flight;
    lock.unlock();
    std::exception_ptr failure;
    try {
        flight->page = fetch_or_build(key, version, build);
    } catch (...) {
        failure = std::current_exception();
    }
    lock.lock();
    flight->landed = true;
    const auto mine = shard.flights.find(key);
    if (mine != shard.flights.end() && mine->second == flight) shard.flights.erase(mine);
    if (flight->page) hold(shard, key, version, flight->page);
    shard.landed.notify_all();
    if (failure) std::rethrow_exception(failure);
    return flight->page;
}

SharedPage PageCache::held(Shard& shard, const std::string& key, std::uint64_t version) {
    const auto found = shard.by_key.find(key);
    if (found == shard.by_key.end()) return nullptr;
    const auto entry = found->second;
    if (entry->version != version || entry->ends <= now()) return nullptr;
    shard.entries.splice(shard.entries.begin(), shard.entries, entry);
    return entry->page;
}

void PageCache::hold(Shard& shard, const std::string& key, std::uint64_t version, SharedPage page) {
    const auto drop = [&](std::list<Entry>::iterator entry) {
        shard.bytes -= entry->page->body.size();
        shard.by_key.erase(entry->key);
        shard.entries.erase(entry);
    };
    const auto before = shard.by_key.find(key);
    if (before != shard.by_key.end()) drop(before->second);
    shard.bytes += page->body.size();
    shard.entries.push_front({key, version, std::move(page), now() + jittered(life_, key, version)});
    shard.by_key.emplace(shard.entries.front().key, shard.entries.begin());
    while (shard.bytes > shard_bytes_ && shard.entries.size() > 1) drop(std::prev(shard.entries.end()));
}

SharedPage PageCache::fetch_or_build(const std::string& key, std::uint64_t version,
                                     const std::function<Page()>& build) {
    const std::string remote_key =
        redis_ == nullptr ? "" : "forum:page:" + scope_ + ':' + std::to_string(version) + ':' + key;
    if (redis_ != nullptr) {
        if (const auto text = redis_->get(remote_key)) {
            if (auto page = unpacked(*text)) {
                remote_hits_.fetch_add(1, std::memory_order_relaxed);
                return std::make_shared<const Page>(std::move(*page));
            }
        }
    }
    auto page = std::make_shared<const Page>(build());
    built_.fetch_add(1, std::memory_order_relaxed);
    if (redis_ != nullptr) redis_->set(remote_key, packed(*page), jittered(life_, key, version));
    return page;
}

PageCounts PageCache::counts() const {
    return {hits_, remote_hits_, built_};
}

}  // namespace forum
