// Finished answers that are the same for all readers: lists and posts.
//
// An entry belongs to a version (a change counter of the store) and is used for exactly that version, so an answer is
// never older than the last acknowledged change. One thread builds a missing entry while the others wait for it.
// Entries end after a while even when nothing changed, each at its own time, so that they are not all built again at
// once. With Redis, what one instance built serves the others; a value is believed only with a seal (HMAC) over its key
// and text, made with a secret that Redis does not know: nothing else written there is shown, nor an older page moved
// to a newer key.
//
// Threads: any. Owns its entries; `redis` must outlive it. Errors: what `build` throws.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "forum/cache/redis_link.h"
#include "forum/domain/instant.h"

namespace forum {

struct Page {
    std::string body;
    std::string etag;
    // False for what a client can ask for under any number of names and costs nothing to build again: an empty list.
    bool worth_keeping = true;
};
using SharedPage = std::shared_ptr<const Page>;

struct PageCounts {
    std::uint64_t hits = 0;
    std::uint64_t remote_hits = 0;
    std::uint64_t built = 0;
};

class PageCache {
  public:
    // Gives the secret of the moment. Instances that disagree for a while read the database more often.
    using Secret = std::function<std::string()>;

    // `bytes` bounds what is held: keys, bodies and what keeping them costs. `scope` tells values of this database
    // from others in one Redis.
    PageCache(std::size_t bytes, Instant life, RedisLink* redis, std::string scope, Secret secret);

    SharedPage get(const std::string& key, std::uint64_t version, const std::function<Page()>& build);

    PageCounts counts() const;
    // Of all that is held, as it is counted against the bound.
    std::size_t bytes_held();

  private:
    struct Entry {
        std::string key;
        std::uint64_t version = 0;
        SharedPage page;
        Instant ends = 0;
    };
    struct Flight {
        std::uint64_t version = 0;
        bool landed = false;
        SharedPage page;
    };
    struct Shard {
        std::mutex mutex;
        std::condition_variable landed;
        std::list<Entry> entries;  // the one used last in front
        std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key;
        std::unordered_map<std::string, std::shared_ptr<Flight>> flights;
        std::size_t bytes = 0;
    };
    static constexpr std::size_t kShards = 16;

    static std::size_t cost_of(const Entry& entry);
    static void drop(Shard& shard, std::list<Entry>::iterator entry);
    SharedPage held(Shard& shard, const std::string& key, std::uint64_t version);
    void hold(Shard& shard, const std::string& key, std::uint64_t version, SharedPage page);
    SharedPage fetch_or_build(const std::string& key, std::uint64_t version, const std::function<Page()>& build);

    std::size_t shard_bytes_;
    Instant life_;
    RedisLink* redis_;
    std::string scope_;
    Secret secret_;
    std::array<Shard, kShards> shards_;
    std::atomic<std::int64_t> typical_build_us_ = 0;
    std::atomic<std::uint64_t> hits_ = 0;
    std::atomic<std::uint64_t> remote_hits_ = 0;
    std::atomic<std::uint64_t> built_ = 0;
};

}  // namespace forum
