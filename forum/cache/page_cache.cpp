#include "forum/cache/page_cache.h"

#include <xxhash.h>

#include <chrono>
#include <optional>
#include <utility>

#include "forum/auth/digest.h"

namespace forum {

namespace {

constexpr std::size_t kSealBytes = 32;
// What an entry takes beside its texts: nodes of the list and the table, the shared page, and what the allocator adds
// to each of them. Without it a stranger fills the memory with answers that hardly have a body.
constexpr std::size_t kEntryOverhead = 448;

// The seal's text begins with a word of its own, so that no seal is ever a valid signature of an access token.
std::string seal_of(const std::string& secret, std::string_view remote_key, std::string_view content) {
    std::string sealed = "forum page\n";
    sealed += remote_key;
    sealed += '\n';
    sealed += content;
    return hmac_sha256(secret, sealed);
}

// 32 bytes of seal, then "etag-length etag body".
std::string packed(const std::string& secret, std::string_view remote_key, const Page& page) {
    const std::string content = std::to_string(page.etag.size()) + ' ' + page.etag + page.body;
    return seal_of(secret, remote_key, content) + content;
}

std::optional<Page> unpacked(const std::string& secret, std::string_view remote_key, std::string_view text) {
    if (text.size() < kSealBytes) return std::nullopt;
    const std::string_view content = text.substr(kSealBytes);
    if (!equal_in_constant_time(text.substr(0, kSealBytes), seal_of(secret, remote_key, content))) return std::nullopt;
    // From here on it is what packed() wrote.
    const std::size_t space = content.find(' ');
    std::size_t length = 0;
    for (const char c : content.substr(0, space)) length = length * 10 + static_cast<std::size_t>(c - '0');
    const std::string_view rest = content.substr(space + 1);
    return Page{std::string(rest.substr(length)), std::string(rest.substr(0, length)), true};
}

// Up to a fifth shorter, by key and version, so that entries made together do not end together.
Instant jittered(Instant life, const std::string& key, std::uint64_t version) {
    const std::uint64_t spread = XXH3_64bits_withSeed(key.data(), key.size(), version) % 200;
    return life - life * static_cast<Instant>(spread) / 1'000;
}

}  // namespace

PageCache::PageCache(std::size_t bytes, Instant life, RedisLink* redis, std::string scope, Secret secret)
    : shard_bytes_(bytes / kShards), life_(life), redis_(redis), scope_(std::move(scope)), secret_(std::move(secret)) {}

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
    if (flight->page && flight->page->worth_keeping) hold(shard, key, version, flight->page);
    shard.landed.notify_all();
    if (failure) std::rethrow_exception(failure);
    return flight->page;
}

SharedPage PageCache::held(Shard& shard, const std::string& key, std::uint64_t version) {
    const auto found = shard.by_key.find(key);
    if (found == shard.by_key.end()) return nullptr;
    const auto entry = found->second;
    if (entry->version != version || entry->ends <= now()) {
        drop(shard, entry);
        return nullptr;
    }
    shard.entries.splice(shard.entries.begin(), shard.entries, entry);
    return entry->page;
}

std::size_t PageCache::cost_of(const Entry& entry) {
    return kEntryOverhead + entry.key.capacity() + entry.page->body.capacity() + entry.page->etag.capacity();
}

void PageCache::drop(Shard& shard, std::list<Entry>::iterator entry) {
    shard.bytes -= cost_of(*entry);
    shard.by_key.erase(entry->key);
    shard.entries.erase(entry);
}

void PageCache::hold(Shard& shard, const std::string& key, std::uint64_t version, SharedPage page) {
    const auto before = shard.by_key.find(key);
    if (before != shard.by_key.end()) drop(shard, before->second);
    const Instant at = now();
    Entry fresh{key, version, std::move(page), at + jittered(life_, key, version)};
    const std::size_t cost = cost_of(fresh);
    if (cost > shard_bytes_) return;
    // What ended is of no use any more, and those asked for least lately stand at the back.
    while (!shard.entries.empty() && (shard.bytes + cost > shard_bytes_ || shard.entries.back().ends <= at)) {
        drop(shard, std::prev(shard.entries.end()));
    }
    shard.bytes += cost;
    shard.entries.push_front(std::move(fresh));
    shard.by_key.emplace(shard.entries.front().key, shard.entries.begin());
}

SharedPage PageCache::fetch_or_build(const std::string& key, std::uint64_t version,
                                     const std::function<Page()>& build) {
    if (redis_ == nullptr) {
        built_.fetch_add(1, std::memory_order_relaxed);
        return std::make_shared<const Page>(build());
    }
    const auto build_timed = [&] {
        const auto begin = std::chrono::steady_clock::now();
        Page page = build();
        const auto took = std::chrono::steady_clock::now() - begin;
        const std::int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
        typical_build_us_ = (typical_build_us_ * 7 + us) / 8;
        return std::make_shared<const Page>(std::move(page));
    };
    // One that takes longer to ask than to do without is no cache.
    if (!redis_->worth_asking(2 * typical_build_us_)) {
        built_.fetch_add(1, std::memory_order_relaxed);
        return build_timed();
    }
    // "sealed": programs before seals kept theirs under other keys, so neither overwrites what the other can read.
    const std::string remote_key = "forum:page:sealed:" + scope_ + ':' + std::to_string(version) + ':' + key;
    const std::string secret = secret_();
    if (const auto text = redis_->get(remote_key)) {
        if (auto page = unpacked(secret, remote_key, *text)) {
            remote_hits_.fetch_add(1, std::memory_order_relaxed);
            return std::make_shared<const Page>(std::move(*page));
        }
    }
    SharedPage page = build_timed();
    built_.fetch_add(1, std::memory_order_relaxed);
    if (!page->worth_keeping) return page;
    redis_->set(remote_key, packed(secret, remote_key, *page), jittered(life_, key, version));
    return page;
}

std::size_t PageCache::bytes_held() {
    std::size_t bytes = 0;
    for (Shard& shard : shards_) {
        const std::lock_guard guard(shard.mutex);
        bytes += shard.bytes;
    }
    return bytes;
}

PageCounts PageCache::counts() const {
    return {hits_, remote_hits_, built_};
}

}  // namespace forum
